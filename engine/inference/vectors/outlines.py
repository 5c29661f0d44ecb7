"""Outlines of labelled areas along the pixels' edges: a coverage, joined across strips, right-angled where asked.

Corners of pixels where an outline turns, or where three or more areas meet, are vertices. From each vertex directed
edges go east, south, west and north with an area on their right; each has one successor, and the cycles of successors
are the rings of the polygons.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import shapely
from shapely import Polygon

from .components import connected

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


NOWHERE = -1


@dataclass(frozen=True)
class Pieces:
    """Areas, or parts of them inside one strip, one per element.

    Args:
        geometry: (n,) polygons in pixel coordinates.
        value: (n,) uint8 class values.
        ground_m2: (n,) area of their pixels.
        confidence: (n,) sum of the confidence over pixels that have one.
        confident_pixels: (n,) how many these are.
    """

    geometry: np.ndarray
    value: np.ndarray
    ground_m2: np.ndarray
    confidence: np.ndarray
    confident_pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.geometry)

    def take(self, which: np.ndarray) -> Pieces:
        """Some of them, by index or mask."""
        return Pieces(*(getattr(self, field.name)[which] for field in fields(self)))

    @staticmethod
    def chain(parts: list[Pieces]) -> Pieces:
        """Several one after the other."""
        return Pieces(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Pieces)))

    def together(self) -> Pieces:
        """One area from the pieces of one."""
        joined = shapely.coverage_union_all(self.geometry)
        if not joined.is_valid:  # GEOS before 3.14 lets a shell touch itself where it goes around a hole
            joined = shapely.make_valid(joined, method="structure")
        geometry = np.array([joined])
        sums = (getattr(self, name).sum(keepdims=True) for name in ("ground_m2", "confidence", "confident_pixels"))
        return Pieces(geometry, self.value[:1], *sums)


class Joiner:
    """Takes the pieces of strips from the top and returns finished areas.

    What it holds are the outlines of areas that touch the last strip's end, and nothing of the map.
    """

    def __init__(self) -> None:
        self._groups: list[list[Pieces]] = []
        self._row: np.ndarray | None = None

    def add(self, pieces: Pieces, labels: np.ndarray, wanted: np.ndarray, last: bool) -> Pieces:
        """Join a strip's pieces to those above.

        Args:
            pieces: all of the strip (n,).
            labels: (H, W) which piece each pixel belongs to.
            wanted: (n,) bool, pieces to keep; the others vanish here.
            last: whether no strip follows.

        Returns:
            Areas that are complete now.
        """
        shown = np.where(wanted, np.arange(len(pieces)), NOWHERE)
        top = shown[labels[0]]
        bottom = np.full_like(top, NOWHERE) if last else shown[labels[-1]]
        border = np.unique(np.concatenate([top, bottom]))
        border = border[border != NOWHERE]
        inside = wanted.copy()
        inside[border] = False
        node = self._nodes(border)
        group, count = self._connect(pieces, top, node)
        merged: list[list[Pieces]] = [[] for _ in range(count)]
        for index, held in enumerate(self._groups):
            merged[group[index]] = _longer_first(merged[group[index]], held)
        for piece in border:
            merged[group[node[piece]]].append(pieces.take(np.array([piece])))
        finished = self._keep_open(merged, group, node[bottom])
        return Pieces.chain([pieces.take(inside), *finished])

    def _nodes(self, border: np.ndarray) -> np.ndarray:
        """From a piece at the strip's border to its node: after the groups that are open."""
        node = np.full(int(border.max(initial=NOWHERE)) + 2, NOWHERE)
        node[border] = len(self._groups) + np.arange(len(border))
        return node

    def _connect(self, pieces: Pieces, top: np.ndarray, node: np.ndarray) -> tuple[np.ndarray, int]:
        count = len(self._groups) + int((node != NOWHERE).sum())
        if self._row is None:
            return connected(np.empty(0, int), np.empty(0, int), count)
        values = np.array([held[0].value[0] for held in self._groups], np.uint8)
        meet = (self._row != NOWHERE) & (top != NOWHERE)
        above, below = self._row[meet], top[meet]
        same = values[above] == pieces.value[below]
        links = np.unique(np.column_stack([above[same], node[below[same]]]), axis=0)
        return connected(links[:, 0], links[:, 1], count)

    def _keep_open(self, merged: list[list[Pieces]], group: np.ndarray, bottom: np.ndarray) -> list[Pieces]:
        """Keep the groups that reach the strip's end; return the others as areas."""
        reach = np.unique(group[bottom[bottom != NOWHERE]])
        self._groups = [merged[index] for index in reach]
        number = np.full(len(merged), NOWHERE)
        number[reach] = np.arange(len(reach))
        self._row = np.where(bottom == NOWHERE, NOWHERE, number[group[bottom]]) if len(group) else bottom
        return [Pieces.chain(merged[index]).together() for index in np.flatnonzero(number == NOWHERE)]


def _longer_first(one: list[Pieces], other: list[Pieces]) -> list[Pieces]:
    """Both lists in one, by extending the longer."""
    long, short = (one, other) if len(one) >= len(other) else (other, one)
    long.extend(short)
    return long


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
