"""Detections of overlapping windows merged into objects, row of windows by row of windows.

Three things happen where windows overlap: an object is seen whole twice (the weaker goes), whole once and cut once
(the cut one goes), or cut by both because it is larger than the overlap (the pieces are united).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from ..types import Objects
from .suppression import iou
from .windows import Window, WindowGrid

LEFT, TOP, RIGHT, BOTTOM = range(4)
OUTWARD = np.array([-1, -1, 1, 1], np.float32)
"""Signs that make a box's four sides grow outwards."""
COVERED = 0.6
"""Share of a cut box that another must cover to replace it."""
ALIGNED = 0.5
"""Intersection over union, along the cut edge, over which two pieces are of one object."""


@dataclass
class Found:
    """Objects on the grid.

    Args:
        boxes: (n, 4) float32 xyxy pixels of the grid.
        labels: (n,) int64.
        scores: (n,) float32.
        cut: (n, 4) bool, which sides (left, top, right, bottom) an inner window edge cuts.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    cut: np.ndarray

    @classmethod
    def none(cls) -> Found:
        """No objects."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, 4), bool))

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: np.ndarray) -> Found:
        return Found(self.boxes[index], self.labels[index], self.scores[index], self.cut[index])

    @classmethod
    def join(cls, parts: list[Found]) -> Found:
        """All parts, one after the other."""
        names = ("boxes", "labels", "scores", "cut")
        return (
            cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)) if parts else cls.none()
        )


class Merger:
    """Places the detections of windows on the grid, and hands out objects that are final, row of windows by row.

    Args:
        grid: the lattice.
        iou_threshold: overlap over which of two objects of a class the weaker goes.
    """

    def __init__(self, grid: WindowGrid, iou_threshold: float) -> None:
        self.grid = grid
        self.iou_threshold = iou_threshold
        # Networks place a cut side near the window's edge, not on it.
        self.near = max(2, grid.overlap // 8)
        self.open = Found.none()
        """What later rows may touch."""

    def placed(self, window: Window, objects: Objects[np.ndarray], valid: np.ndarray) -> Found:
        """A window's objects on the grid.

        Args:
            window: its place.
            objects: boxes in the window's pixels.
            valid: (tile, tile) bool; objects centred on pixels that are not valid are dropped.
        """
        tile = self.grid.tile
        boxes = objects.boxes.astype(np.float32).clip(0, tile)
        x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int).clip(0, tile - 1).T
        touches = np.concatenate([boxes[:, :2] <= self.near, boxes[:, 2:] >= tile - self.near], axis=1)
        edge = np.array([window.column, window.row] * 2, np.float32)
        found = Found(
            boxes + edge,
            objects.labels.astype(np.int64),
            objects.scores.astype(np.float32),
            touches & self.grid.inner_edges(window),
        )
        solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        return found[valid[y, x] & solid]

    def end_row(self, i: int, row: Found) -> Found:
        """Merge the next row, and give back the objects that no later one can touch.

        Args:
            i: its place in the lattice; all rows must come, in order.
            row: the placed objects of all its windows, in order.
        """
        merged = self._along(Found.join([self.open, self._along(row, LEFT, RIGHT)]), TOP, BOTTOM)
        merged = merged[suppress(merged, self.iou_threshold)]
        last = i == self.grid.rows - 1
        edge = (i + 1) * self.grid.stride - self.grid.margin.top
        final = np.full(len(merged), True) if last else merged.boxes[:, 3] < edge
        self.open = merged[~final]
        return merged[final]

    def _along(self, found: Found, before: int, after: int) -> Found:
        return without_covered(unite(without_covered(found, self.near), before, after), self.near)


def pairs(found: Found) -> tuple[np.ndarray, np.ndarray]:
    """Indices (first, second), each ordered pair once, of objects of one class whose boxes touch.

    Examples:
        >>> boxes = np.array([[0, 0, 10, 10], [8, 0, 20, 10], [90, 90, 99, 99]], np.float32)
        >>> found = Found(boxes, np.zeros(3, int), np.ones(3), np.zeros((3, 4), bool))
        >>> sorted(zip(*(each.tolist() for each in pairs(found)), strict=True))
        [(0, 1), (1, 0)]
    """
    shapes = shapely.box(*found.boxes.T)
    first, second = shapely.STRtree(shapes).query(shapes)
    keep = (first != second) & (found.labels[first] == found.labels[second])
    return first[keep], second[keep]


