"""Right-angled outlines: edges are turned to a polygon's main direction or across it."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

MINIMUM_IOU = 0.8
"""Below this overlap with the original the squared outline is not believed."""


def right_angled(polygon: Polygon, tolerance: float) -> Polygon:
    """A polygon whose edges all run along its main direction or across it.

    The smallest turned rectangle is tried where squaring fails; the polygon itself is returned where both do.

    Args:
        polygon: in coordinates of equal scale on both axes.
        tolerance: steps below this are noise, same unit.
    """
    coarse = shapely.simplify(polygon, tolerance)
    angle = main_direction(coarse)
    turned = _rotated(coarse, -angle)
    squared = _rotated(_squared_polygon(turned, tolerance), angle)
    for candidate in (squared, shapely.minimum_rotated_rectangle(polygon)):
        if candidate.geom_type == "Polygon" and candidate.is_valid and _iou(candidate, polygon) >= MINIMUM_IOU:
            return candidate
    return polygon


def main_direction(polygon: Polygon) -> float:
    """The angle of a polygon's edges modulo 90 degrees, weighted by length, in radians (-pi/4, pi/4].

    Angles are multiplied by four, so that edges along and across are one direction, and averaged on the circle.
    """
    edges = np.diff(shapely.get_coordinates(polygon.exterior), axis=0)
    length = np.hypot(*edges.T)
    fourfold = 4 * np.arctan2(edges[:, 1], edges[:, 0])
    # Squared lengths: a long wall tells more than many steps of the pixels.
    return float(np.angle((length**2 * np.exp(1j * fourfold)).sum())) / 4


def _squared_polygon(polygon: Polygon, tolerance: float) -> Polygon:
    shell = _squared(shapely.get_coordinates(polygon.exterior)[:-1], tolerance)
    if shell is None:
        return Polygon()
    holes = [_squared(shapely.get_coordinates(ring)[:-1], tolerance) for ring in polygon.interiors]
    return Polygon(shell, [hole for hole in holes if hole is not None])


def _squared(points: np.ndarray, tolerance: float) -> np.ndarray | None:
    """A ring (n, 2) of horizontal and vertical edges near a ring (m, 2); none where fewer than four edges remain."""
    edges = np.roll(points, -1, axis=0) - points
    horizontal = np.abs(edges[:, 0]) >= np.abs(edges[:, 1])
    length = np.hypot(*edges.T)
    # An edge shorter than the tolerance follows its predecessor.
    for index in np.flatnonzero(length < tolerance):
        horizontal[index] = horizontal[index - 1]
    starts = np.flatnonzero(horizontal != np.roll(horizontal, 1))
    if len(starts) < 4:
        return None
    middles = points + edges / 2
    offsets = np.where(horizontal, middles[:, 1], middles[:, 0])
    run = (np.cumsum(np.isin(np.arange(len(points)), starts)) - 1) % len(starts)
    offset = np.bincount(run, offsets * length) / np.bincount(run, length)
    across, before = horizontal[starts], np.roll(offset, 1)
    return np.column_stack([np.where(across, before, offset), np.where(across, offset, before)])


def _rotated(polygon: Polygon, angle: float) -> Polygon:
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return shapely.transform(polygon, lambda points: points @ turn)


def _iou(one: Polygon, other: Polygon) -> float:
    common = shapely.intersection(one, other).area
    found: float = common / (one.area + other.area - common)
    return found
