"""Random changes of training chips: flips, turns and colours, pasted objects, mosaics; boxes and masks follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import shapely
import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from ..config import Augmentation
from ..types import Chip, given
from .arrays import ArrayFile, ArrayWriter, Workspace, finish
from .chips import Cut, as_type, cut
from .grid import Window
from .masks import IGNORED, coverage
from .prepared import Prepared, PreparedSource
from .sampling import ChipSampler, window_around
from .vector_labels import VectorLabels

_SCALED_SHARE = 0.5
"""Share of the chips that change scale; the others keep their pixels sharp, and cost less."""
_STRONG_SHARE = 0.5
_MIXED_SHARE = 0.2
_NOISE = 0.1
"""Strongest noise of a strong view, in standard deviations of its band."""
_BLUR = (0.3, 1.5)
_BLUR_SIDE = 5

Change = Callable[[Tensor], Tensor]


class Augmenter:
    """Augments the cuts of a run. Nothing here keeps a state: every draw comes from the generator given.

    Args:
        settings: strengths.
        prepared: whose band statistics the changes of colour are measured in.
        chip: side of the chips in pixels.
    """

    def __init__(self, settings: Augmentation, prepared: Prepared, chip: int) -> None:
        self._settings, self._chip = settings, chip
        self._mean, self._std = np.array(prepared.mean), np.array(prepared.std)
        self._fill, self._dtype = prepared.fill(), prepared.image_dtype()

    def window_side(self, rng: np.random.Generator) -> int:
        """The side of the window to read for a chip: other than the chip's where the scale changes."""
        if self._settings.scale == 0 or rng.random() >= _SCALED_SHARE:
            return self._chip
        most = np.log1p(self._settings.scale)
        return max(1, round(self._chip * float(np.exp(rng.uniform(-most, most)))))

    def augment(self, piece: Cut, rng: np.random.Generator, views: bool = False) -> Chip:
        """The augmented chip of a cut; with `views`, the strong view too, of the same geometry."""
        geometry = self._geometry(rng)
        image = piece.hide(self._weak(piece.image, rng), self._fill)
        strong = piece.hide(self._strong(piece.hide(piece.image, self._fill), rng), self._fill) if views else None
        return geometry(piece.chip(image, self._dtype, strong))

    def _geometry(self, rng: np.random.Generator) -> Callable[[Chip], Chip]:
        turns, flip = (int(rng.integers(4)), bool(rng.integers(2))) if self._settings.dihedral else (0, False)
        return lambda chip: dihedral(resized(chip, self._chip), turns, flip)

    def _weak(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        strength = self._settings.color
        return image if strength == 0 else recoloured(image, *self._colours(strength, rng))

    def _strong(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        image = recoloured(image, *self._colours(self._settings.strong_color, rng))
        values = image
        if rng.random() < _MIXED_SHARE:
            values = self._mixed(values)
        if rng.random() < _STRONG_SHARE:
            values = blurred(values, rng.uniform(*_BLUR))
        if rng.random() < _STRONG_SHARE:
            values = values + self._noise(values.shape, rng)
        return values if values is image else as_type(values, image.dtype)

    def _noise(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Uniform noise, as it comes four times faster than normal."""
        most = np.float32(rng.uniform(0, _NOISE) * np.sqrt(12)) * self._std.astype(np.float32)
        found: np.ndarray = (rng.random(shape, np.float32) - np.float32(0.5)) * most[:, None, None]
        return found

    def _colours(self, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Gain and offset of each band: contrast and brightness, of all bands together and of each alone."""
        contrast, brightness = rng.uniform(-strength, strength, 2)
        gains, shifts = rng.uniform(-strength / 2, strength / 2, (2, len(self._mean)))
        gain = (1 + contrast) * (1 + gains)
        offset = self._mean * (1 - gain) + self._std * (brightness + shifts)
        return gain.astype(np.float32), offset.astype(np.float32)

    def _mixed(self, values: np.ndarray) -> np.ndarray:
        """All bands alike, which is what grey is for any bands: the mean of the standardised ones."""
        mean, std = (band.astype(np.float32)[:, None, None] for band in (self._mean, self._std))
        found: np.ndarray = ((values - mean) / std).mean(axis=0, keepdims=True) * std + mean
        return found


def recoloured(image: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """`image * gain + offset` for each band, in the image's own type (C, H, W); bytes go through a table."""
    if image.dtype == np.uint8:
        tables = as_type(np.arange(256, dtype=np.float32) * gain[:, None] + offset[:, None], image.dtype)
        # more than twice as fast as indexing with the band
        bands = [band.tobytes().translate(table.tobytes()) for table, band in zip(tables, image, strict=True)]
        return np.stack([np.frombuffer(band, np.uint8) for band in bands]).reshape(image.shape)
    return as_type(image * gain[:, None, None] + offset[:, None, None], image.dtype)


def resized(chip: Chip, side: int) -> Chip:
    """A square chip at another size: the image bilinear, masks nearest, boxes with them."""
    before = chip.image.shape[-1]
    if before == side:
        return chip

    def image(values: Tensor) -> Tensor:
        return interpolate(values[None], (side, side), mode="bilinear", antialias=True)[0]

    # the pixel at whose middle it looks; by rows, then columns is four times faster than torchvision's exact nearest
    nearest = ((np.arange(side) + 0.5) * before / side).astype(int)

    def mask(values: Tensor) -> Tensor:
        return torch.from_numpy(values.numpy()[nearest][:, nearest])

    def boxes(values: Tensor) -> Tensor:
        return values * (side / before)

    return _each(chip, image, mask, boxes)


def dihedral(chip: Chip, turns: int, flip: bool) -> Chip:
    """A square chip after so many quarter turns (anticlockwise) and perhaps a flip; exact for pixels and boxes."""
    side = chip.image.shape[-1]

    def boxes(values: Tensor) -> Tensor:
        for _ in range(turns):  # what was right is above then
            left, top, right, bottom = values.unbind(1)
            values = torch.stack([top, side - right, bottom, side - left], dim=1)
        left, top, right, bottom = values.unbind(1)
        return torch.stack([side - right, top, side - left, bottom], dim=1) if flip else values

    def turn(values: Tensor) -> Tensor:
        return _turned(values, turns, flip)

    return _each(chip, turn, turn, boxes) if turns or flip else chip


def _turned(values: Tensor, turns: int, flip: bool) -> Tensor:
    """Values (..., H, W) after quarter turns and perhaps a flip; mirrored first, while rows are whole in memory."""
    odd = turns % 2 == 1
    upside_down, left_right = (turns >= 2) != (flip and odd), (turns in (1, 2)) != (flip and not odd)
    axes = [axis for axis, mirrored in ((-2, upside_down), (-1, left_right)) if mirrored]
    values = values.flip(axes) if axes else values
    return values.transpose(-1, -2) if odd else values


def _each(chip: Chip, image: Change, mask: Change, boxes: Change) -> Chip:
    """A chip whose parts are changed together."""
    return replace(
        chip,
        image=image(chip.image),
        valid=mask(chip.valid.view(torch.uint8)).view(torch.bool),
        mask=None if chip.mask is None else mask(chip.mask),
        boxes=None if chip.boxes is None else boxes(chip.boxes),
        strong=None if chip.strong is None else image(chip.strong),
    )


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """An image (C, H, W) as float32 after a Gaussian blur of five pixels, `sigma` in pixels; its rim is mirrored."""
    image, half = torch.from_numpy(values.astype(np.float32)), _BLUR_SIDE // 2
    most = half / 2**0.5
    weights = torch.softmax(-((torch.linspace(-most, most, _BLUR_SIDE) / sigma) ** 2), dim=0)
    kernel = (weights[:, None] * weights).expand(len(image), 1, _BLUR_SIDE, _BLUR_SIDE)
    found: np.ndarray = conv2d(pad(image, 4 * [half], mode="reflect"), kernel, groups=len(image)).numpy()
    return found


RIM = 1
"""Pixels around an object that are pasted with it: its edge, and something to paste of the smallest."""
_MOST = 5
"""Objects that a chip gets at most."""
_LARGEST = 0.5
"""Share of a chip's side that an object may have, rim included."""
_TRIES = 8
"""Places tried for an object before it is left out."""


class CopyPaste:
    """Pastes objects into chips (after arXiv 2012.07177, without changes of scale); keeps no state of what it draws.

    An object is pasted as its label outlines it, with a rim of a pixel, at whole pixels. It comes from the chip's own
    source, from ground that trains, all of it; classes are drawn as `sampler` draws them. Objects that come so near
    another label that the rims would show it are never pasted, for their pixels would bring a part of it along. The
    rectangle around what is pasted lies on ground that counts, where there is no other object's box.

    Args:
        sources: the role's sources, with vector labels.
        sampler: draws classes.
    """

    def __init__(self, sources: list[PreparedSource], sampler: ChipSampler) -> None:
        self._sources, self._sampler = sources, sampler
        self._whole = [_whole(source) for source in sources]

    def paste(self, piece: Cut, source: int, rng: np.random.Generator) -> Cut:
        """A cut with objects of its source (an index) pasted in, as many as find a place; or the cut itself.

        Raises:
            RasterError: the raster cannot be read.
        """
        if not len(self._whole[source]):
            return piece
        labels = cast("VectorLabels", self._sources[source].labels)
        image, boxes, classes = piece.image.copy(), [given(piece.boxes)], [given(piece.labels)]
        free = _free(piece)
        for _ in range(rng.integers(1, _MOST + 1)):
            whole = self._whole[source].of(self._sampler.draw_class(rng))
            if not len(whole):
                continue
            index = whole[[int(rng.integers(len(whole)))]]
            (outline,) = _grown(labels, index)
            window = _around(outline)
            place = _place(free, window, rng)
            if place is None or (pixels := self._pixels(source, outline, window)) is None:
                continue
            column, row = place
            rows, columns = slice(row, row + window.height), slice(column, column + window.width)
            image[:, rows, columns] = np.where(pixels[1], pixels[0], image[:, rows, columns])
            free[rows, columns] = False
            shift = np.tile([column - window.column, row - window.row], 2)
            boxes.append((labels.boxes_at(index) + shift).astype(np.float32))
            classes.append(labels.classes_at(index))
        return replace(piece, image=image, boxes=np.concatenate(boxes), labels=np.concatenate(classes))

    def _pixels(self, source: int, outline: shapely.Geometry, window: Window) -> tuple[np.ndarray, np.ndarray] | None:
        """An object's window (C, h, w) and which of it to paste (h, w), or none where data is missing."""
        image, seen = self._sources[source].reader.read(*window)
        pasted = coverage(outline, window)
        return (image, pasted) if seen[pasted].all() else None


def _grown(labels: VectorLabels, places: np.ndarray) -> np.ndarray:
    """Outlines (m,) of labels with their rims."""
    found: np.ndarray = shapely.buffer(labels.geometries_at(places), RIM, join_style="mitre", cap_style="square")
    return found


class _Whole:
    """Places of objects in their source's index, sorted by class; pickles as its file."""

    def __init__(self, file: ArrayFile) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return _Whole, (self._file,)

    def __len__(self) -> int:
        return len(self._file["places"])

    def of(self, label: int) -> np.ndarray:
        """The objects of a class."""
        starts = self._file.facts["starts"]
        return self._file["places"][slice(*starts.get(str(label), (0, 0)))]


def _whole(source: PreparedSource) -> _Whole:
    """The objects that lie on training ground as a whole and touch no other label."""
    labels = cast("VectorLabels", source.labels)
    workspace = labels.file.workspace or Workspace()
    shapely.prepare(source.training)
    writers: dict[int, ArrayWriter] = {}
    counts: dict[int, int] = {}
    for places in labels.batches():
        outlines, classes = _grown(labels, places), labels.classes_at(places)
        usable = (classes != IGNORED) & shapely.covers(source.training, outlines)
        usable[usable] = _alone(labels, outlines[usable])
        for label in np.unique(classes[usable]).tolist():
            these = places[usable & (classes == label)]
            writers.setdefault(label, ArrayWriter({"places": ("int64", ())}, workspace)).add(places=these)
            counts[label] = counts.get(label, 0) + len(these)
    ordered = sorted(writers)
    ends = np.cumsum([counts[label] for label in ordered]).tolist()
    starts = {str(label): (end - counts[label], end) for label, end in zip(ordered, ends, strict=True)}
    empty = ArrayWriter({"places": ("int64", ())}, workspace)
    return _Whole(finish([empty, *(writers[label] for label in ordered)], {"starts": starts}, workspace))


def _alone(labels: VectorLabels, outlines: np.ndarray) -> np.ndarray:
    """Which (m,) of some objects' outlines meet no other label than their own."""
    if not len(outlines):
        return np.zeros(0, bool)
    near = labels.near(*shapely.total_bounds(outlines))
    which, _ = shapely.STRtree(labels.geometries_at(near)).query(outlines, predicate="intersects")
    found: np.ndarray = np.bincount(which, minlength=len(outlines)) == 1
    return found


def _around(outline: shapely.Geometry) -> Window:
    """The whole pixels that an outline touches."""
    left, top, right, bottom = shapely.bounds(outline)
    column, row = int(np.floor(left)), int(np.floor(top))
    return Window(column, row, int(np.ceil(right)) - column, int(np.ceil(bottom)) - row)


def _free(piece: Cut) -> np.ndarray:
    """Pixels (H, W) that count and are outside all boxes."""
    free: np.ndarray = piece.valid.copy()
    boxes = given(piece.boxes)
    low, high = np.floor(boxes[:, :2]).astype(int), np.ceil(boxes[:, 2:]).astype(int)
    for (left, top), (right, bottom) in zip(low, high, strict=True):
        free[top:bottom, left:right] = False
    return free


def _place(free: np.ndarray, window: Window, rng: np.random.Generator) -> tuple[int, int] | None:
    """Column and row at which a window of that size is free, or none."""
    height, width = free.shape
    if max(window.width, window.height) > _LARGEST * min(height, width):
        return None
    tries = rng.integers(0, (width - window.width + 1, height - window.height + 1), (_TRIES, 2))
    for column, row in tries.tolist():
        if free[row : row + window.height, column : column + window.width].all():
            return column, row
    return None


_NARROWEST = 0.25
"""A part is at least this share of the chip's side wide and high."""

Place = tuple[float, float]


def seam(side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Where the four parts of a mosaic meet: column, row."""
    least = round(_NARROWEST * side)
    column, row = rng.integers(least, side - least + 1, 2)
    return int(column), int(row)


def mosaic(source: PreparedSource, places: list[Place], side: int, middle: tuple[int, int]) -> Cut:
    """Four cuts of a source side by side (after YOLOv4, arXiv 2004.10934; nothing changes its scale).

    Each part is cut for training as a chip of its own: it sees no validation ground, what counts nowhere does not here
    either, and objects at a seam are clipped, or ignored ground where too little of them can be seen.

    Args:
        source: of detection.
        places: (column, row) around which the parts are cut: upper left, upper right, lower left, lower right.
        side: of the mosaic in pixels.
        middle: (column, row) where they meet.

    Raises:
        RasterError: the raster cannot be read.
    """
    columns, rows = (0, middle[0], side), (0, middle[1], side)
    parts, corners = [], []
    for index, place in enumerate(places):
        down, across = divmod(index, 2)
        width, height = columns[across + 1] - columns[across], rows[down + 1] - rows[down]
        parts.append(cut(source, window_around(source.reader.grid, *place, width, height), training=True))
        corners.append((columns[across], rows[down]))
    first = parts[0].window
    return Cut(
        source.name,
        Window(first.column, first.row, side, side),
        _joined([part.image for part in parts]),
        _joined([part.seen for part in parts]),
        _joined([part.valid for part in parts]),
        boxes=np.concatenate(
            [
                given(part.boxes) + np.tile(corner, 2).astype(np.float32)
                for part, corner in zip(parts, corners, strict=True)
            ]
        ),
        labels=np.concatenate([given(part.labels) for part in parts]),
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Four arrays (..., h, w), two above two."""
    return np.concatenate([np.concatenate(parts[:2], axis=-1), np.concatenate(parts[2:], axis=-1)], axis=-2)
