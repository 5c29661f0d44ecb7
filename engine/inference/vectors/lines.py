"""A class map in, centre lines of one class out: masks are thinned, traced, pruned, bridged, smoothed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from rasterio.transform import Affine

from ...events import EventLog, Log
from .class_map import ClassMap, Ground, LineOptions, MapFile, placed, watched
from .layer import Fields, VectorLayer
from .polygons import absorb, halo_rows

_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Offsets of P2 ... P9: north, then clockwise."""


def thin(mask: np.ndarray, iterations: int) -> np.ndarray:
    """Peel a mask until it is thin, or `iterations` times.

    Each iteration looks two pixels far, so a result is exact `2 * iterations` pixels away from a cut.
    Only pixels whose surroundings changed are looked at again.

    Args:
        mask: (H, W) bool.
        iterations: each takes a layer from all sides.

    Returns:
        (H, W) bool; areas wider than about twice the iterations are still areas.
    """
    padded = np.pad(mask, 1)
    flat, width = padded.ravel(), padded.shape[1]
    around = np.array([row * width + column for row, column in _AROUND])
    # By half iteration, the pixels whose surroundings changed since it looked last; at first those at a border.
    inner = mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    pending = [np.flatnonzero(np.pad(mask & ~inner, 1))] * 2
    scratch = np.empty(flat.shape, np.int32)
    for half in range(2 * iterations):
        this, other = half % 2, 1 - half % 2
        look = pending[this][flat[pending[this]]]
        code = sum(flat[look + offset].astype(np.uint8) << bit for bit, offset in enumerate(around))
        removed = look[_REMOVABLE[this][code]]
        flat[removed] = False
        touched = (removed[:, None] + around).ravel()
        pending[this] = _distinct(touched[flat[touched]], scratch)
        pending[other] = _distinct(np.concatenate([pending[other], pending[this]]), scratch)
        if not len(pending[other]):
            break
    return padded[1:-1, 1:-1]


def _distinct(index: np.ndarray, scratch: np.ndarray) -> np.ndarray:
    """Each pixel once, in any order: of equals, the one that wrote last into the scratch image."""
    # Sorting, or hashing as numpy does, takes many times as long.
    order = np.arange(len(index), dtype=scratch.dtype)
    scratch[index] = order
    found: np.ndarray = index[scratch[index] == order]
    return found


def without_thick(skeleton: np.ndarray) -> np.ndarray:
    """Remove what is still an area: full 3 x 3 squares, and all within two pixels of them."""
    full = ~_grown(~skeleton, 1)
    return skeleton & ~_grown(full, 2) if full.any() else skeleton


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    """The mask and all within `by` pixels of it, rows first, then columns; nothing comes in from outside."""
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, by + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            grown[tuple(ahead)] |= mask[tuple(behind)]
            grown[tuple(behind)] |= mask[tuple(ahead)]
        mask = grown
    return mask


def _removable() -> np.ndarray:
    """By half iteration (2) and code of the eight neighbours (256): whether the pixel may go."""
    neighbours = (np.arange(256)[:, None] >> np.arange(8)) & 1
    north, _, east, _, south, _, west, _ = neighbours.T
    number = neighbours.sum(axis=1)
    rises = ((neighbours == 0) & (np.roll(neighbours, -1, axis=1) == 1)).sum(axis=1)
    border = (number >= 2) & (number <= 6) & (rises == 1)
    first = border & (north * east * south == 0) & (east * south * west == 0)
    second = border & (north * east * west == 0) & (north * south * west == 0)
    return np.stack([first, second])


_REMOVABLE = _removable()


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


PRUNING_ROUNDS = 3
_LOOK_BACK = 2.0
"""A free end's direction is that of its last part, this many gaps long."""


@dataclass(frozen=True)
class Ends:
    """The ends of lines (n,): which node each start and each end is (n, 2), and how many ends meet there (n, 2)."""

    node: np.ndarray
    degree: np.ndarray

    def free(self) -> np.ndarray:
        """(n, 2) bool: nothing else is there."""
        found: np.ndarray = self.degree == 1
        return found


def merged(lines: np.ndarray) -> np.ndarray:
    """Lines joined wherever exactly two ends meet."""
    found: np.ndarray = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    return found


