"""Labels from vector features: boxes, masks and places on a source's grid."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Geometry

from ..types import IGNORE_INDEX
from .grid import Window
from .masks import from_blocks, paint
from .points import IGNORED, Points

_SPACING = 64
"""A large area is represented by about one point for each square of so many pixels a side."""
_MOST_POINTS = 64


class VectorLabels:
    """Vector features of one source.

    Args:
        geometries: (n,) polygons in grid pixels.
        classes: (n,) class indices, or `IGNORED`.
        background: whether ground without a feature is the mask's class 0, so that the first class is 1;
            otherwise such ground is ignored and the first class is 0.
    """

    def __init__(self, geometries: np.ndarray, classes: np.ndarray, background: bool = True) -> None:
        # in the order of painting: later classes over earlier ones, ignored features over all
        order = np.argsort(np.where(classes == IGNORED, np.iinfo(int).max, classes), kind="stable")
        self.geometries, self.classes = geometries[order], classes[order].astype(np.int64)
        self.boxes = shapely.bounds(self.geometries).reshape(-1, 4)
        self._background = background
        self._tree = shapely.STRtree(self.geometries)

    def __len__(self) -> int:
        """How many features there are."""
        return len(self.geometries)

    def mask(self, window: Window) -> np.ndarray:
        """Class indices (H, W) uint8 with `IGNORE_INDEX`; where features overlap, the later class shows."""
        return from_blocks(self._painted, window)

    def _painted(self, window: Window) -> np.ndarray:
        mask = np.full((window.height, window.width), 0 if self._background else IGNORE_INDEX, np.uint8)
        near = self._near(window)
        values = self.classes[near] + int(self._background)
        values[self.classes[near] == IGNORED] = IGNORE_INDEX
        paint(mask, self.geometries[near], values, window)
        return mask

    def objects(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Extents (n, 4) xyxy in the window's pixels, not clipped to it, and class indices (n,)."""
        near = self._near(window)
        near = near[self.classes[near] != IGNORED]
        return self.boxes[near] - np.tile([window.column, window.row], 2), self.classes[near]

    def features(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Geometries (n,) near a window, in grid pixels, not clipped to it, and class indices (n,)."""
        near = self._near(window)
        near = near[self.classes[near] != IGNORED]
        return self.geometries[near], self.classes[near]

    def ignored(self, window: Window) -> np.ndarray:
        """The pixels (H, W) bool that ignored features cover."""
        mask = np.zeros((window.height, window.width), np.uint8)
        near = self._near(window)
        near = near[self.classes[near] == IGNORED]
        paint(mask, self.geometries[near], np.ones(len(near), int), window)
        return mask.view(bool)

    def hull(self) -> Geometry:
        """The convex hull of all features."""
        return shapely.convex_hull(shapely.multipoints(self.boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)))

    def object_points(self) -> Points:
        """The centre of each object's extents."""
        known = self.classes != IGNORED
        left, top, right, bottom = self.boxes[known].T
        one = np.ones(len(left))
        sizes = np.maximum(right - left, bottom - top)
        return Points(self.classes[known], (left + right) / 2, (top + bottom) / 2, one, one, sizes)

    def area_points(self) -> Points:
        """Points inside each area, more of them in larger ones."""
        known = np.flatnonzero(self.classes != IGNORED)
        return Points.joined([self._points_inside(index) for index in known])

    def _points_inside(self, index: int) -> Points:
        geometry = self.geometries[index]
        xy = _scattered(geometry, index)
        share = np.full(len(xy), 1 / len(xy))
        weights = geometry.area * share
        return Points(np.full(len(xy), self.classes[index]), *xy.T, weights, share, np.sqrt(weights))

    def _near(self, window: Window) -> np.ndarray:
        return np.sort(self._tree.query(window.box()))


def _scattered(geometry: Geometry, seed: int) -> np.ndarray:
    """Points (n, 2) inside a polygon: one for a small one, chance hits for a large one."""
    number = min(int(geometry.area / _SPACING**2), _MOST_POINTS)
    if number > 1:
        left, top, right, bottom = geometry.bounds
        shapely.prepare(geometry)
        tries = np.random.default_rng(seed).uniform((left, top), (right, bottom), (8 * number, 2))
        hits = tries[shapely.contains_xy(geometry, *tries.T)][:number]
        if len(hits):
            return hits
    return shapely.get_coordinates(shapely.point_on_surface(geometry))
