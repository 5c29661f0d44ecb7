"""Labelled objects pasted into other chips of their source, so that few of them are seen on much ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from .chips import Cut
from .grid import Window
from .masks import coverage
from .points import IGNORED
from .prepared import PreparedSource
from .sampling import ChipSampler

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
        self._outlines = [_grown(source) for source in sources]
        self._whole = [_whole(*pair) for pair in zip(sources, self._outlines, strict=True)]

    def paste(self, piece: Cut, source: int, rng: np.random.Generator) -> Cut:
        """A cut with objects of its source (an index) pasted in, as many as find a place; or the cut itself.

        Raises:
            RasterError: the raster cannot be read.
        """
        if not self._whole[source]:
            return piece
        image, boxes, labels = piece.image.copy(), [piece.boxes], [piece.labels]
        free = _free(piece)
        for _ in range(rng.integers(1, _MOST + 1)):
            whole = self._whole[source].get(self._sampler.draw_class(rng), [])
            if not len(whole):
                continue
            index = whole[int(rng.integers(len(whole)))]
            window = _around(self._outlines[source][index])
            place = _place(free, window, rng)
            if place is None or (pixels := self._pixels(source, index, window)) is None:
                continue
            column, row = place
            rows, columns = slice(row, row + window.height), slice(column, column + window.width)
            image[:, rows, columns] = np.where(pixels[1], pixels[0], image[:, rows, columns])
            free[rows, columns] = False
            shift = np.tile([column - window.column, row - window.row], 2)
            boxes.append((self._sources[source].labels.boxes[index] + shift).astype(np.float32)[None])
            labels.append(self._sources[source].labels.classes[index][None])
        return replace(piece, image=image, boxes=np.concatenate(boxes), labels=np.concatenate(labels))

    def _pixels(self, source: int, index: int, window: Window) -> tuple[np.ndarray, np.ndarray] | None:
        """An object's window (C, h, w) and which of it to paste (h, w), or none where data is missing."""
        image, seen = self._sources[source].reader.read(*window)
        pasted = coverage(self._outlines[source][index], window)
        return (image, pasted) if seen[pasted].all() else None


def _grown(source: PreparedSource) -> np.ndarray:
    """Outlines (n,) of the labels with their rims."""
    return shapely.buffer(source.labels.geometries, RIM, join_style="mitre", cap_style="square")


def _whole(source: PreparedSource, outlines: np.ndarray) -> dict[int, np.ndarray]:
    """For each class the objects that lie on training ground as a whole and touch no other label."""
    classes = source.labels.classes
    which, _ = shapely.STRtree(source.labels.geometries).query(outlines, predicate="intersects")
    alone = np.bincount(which, minlength=len(classes)) == 1
    shapely.prepare(source.training)
    usable = alone & (classes != IGNORED) & shapely.covers(source.training, outlines)
    return {label: np.flatnonzero(usable & (classes == label)) for label in np.unique(classes[usable]).tolist()}


def _around(outline: shapely.Geometry) -> Window:
    """The whole pixels that an outline touches."""
    left, top, right, bottom = shapely.bounds(outline)
    column, row = int(np.floor(left)), int(np.floor(top))
    return Window(column, row, int(np.ceil(right)) - column, int(np.ceil(bottom)) - row)


def _free(piece: Cut) -> np.ndarray:
    """Pixels (H, W) that count and are outside all boxes."""
    free = piece.valid.copy()
    low, high = np.floor(piece.boxes[:, :2]).astype(int), np.ceil(piece.boxes[:, 2:]).astype(int)
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
