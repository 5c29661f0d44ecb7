"""Outlines of labelled areas along the pixels' edges, as a coverage: neighbours have all vertices in common.

Corners of pixels where an outline turns, or where three or more areas meet, are vertices. From each vertex directed
edges go east, south, west and north with an area on their right; each has one successor, and the cycles of successors
are the rings of the polygons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

OUTSIDE = -1


def outlines(labels: np.ndarray, count: int, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Polygons of areas in pixel coordinates (column, row).

    Every area must be 4-connected. Where it touches itself at a corner its rings touch there, so polygons are valid.

    Args:
        labels: (H, W) int32 from 0.
        count: number of labels.
        top: (W + 1,) bool, corners of the first row that must be vertices.
        bottom: (W + 1,) bool, the same for the last row.

    Returns:
        (count,) polygons with shells clockwise on the screen.
    """
    x, y, around = _vertices(labels, top, bottom)
    start, heading = np.nonzero((around != np.roll(around, 1, axis=1)) & (around != OUTSIDE))
    area = around[start, heading]
    end = _neighbours(x, y)[start, heading]
    successor = _successors(start, heading, end, area, around)
    cycles = _cycles(successor)
    twice_area = np.bincount(cycles.leader, x[start] * y[end] - x[end] * y[start], minlength=len(start))
    rings = np.flatnonzero(cycles.length)
    rings = rings[np.lexsort((twice_area[rings] < 0, area[rings]))]
    return _polygons(np.column_stack([x[start], y[start]]), rings, cycles, area, count)


def _vertices(labels: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns (n,) and rows (n,) of the vertices in reading order, and the labels (n, 4) SE, SW, NW, NE of them."""
    padded = np.pad(labels, 1, constant_values=OUTSIDE)
    edge_below = padded[:-1] != padded[1:]
    edge_right = padded[:, :-1] != padded[:, 1:]
    west, east, north, south = edge_below[:, :-1], edge_below[:, 1:], edge_right[:-1], edge_right[1:]
    vertex = (east != west) | (north != south) | (east & north)
    vertex[0] |= top
    vertex[-1] |= bottom
    row, column = np.nonzero(vertex)
    around = [padded[row + 1, column + 1], padded[row + 1, column], padded[row, column], padded[row, column + 1]]
    return column, row, np.stack(around, axis=1)


def _neighbours(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The next vertex (n, 4) of each vertex by direction; without meaning where no edge goes there."""
    reading = np.arange(len(x))
    by_column = np.lexsort((y, x))
    south, north = np.empty_like(reading), np.empty_like(reading)
    south[by_column] = np.roll(by_column, -1)
    north[by_column] = np.roll(by_column, 1)
    return np.stack([np.roll(reading, -1), south, np.roll(reading, 1), north], axis=1)


def _successors(
    start: np.ndarray, heading: np.ndarray, end: np.ndarray, area: np.ndarray, around: np.ndarray
) -> np.ndarray:
    """The edge (m,) that follows each edge round the area on its right.

    At a corner where the area touches itself the left turn keeps its rings apart.
    """
    ahead_left = around[end, (heading - 1) % 4] == area
    ahead_right = around[end, heading] == area
    turned = (heading + np.where(ahead_left, -1, np.where(ahead_right, 0, 1))) % 4
    number = np.empty(around.shape, np.intp)
    number[start, heading] = np.arange(len(start))
    found: np.ndarray = number[end, turned]
    return found


class _Cycles(NamedTuple):
    """Cycles of a permutation.

    Attributes:
        leader: (m,) of each element the lowest of its cycle.
        position: (m,) after it.
        length: (m,) of the cycle at leaders, 0 elsewhere.
    """

    leader: np.ndarray
    position: np.ndarray
    length: np.ndarray


def _cycles(successor: np.ndarray) -> _Cycles:
    """Cycles of a permutation, by pointer doubling."""
    leader, jump = np.arange(len(successor)), successor
    while True:
        lowest = np.minimum(leader, leader[jump])
        # Windows of 2^k elements lie end to end round the cycle: no change means that each has seen all of it.
        if np.array_equal(lowest, leader):
            break
        leader, jump = lowest, jump[jump]
    last = successor == leader
    to_end = (~last).astype(np.intp)
    jump = np.where(last, np.arange(len(successor)), successor)
    while not last[jump].all():
        to_end += to_end[jump]
        jump = jump[jump]
    length = np.where(leader == np.arange(len(leader)), to_end + 1, 0)
    return _Cycles(leader, length[leader] - 1 - to_end, length)


def _polygons(points: np.ndarray, rings: np.ndarray, cycles: _Cycles, area: np.ndarray, count: int) -> np.ndarray:
    """Polygons from rings that are in order of area, shells first; each ring is closed by its first point."""
    offsets = np.concatenate([[0], np.cumsum(cycles.length[rings] + 1)])
    first = np.zeros(len(cycles.leader), np.intp)
    first[rings] = offsets[:-1]
    coordinates = np.empty((offsets[-1], 2))
    coordinates[first[cycles.leader] + cycles.position] = points
    coordinates[offsets[1:] - 1] = points[rings]
    ring_offsets = np.concatenate([[0], np.cumsum(np.bincount(area[rings], minlength=count))])
    found: np.ndarray = shapely.from_ragged_array(shapely.GeometryType.POLYGON, coordinates, (offsets, ring_offsets))
    return found