def ends_of(lines: np.ndarray) -> Ends:
    """Where lines (n,) start and end."""
    points = np.stack([shapely.get_coordinates(shapely.get_point(lines, index)) for index in (0, -1)], axis=1)
    _, node, count = np.unique(points.reshape(-1, 2), axis=0, return_inverse=True, return_counts=True)
    node = node.reshape(-1, 2)
    return Ends(node, count[node])


def prune(lines: np.ndarray, length: float) -> np.ndarray:
    """Drop branches with one free end, and pieces with two, below `length`; what was branched from grows together."""
    for _ in range(PRUNING_ROUNDS):
        spur = ends_of(lines).free().any(axis=1) & (shapely.length(lines) < length)
        if not spur.any():
            break
        lines = merged(lines[~spur])
    return lines


def bridge(lines: np.ndarray, gap: float, degrees: float) -> np.ndarray:
    """Join free ends that point at each other, the nearest first, each once.

    Args:
        lines: (n,).
        gap: the largest distance.
        degrees: how far the way across may turn from either end's direction.
    """
    tips, heading, nodes = _tips(lines, ends_of(lines), gap)
    if len(tips) < 2:
        return lines
    points = shapely.points(tips[:, :2])
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=gap)
    one, other = one[one < other], other[one < other]
    way = tips[other, :2] - tips[one, :2]
    distance = np.hypot(*way.T)
    turn = np.minimum((heading[one] * way).sum(axis=1), -(heading[other] * way).sum(axis=1))
    faces = (turn >= np.cos(np.radians(degrees)) * distance) & (nodes[one] != nodes[other])
    pairs = _nearest_first(one[faces], other[faces], distance[faces])
    return merged(np.concatenate([lines, shapely.linestrings(tips[pairs])])) if len(pairs) else lines


def drop_short(lines: np.ndarray, length: float) -> np.ndarray:
    """Drop lines with a free end, or closed ones, shorter than `length`."""
    ends = ends_of(lines)
    loose = ends.free().any(axis=1) | (ends.node[:, 0] == ends.node[:, 1])
    found: np.ndarray = lines[~(loose & (shapely.length(lines) < length))]
    return found


def smooth(lines: np.ndarray, tolerance: float, rounds: int) -> np.ndarray:
    """Simplify, then cut corners (G. Chaikin, 1974); ends stay where they are."""
    lines = shapely.simplify(lines, tolerance, preserve_topology=True) if tolerance else lines
    cut = [_corners_cut(shapely.get_coordinates(line), rounds) for line in lines]
    return np.array([shapely.linestrings(points) for points in cut], object)


