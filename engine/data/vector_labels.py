"""Labels from vector features: boxes, masks and places on a source's grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from ..types import IGNORE_INDEX, given
from .arrays import ArrayFile, ArrayWriter, Workspace, finish, levels_above, packing_order, query
from .grid import Window
from .masks import IGNORED, Points, from_blocks, paint, write, writer

_SPACING = 64
"""A large area is represented by about one point for each square of so many pixels a side."""
_MOST_POINTS = 64
_LAST = np.iinfo(np.int64).max
_COLUMNS = {
    "boxes": ("float64", (4,)),
    "classes": ("int32", ()),
    "order": ("int64", ()),
    "until": ("int64", ()),
    "wkb": ("uint8", ()),
    "batches": ("int64", ()),
}


class VectorLabels:
    """Vector features of one source, in memory or in a file that processes share.

    Args:
        geometries: (n,) polygons in grid pixels.
        classes: (n,) class indices, or `IGNORED`.
        background: whether ground without a feature is the mask's class 0, so that the first class is 1;
            otherwise such ground is ignored and the first class is 0.
    """

    def __init__(self, geometries: np.ndarray, classes: np.ndarray, background: bool = True) -> None:
        self._take(indexed([(geometries, classes)], Workspace(), [], None), background)

    @classmethod
    def of_file(cls, file: ArrayFile, background: bool) -> VectorLabels:
        """The features that `indexed` has written."""
        labels = cls.__new__(cls)
        labels._take(file, background)
        return labels

    def _take(self, file: ArrayFile, background: bool) -> None:
        self.file, self._background = file, background
        self._boxes, self._classes, self._order = file["boxes"], file["classes"], file["order"]
        self._levels = [file[f"level {index}"] for index in range(file.facts["levels"])]
        self._last: tuple[Window, np.ndarray] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """By the file."""
        return VectorLabels.of_file, (self.file, self._background)

    def __len__(self) -> int:
        """How many features there are."""
        return len(self._boxes)

    @property
    def geometries(self) -> np.ndarray:
        """All features (n,) in the order of painting: later classes over earlier ones, ignored ones over all."""
        return self.geometries_at(self._painting_order(np.arange(len(self))))

    @property
    def classes(self) -> np.ndarray:
        """The class indices (n,) int64 of all features, in the same order."""
        return self.classes_at(self._painting_order(np.arange(len(self))))

    @property
    def boxes(self) -> np.ndarray:
        """The extents (n, 4) of all features, in the same order."""
        found: np.ndarray = self._boxes[self._painting_order(np.arange(len(self)))]
        return found

    def geometries_at(self, places: np.ndarray) -> np.ndarray:
        """Features (m,) by their places in the index."""
        until, wkb = self.file["until"], self.file["wkb"]
        ends, starts = until[places], np.where(places > 0, until[places - 1], 0)
        found: np.ndarray = shapely.from_wkb(
            [wkb[start:end].tobytes() for start, end in zip(starts, ends, strict=True)]
        )
        return found

    def classes_at(self, places: np.ndarray) -> np.ndarray:
        """Class indices (m,) int64 by places in the index."""
        found: np.ndarray = self._classes[places].astype(np.int64)
        return found

    def boxes_at(self, places: np.ndarray) -> np.ndarray:
        """Extents (m, 4) by places in the index."""
        found: np.ndarray = self._boxes[places]
        return found

    def near(self, left: float, top: float, right: float, bottom: float) -> np.ndarray:
        """Places (m,) in the index of features whose extents meet a rectangle, in the order of painting."""
        if not len(self):
            return np.zeros(0, np.int64)
        return self._painting_order(query(self._boxes, self._levels, (left, top, right, bottom)))

    def batches(self) -> Iterator[np.ndarray]:
        """Places in the index of all features, as many at a time as were read together, in the order of painting."""
        start = 0
        for end in self.file["batches"].tolist():
            yield self._painting_order(np.arange(start, end))
            start = end
            self.file.forget()

    def mask(self, window: Window) -> np.ndarray:
        """Class indices (H, W) uint8 with `IGNORE_INDEX`; where features overlap, the later class shows."""
        return from_blocks(self._painted, window)

    def _painted(self, window: Window) -> np.ndarray:
        mask = np.full((window.height, window.width), 0 if self._background else IGNORE_INDEX, np.uint8)
        near = self._near(window)
        classes = self.classes_at(near)
        values = classes + int(self._background)
        values[classes == IGNORED] = IGNORE_INDEX
        paint(mask, self.geometries_at(near), values, window)
        return mask

    def objects(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Extents (n, 4) xyxy in the window's pixels, not clipped to it, and class indices (n,)."""
        near = self._near(window)
        near = near[self._classes[near] != IGNORED]
        return self._boxes[near] - np.tile([window.column, window.row], 2), self.classes_at(near)

    def features(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Geometries (n,) near a window, in grid pixels, not clipped to it, and class indices (n,)."""
        near = self._near(window)
        near = near[self._classes[near] != IGNORED]
        return self.geometries_at(near), self.classes_at(near)

    def ignored(self, window: Window) -> np.ndarray:
        """The pixels (H, W) bool that ignored features cover."""
        mask = np.zeros((window.height, window.width), np.uint8)
        near = self._near(window)
        near = near[self._classes[near] == IGNORED]
        paint(mask, self.geometries_at(near), np.ones(len(near), int), window)
        return mask.view(bool)

    def hull(self) -> Geometry:
        """The convex hull of all features."""
        hulls = [_hull(self._boxes[places]) for places in self.batches()]
        return hulls[0] if len(hulls) == 1 else shapely.convex_hull(shapely.geometrycollections(hulls))

    def object_points(self) -> Points:
        """The centre of each object's extents; sorted by class.

        Raises:
            OutputError: they are many, and the disk is full or cannot be written to.
        """
        return self._points(".objects", lambda places, label, _: self._centres(places, label))

    def area_points(self) -> Points:
        """Points inside each area, more of them in larger ones; sorted by class.

        Raises:
            OutputError: they are many, and the disk is full or cannot be written to.
        """
        return self._points(".areas", self._scattered)

    def _points(self, kind: str, standing_for: Callable[[np.ndarray, int, int], Points]) -> Points:
        workspace = self.file.workspace or Workspace()
        path = given(self.file.path).with_suffix(kind) if self._is_kept() else None
        if path is not None and (kept := workspace.reopened(path)):
            return Points.of_file(kept)
        counts = self._counts()
        ranks = dict(zip(counts, np.cumsum([0, *counts.values()])[:-1].tolist(), strict=True))
        writers = {label: writer(workspace) for label in counts if label != IGNORED}
        for places in self.batches():
            classes = self.classes_at(places)
            for label in np.unique(classes[classes != IGNORED]).tolist():
                these = places[classes == label]
                writers[label].add(**standing_for(these, label, ranks[label]).arrays())
                ranks[label] += len(these)
        return write(list(writers.values()) or [writer(workspace)], workspace, path)

    def _is_kept(self) -> bool:
        kept = self.file.workspace and self.file.workspace.kept
        return bool(kept) and self.file.path is not None and self.file.path.parent == kept

    def _counts(self) -> dict[int, int]:
        """How many features each class has, in the order of painting."""
        counts: dict[int, int] = {}
        for places in self.batches():
            for label, count in zip(*np.unique(self._classes[places], return_counts=True), strict=True):
                counts[int(label)] = counts.get(int(label), 0) + int(count)
        return {label: counts[label] for label in sorted(counts, key=lambda each: _LAST if each == IGNORED else each)}

    def _centres(self, places: np.ndarray, label: int) -> Points:
        left, top, right, bottom = self._boxes[places].T
        one = np.ones(len(left))
        sizes = np.maximum(right - left, bottom - top)
        return Points(np.full(len(left), label), (left + right) / 2, (top + bottom) / 2, one, one, sizes)

    def _scattered(self, places: np.ndarray, label: int, rank: int) -> Points:
        """Points inside areas, which are the class's from feature `rank` on."""
        geometries = self.geometries_at(places)
        areas = shapely.area(geometries)
        numbers = np.minimum((areas / _SPACING**2).astype(int), _MOST_POINTS)
        several = {
            index: found
            for index in np.flatnonzero(numbers > 1).tolist()
            if len(found := _hits(geometries[index], numbers[index], rank + index))
        }
        inside, owners = shapely.get_coordinates(shapely.point_on_surface(geometries), return_index=True)
        counts = np.bincount(owners, minlength=len(places))
        counts[list(several)] = [len(found) for found in several.values()]
        first, xy = np.cumsum(counts) - counts, np.zeros((counts.sum(), 2))
        xy[first[owners]] = inside
        for index, found in several.items():
            xy[first[index] : first[index] + len(found)] = found
        share = np.repeat(1 / np.maximum(counts, 1), counts)
        weights = np.repeat(areas, counts) * share
        columns, rows = xy.T
        return Points(np.full(len(xy), label), columns, rows, weights, share, np.sqrt(weights))

    def _near(self, window: Window) -> np.ndarray:
        if self._last is None or self._last[0] != window:
            right, bottom = window.column + window.width, window.row + window.height
            self._last = window, self.near(window.column, window.row, right, bottom)
        return self._last[1]

    def _painting_order(self, places: np.ndarray) -> np.ndarray:
        classes = self._classes[places].astype(np.int64)
        return places[np.lexsort((self._order[places], np.where(classes == IGNORED, _LAST, classes)))]


def indexed(
    batches: Iterable[tuple[np.ndarray, np.ndarray]], workspace: Workspace, left_out: list[str], path: Path | None
) -> ArrayFile:
    """Features with an index of where they are; of many only a batch at a time is in memory.

    Args:
        batches: polygons (n,) in grid pixels and class indices (n,), or `IGNORED`.
        workspace: where to write what is large.
        left_out: sentences on features that are left out, known once the batches are at an end.
        path: a file to keep; none keeps nothing.

    Raises:
        OutputError: the disk is full, or cannot be written to.
    """
    features, bytes_, read = ArrayWriter(_COLUMNS, workspace), 0, 0
    for geometries, classes in batches:
        boxes = shapely.bounds(geometries).reshape(-1, 4)
        order = packing_order(boxes)
        wkb = shapely.to_wkb(geometries[order]).tolist()
        until = bytes_ + np.cumsum([len(each) for each in wkb], dtype=np.int64)
        content = np.frombuffer(b"".join(wkb), np.uint8)
        features.add(boxes=boxes[order], classes=classes[order], order=read + order, until=until, wkb=content)
        bytes_, read = bytes_ + len(content), read + len(order)
        features.add(batches=[read])
    levels = levels_above(features.walk("boxes"))
    above = ArrayWriter({f"level {index}": ("float64", (4,)) for index in range(len(levels))}, workspace)
    above.add(**{f"level {index}": boxes for index, boxes in enumerate(levels)})
    return finish([features, above], {"levels": len(levels), "left_out": left_out}, workspace, path)


def _hull(boxes: np.ndarray) -> Geometry:
    return shapely.convex_hull(shapely.multipoints(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)))


def _hits(geometry: Geometry, number: int, seed: int) -> np.ndarray:
    """Chance hits (m, 2) of a large polygon, at most so many."""
    left, top, right, bottom = geometry.bounds
    shapely.prepare(geometry)
    tries = np.random.default_rng(seed).uniform((left, top), (right, bottom), (8 * number, 2))
    found: np.ndarray = tries[shapely.contains_xy(geometry, *tries.T)][:number]
    return found