def without_covered(found: Found, slack: float) -> Found:
    """Without the cut boxes that another window saw more of.

    They lie mostly inside a box of their class that is not cut, or reaches farther, where they are cut.

    Args:
        found: objects.
        slack: pixels within which two cut sides are at the same edge.

    Examples:
        >>> boxes = np.array([[0, 0, 20, 10], [0, 0, 12, 10]], np.float32)
        >>> cut = np.array([[False] * 4, [False, False, True, False]])  # the second ends at its window's edge
        >>> without_covered(Found(boxes, np.zeros(2, int), np.ones(2), cut), slack=2).boxes.tolist()
        [[0.0, 0.0, 20.0, 10.0]]
    """
    cut, other = pairs(found)
    reach = found.boxes * OUTWARD
    farther = reach[other] - reach[cut]
    open_side, cut_too = found.cut[cut], found.cut[other]
    no_less = (~cut_too | (open_side & (farther >= -slack))).all(axis=1)
    more = (open_side & (~cut_too | (farther > slack))).any(axis=1)
    cut, other = cut[no_less & more], other[no_less & more]
    shared = _overlap(found.boxes, cut, other, 0) * _overlap(found.boxes, cut, other, 1)
    sides = found.boxes[cut, 2:] - found.boxes[cut, :2]
    covered = cut[shared >= COVERED * sides.prod(axis=1)]
    return found[np.setdiff1d(np.arange(len(found)), covered)]


def unite(found: Found, before: int, after: int) -> Found:
    """Pieces that opposite edges cut, and that line up along them, become one box; its score is the best piece's.

    Args:
        found: the pieces, among others.
        before: the side a later window cuts, `LEFT` or `TOP`.
        after: the opposite side, which an earlier window cuts.

    Examples:
        >>> boxes = np.array([[0, 0, 30, 10], [26, 0, 60, 10]], np.float32)
        >>> cut = np.array([[False, False, True, False], [True, False, False, False]])
        >>> whole = unite(Found(boxes, np.zeros(2, int), np.array([0.5, 0.75], np.float32), cut), LEFT, RIGHT)
        >>> whole.boxes.tolist(), whole.scores.tolist(), bool(whole.cut.any())
        ([[0.0, 0.0, 60.0, 10.0]], [0.75], False)
    """
    axis = 1 - before
    early, late = pairs(found)
    keep = found.cut[early, after] & found.cut[late, before]
    early, late = early[keep], late[keep]
    shared = _overlap(found.boxes, early, late, axis)
    lengths = found.boxes[:, axis + 2] - found.boxes[:, axis]
    keep = shared >= ALIGNED * (lengths[early] + lengths[late] - shared)
    group = _components(len(found), early[keep], late[keep])
    heads, inverse = np.unique(group, return_inverse=True)
    return _hulls(found, inverse, len(heads))


def suppress(found: Found, iou_threshold: float) -> np.ndarray:
    """Indices that survive non-maximum suppression within each class, where less cut boxes go first.

    Examples:
        >>> boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9]], np.float32)
        >>> cut = np.array([[False, False, False, True], [False] * 4])
        >>> found = Found(boxes, np.zeros(2, int), np.array([0.9, 0.5], np.float32), cut)
        >>> suppress(found, 0.5).tolist()  # the whole one
        [1]
    """
    # Scores are at most one, so this orders by wholeness first.
    rank = np.empty(len(found), int)
    rank[np.argsort(found.cut.sum(axis=1) - found.scores, kind="stable")] = np.arange(len(found))
    better, worse = pairs(found)
    clash = (rank[better] < rank[worse]) & (iou(found.boxes[better], found.boxes[worse]) > iou_threshold)
    better, worse = better[clash], worse[clash]
    stays = np.ones(len(found), bool)
    for index in np.argsort(rank[better], kind="stable"):
        if stays[better[index]]:
            stays[worse[index]] = False
    return np.flatnonzero(stays)


def _overlap(boxes: np.ndarray, first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
    end = np.minimum(boxes[first, axis + 2], boxes[second, axis + 2])
    found: np.ndarray = (end - np.maximum(boxes[first, axis], boxes[second, axis])).clip(0)
    return found


def _components(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Connected components: for each node the smallest index that links lead to."""
    group = np.arange(count)
    while True:
        before = group.copy()
        np.minimum.at(group, first, before[second])
        np.minimum.at(group, second, before[first])
        if (group == before).all():
            return group


def _hulls(found: Found, group: np.ndarray, count: int) -> Found:
    """The box around each group; a side of it is cut where the piece that reaches farthest is."""
    reach = found.boxes * OUTWARD
    hull = np.full((count, 4), -np.inf, np.float32)
    np.maximum.at(hull, group, reach)
    cut = np.zeros((count, 4), bool)
    np.logical_or.at(cut, group, found.cut & (reach == hull[group]))
    scores = np.zeros(count, np.float32)
    np.maximum.at(scores, group, found.scores)
    labels = np.zeros(count, np.int64)
    labels[group] = found.labels
    return Found(hull * OUTWARD, labels, scores, cut)