def _tips(lines: np.ndarray, ends: Ends, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Free ends (m, 3), the unit vector (m, 2) in which each points, and their nodes (m,)."""
    line, side = np.nonzero(ends.free())
    tip = shapely.get_coordinates(shapely.get_point(lines[line], -side), include_z=True)
    back = np.minimum(_LOOK_BACK * gap, shapely.length(lines[line]))
    along = np.where(side == 0, back, shapely.length(lines[line]) - back)
    heading = tip[:, :2] - shapely.get_coordinates(shapely.line_interpolate_point(lines[line], along))
    heading /= np.maximum(np.hypot(*heading.T), 1e-9)[:, None]
    return tip, heading, ends.node[line, side]


def _nearest_first(one: np.ndarray, other: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Pairs (k, 2) in which no end appears twice."""
    taken: set[int] = set()
    pairs = []
    for index in np.argsort(distance, kind="stable"):
        pair = int(one[index]), int(other[index])
        if taken.isdisjoint(pair):
            taken.update(pair)
            pairs.append(pair)
    return np.array(pairs, int).reshape(-1, 2)


def _corners_cut(points: np.ndarray, rounds: int) -> np.ndarray:
    for _ in range(rounds if len(points) > 2 else 0):
        early, late = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        inner = np.stack([early, late], axis=1).reshape(-1, points.shape[1])
        points = np.concatenate([points[:1], inner[1:-1], points[-1:]])
    return points


LAYER = "lines"


class MapClass(NamedTuple):
    """A class by its value in a map, and its name."""

    value: int
    name: str = ""


def centre_lines(
    class_map: MapFile, output: Path, which: MapClass, options: LineOptions | None = None, events: Log | None = None
) -> int:
    """Write the centre lines of a class's thin areas, for example roads.

    Strips are thinned with as many rows beyond their ends as thinning looks far, so the skeleton is that of the whole
    map. Fields: `class`, `class_id` (the map's value), `length_m` on the ellipsoid, `width_m` the median width across
    the line. What is held in memory is one strip and the lines themselves.

    Args:
        class_map: the map.
        output: a `.gpkg`, `.fgb` or `.parquet` file; replaced when everything is written.
        which: the class.
        options: how.
        events: gets `progress`; its stop file is honoured between strips.

    Returns:
        The number of lines.

    Raises:
        RasterError: the map cannot be read.
        OutputError: the output cannot be written.
        Stopped: the stop file appeared; nothing is left behind.
    """
    options, events = options or LineOptions(), events or EventLog(None)
    with ExitStack() as stack:
        source = stack.enter_context(ClassMap(class_map.path, class_map.strip_rows))
        nothing = _fields(which, np.empty(0), np.empty(0))
        layer = stack.enter_context(VectorLayer(output, LAYER, "LineString", nothing, source.crs))
        strips = _strip_lines(source, which.value, options)
        lines = np.concatenate(list(watched(strips, len(source.starts()), LAYER, events)))
        lines = _network(placed_with_z(lines, source.metres), options)
        geometry, width = _drawn(lines, source, options)
        layer.write(geometry, _fields(which, Ground(source.crs).lengths(geometry), width))
        layer.finish()
    return layer.count


def placed_with_z(lines: np.ndarray, metres: tuple[float, float]) -> np.ndarray:
    """Lines in pixels as lines in ground metres (columns, rows, width)."""
    scale = np.array([*metres, math.sqrt(metres[0] * metres[1])])
    found: np.ndarray = shapely.transform(lines, lambda points: points * scale, include_z=True)
    return found


def _strip_lines(source: ClassMap, class_value: int, options: LineOptions) -> Iterator[np.ndarray]:
    """The lines of each strip in the map's pixels; strips share the points on their borders."""
    pixels = options.maximum_width_m / min(source.metres)
    # One iteration takes a pixel from both sides, but only 1/sqrt(2) of one across a diagonal.
    iterations = math.ceil(pixels / 2 * math.sqrt(2)) + 1
    halo = 2 * iterations + 3
    for row in source.starts():
        height = min(source.strip_rows, source.height - row)
        first, last = max(0, row - halo), min(source.height, row + height + halo)
        mask = _mask(source, class_value, first, last, options)
        skeleton = without_thick(thin(mask, iterations))
        lines = trace(skeleton, mask, row - first, row - first + height, pixels)
        origin = np.array([0, first, 0])
        yield shapely.transform(lines, lambda points, origin=origin: points + origin, include_z=True)


def _mask(source: ClassMap, class_value: int, first: int, last: int, options: LineOptions) -> np.ndarray:
    """Where the class is in some rows (H, W) bool, without its specks and small holes."""
    limits = options.minimum_area_m2, options.fill_holes_m2
    halo = halo_rows(max(limits) / source.pixel_areas(first, last - first).min(), source.strip_rows)
    start, end = max(0, first - halo), min(source.height, last + halo)
    mask = source.read(start, end - start) == class_value
    pixel = source.pixel_areas(start, end - start)
    clean = absorb(mask.astype(np.uint8), *limits, (start > 0, end < source.height), pixel)
    return clean[first - start : last - start].astype(bool)


def _network(lines: np.ndarray, options: LineOptions) -> np.ndarray:
    lines = prune(merged(lines), options.spur_m)
    if options.gap_m:
        lines = bridge(lines, options.gap_m, options.gap_degrees)
    return drop_short(lines, options.minimum_length_m)


def _drawn(lines: np.ndarray, source: ClassMap, options: LineOptions) -> tuple[np.ndarray, np.ndarray]:
    """Lines in ground metres, with the width as Z, as lines in the map's CRS and their widths."""
    width = np.array([np.median(shapely.get_coordinates(line, include_z=True)[:, 2]) for line in lines])
    thin_enough = width <= options.maximum_width_m
    to_crs = source.transform @ Affine.scale(1 / source.metres[0], 1 / source.metres[1])
    return placed(smooth(lines[thin_enough], options.simplify_m, options.smoothing), to_crs), width[thin_enough]


def _fields(which: MapClass, length: np.ndarray, width: np.ndarray) -> Fields:
    count = len(length)
    named = {"class": np.full(count, which.name, object), "class_id": np.full(count, which.value, np.int32)}
    return {**named, "length_m": length, "width_m": width}
