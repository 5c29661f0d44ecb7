"""Labelled objects pasted into other chips of their source, so that few of them are seen on much ground."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import shapely

from ..types import given
from .arrays import ArrayFile, ArrayWriter, Workspace, finish
from .chips import Cut
from .grid import Window
from .masks import coverage
from .points import IGNORED
from .prepared import PreparedSource
from .sampling import ChipSampler
from .vector_labels import VectorLabels

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
