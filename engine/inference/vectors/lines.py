"""A class map in, centre lines of one class out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from rasterio.transform import Affine

from ...events import EventLog, Log
from .class_map import ClassMap, MapFile, watched
from .layer import Fields, VectorLayer
from .network import bridge, drop_short, merged, prune, smooth, thin, trace, without_thick
from .options import Ground, LineOptions, placed
from .polygons import absorb, halo_rows

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
