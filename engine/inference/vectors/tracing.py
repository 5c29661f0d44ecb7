"""From a skeleton's pixels to lines that carry the width as Z."""

from __future__ import annotations

import numpy as np
import shapely

_REACH = 5
"""Pixels to both sides over which a line's direction is taken."""
_STEP = 0.5
"""Pixels between two looks along a transect."""
_EVERY = 5
"""One pixel of the skeleton in so many becomes a vertex."""


def trace(skeleton: np.ndarray, mask: np.ndarray, first: int, last: int, limit: float) -> np.ndarray:
    """Lines through the centres of skeleton pixels, in the window's pixels (column, row, width).

    Diagonal neighbours are linked only where no right-angled way joins them, so crossings have no small triangles.
    Links that start in the rows `first` to `last` - 1 are traced: strips that follow each other join into one.

    Args:
        skeleton: (H, W) bool.
        mask: (H, W) bool, the areas it is of.
        first: first row.
        last: end of rows.
        limit: the largest half width to look for, in pixels.

    Returns:
        (n,) linestrings with Z: the local width in pixels.
    """
    links = _links(skeleton, first, last)
    merged = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(links)))
    lines = [_with_width(shapely.get_coordinates(line), mask, limit) for line in shapely.get_parts(merged)]
    return np.array(lines, object)


def _links(skeleton: np.ndarray, first: int, last: int) -> np.ndarray:
    """Pairs of pixel centres (m, 2, 2)."""
    window = np.pad(skeleton[first : last + 1], ((0, 1 if last >= len(skeleton) else 0), (1, 1)))
    here, below = window[:-1], window[1:]
    right = np.roll(here, -1, axis=1)
    down_right, down_left = np.roll(below, -1, axis=1), np.roll(below, 1, axis=1)
    ways = {
        (1, 0): here & right,
        (0, 1): here & below,
        (1, 1): here & down_right & ~right & ~below,
        (-1, 1): here & down_left & ~np.roll(here, 1, axis=1) & ~below,
    }
    links = []
    for step, linked in ways.items():
        row, column = np.nonzero(linked)
        start = np.column_stack([column - 1, row + first]) + 0.5
        links.append(np.stack([start, start + step], axis=1))
    return np.concatenate(links)


def _with_width(points: np.ndarray, mask: np.ndarray, limit: float) -> shapely.LineString:
    width = _smooth(_widths(points, mask, limit))
    kept = np.union1d(np.arange(0, len(points), _EVERY), len(points) - 1)
    return shapely.linestrings(np.column_stack([points, width])[kept])


def _widths(points: np.ndarray, mask: np.ndarray, limit: float) -> np.ndarray:
    """The mask's extent (n,) across a line at its points (n, 2), in pixels."""
    index = np.arange(len(points))
    along = points[np.minimum(index + _REACH, len(points) - 1)] - points[np.maximum(index - _REACH, 0)]
    # A loop's ends may coincide: any direction will do.
    along = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    distance = np.arange(_STEP / 2, limit + _STEP, _STEP)
    found: np.ndarray = _extent(points, normal, distance, mask) + _extent(points, -normal, distance, mask)
    return found


def _extent(points: np.ndarray, direction: np.ndarray, distance: np.ndarray, mask: np.ndarray) -> np.ndarray:
    column, row = np.floor(points[..., None] + direction[..., None] * distance).astype(int).transpose(1, 0, 2)
    height, width = mask.shape
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    inside[inside] = mask[row[inside], column[inside]]
    found: np.ndarray = np.logical_and.accumulate(inside, axis=1).sum(axis=1) * _STEP
    return found


def _smooth(values: np.ndarray) -> np.ndarray:
    """Median over the neighbourhood: at crossings a transect runs along the other road."""
    padded = np.pad(values, 2 * _REACH, mode="edge")
    found: np.ndarray = np.median(np.lib.stride_tricks.sliding_window_view(padded, 4 * _REACH + 1), axis=1)
    return found
