"""A class map in, polygons of its classes out; small areas go to their neighbours."""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import shapely
from rasterio.transform import Affine

from ...config.card import CardClass
from ...errors import RasterError
from ...events import EventLog, Log
from ...types import given
from .class_map import BACKGROUND, NODATA, ClassMap, Filter, Ground, MapFile, PolygonOptions, Strip, placed, watched
from .components import components
from .layer import Fields, VectorLayer
from .outlines import Joiner, Pieces, outlines, right_angled

HALO = 64
"""Least rows read beyond a strip, so that areas up to this height are judged whole."""

ROUNDING = 1e-9
"""What sums of pixels' sizes may lack and still be as large."""


def halo_rows(minimum: float, strip_rows: int) -> int:
    """Rows to read beyond a strip: small areas up to twice as high as a square are judged whole, if a strip is as high.

    Args:
        minimum: pixels below which an area is small.
        strip_rows: rows of a strip, to which the halo is held lest memory grow with the area.
    """
    return max(HALO, min(strip_rows, math.ceil(2 * math.sqrt(minimum))))


def absorb(
    values: np.ndarray,
    minimum: float,
    background_minimum: float,
    goes_on: tuple[bool, bool] = (False, False),
    pixel: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Give each small 4-connected area the value it shares most border with; of equals, the lowest.

    No-data neither gives nor takes. A small area between small areas waits until one of them has been given away;
    where no area around is large, all stay.

    Args:
        values: (H, W) uint8 class values.
        minimum: size below which an area of a class is small.
        background_minimum: the same for background.
        goes_on: whether the map goes on above: areas that reach the first row count as large; the same below.
        pixel: size of a pixel, or of those of each row (H,).

    Returns:
        (H, W) uint8.
    """
    labels, count = components(values)
    value = np.zeros(count, np.uint8)
    value[labels] = values
    least = np.where(value == BACKGROUND, background_minimum, minimum)
    small = sizes(labels, count, pixel) < least * (1 - ROUNDING)
    small[value == NODATA] = False
    for reaches, row in zip(goes_on, (labels[0], labels[-1]), strict=True):
        if reaches:
            small[row] = False
    return _given(value, small, *_borders(labels, small))[labels] if small.any() else values


def sizes(labels: np.ndarray, count: int, pixel: float | np.ndarray) -> np.ndarray:
    """The sizes (count,) of the areas of labels (H, W), in what a pixel, or one of each row (H,), measures."""
    if np.ndim(pixel) == 0:
        return np.bincount(labels.ravel(), minlength=count) * pixel
    return np.bincount(labels.ravel(), np.repeat(pixel, labels.shape[1]), count)


def _borders(labels: np.ndarray, small: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Small areas (m,), their neighbours (m,), and the length of the border between them (m,)."""
    count = len(small)
    keys = []
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        across = one != other
        one, other = one[across].astype(np.int64), other[across].astype(np.int64)
        keys += [(one * count + other)[small[one]], (other * count + one)[small[other]]]
    key, length = np.unique(np.concatenate(keys), return_counts=True)
    return key // count, key % count, length


def _given(
    value: np.ndarray, small: np.ndarray, area: np.ndarray, neighbour: np.ndarray, length: np.ndarray
) -> np.ndarray:
    value, waiting = value.copy(), small.copy()
    while True:
        area, neighbour, length = (one[waiting[area]] for one in (area, neighbour, length))
        takes = ~waiting[neighbour] & (value[neighbour] != NODATA)
        if not takes.any():
            return value
        # Border by (area, value), so that neighbours of one class count together.
        key, at = np.unique(area[takes] * 256 + value[neighbour[takes]], return_inverse=True)
        total = np.bincount(at, weights=length[takes])
        order = np.lexsort((key % 256, -total, key // 256))
        receivers, first = np.unique(key[order] // 256, return_index=True)
        value[receivers] = (key[order] % 256)[first]
        waiting[receivers] = False


LAYER = "polygons"
NOISE_PIXELS = 2.5
"""Steps of the pixels that right-angled outlines do not follow."""


def polygons(
    class_map: MapFile,
    output: Path,
    card_classes: list[CardClass],
    options: PolygonOptions | None = None,
    events: Log | None = None,
) -> int:
    """Write the 4-connected areas of a class map as polygons.

    Fields: `class`, `class_id` (the map's value), `confidence` (mean percent, where a confidence map is given),
    `area_m2` and `perimeter_m` on the ellipsoid. Without minimum area and simplification each polygon has exactly the
    area of its pixels. What is held in memory is one strip and the outlines of areas that later strips may touch.

    Args:
        class_map: the map.
        output: a `.gpkg`, `.fgb` or `.parquet` file; replaced when everything is written.
        card_classes: the classes from value 1.
        options: how.
        events: gets `progress`; its stop file is honoured between strips.

    Returns:
        The number of polygons.

    Raises:
        RasterError: a map cannot be read, the grids differ, or a value has no class.
        OutputError: the output cannot be written.
        Stopped: the stop file appeared; nothing is left behind.
    """
    options, events = options or PolygonOptions(), events or EventLog(None)
    path, confidence, strip_rows = class_map
    with ExitStack() as stack:
        source = stack.enter_context(ClassMap(path, strip_rows))
        beside = stack.enter_context(ClassMap(confidence)) if confidence else None
        if beside and not beside.same_grid(source):
            raise RasterError(f"The confidence {confidence} is not on the grid of {path}; give the one made with it.")
        names = np.array(["", *(one.name for one in card_classes)], object)
        features = _Features(source, names, options, beside)
        layer = stack.enter_context(VectorLayer(output, LAYER, "Polygon", features.none(), source.crs))
        strips = source.strips(*_sieve(source, options))
        joiner = Joiner()
        for strip in watched(strips, len(source.starts()), LAYER, events):
            layer.write(*features.of(features.finished(joiner, strip)))
        layer.finish()
    return layer.count


def _sieve(source: ClassMap, options: PolygonOptions) -> tuple[Filter | None, int]:
    """The function that gives small areas away (none where none is small), and the rows beyond a strip it looks at."""
    if options.minimum_area_m2 == options.fill_holes_m2 == 0:
        return None, 0

    def sieve(values: np.ndarray, row: int, height: int) -> np.ndarray:
        goes_on = row > 0, row + height < source.height
        pixel = source.pixel_areas(row, height)
        return absorb(values, options.minimum_area_m2, options.fill_holes_m2, goes_on, pixel)

    least = min(source.pixel_areas(0, source.height).min(), np.prod(source.metres))
    largest = max(options.minimum_area_m2, options.fill_holes_m2) / least
    return sieve, halo_rows(largest, source.strip_rows)


def _check_values(value: np.ndarray, names: np.ndarray, path: Path) -> None:
    unknown = np.unique(value[(value >= len(names)) & (value != NODATA)])
    if len(unknown):
        raise RasterError(
            f"{path} has the value {unknown[0]}, and the model has {len(names) - 1} classes.",
            "Give the class map together with the model that made it.",
        )


def _geometry(strip: Strip, labels: np.ndarray, count: int, tolerance: float) -> np.ndarray:
    """Polygons (n,) of a strip's areas in the map's pixels, simplified as a coverage inside the strip.

    The strip's ends stay as they are, with the corners of both sides, so that pieces fit each other.
    """
    top, bottom = _corners(strip.above, strip.values[0]), _corners(strip.values[-1], strip.below)
    geometry = outlines(labels, count, top, bottom)
    if tolerance > 0:
        geometry = shapely.coverage_simplify(geometry, tolerance, simplify_boundary=False)
    return placed(geometry, Affine.translation(0, strip.row))


def _corners(above: np.ndarray | None, below: np.ndarray | None) -> np.ndarray:
    """Corners (W + 1,) between two rows of values at which either changes; none where one row is missing."""
    width = len(given(above if below is None else below))
    corners = np.zeros(width + 1, bool)
    if above is not None and below is not None:
        corners[1:-1] = (above[1:] != above[:-1]) | (below[1:] != below[:-1])
    return corners


def _confidence(labels: np.ndarray, count: int, confidence: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    if confidence is None:
        return np.zeros(count), np.zeros(count)
    known = confidence != NODATA
    where = labels[known]
    return np.bincount(where, confidence[known], count), np.bincount(where, minlength=count).astype(float)


class _Features:
    """Turns finished areas into rows of the layer.

    Args:
        source: the class map.
        names: class names by value.
        options: what to leave out and what to square.
        beside: the confidence, where there is such a field.
    """

    def __init__(self, source: ClassMap, names: np.ndarray, options: PolygonOptions, beside: ClassMap | None) -> None:
        self._source, self._names, self._options, self._beside = source, names, options, beside
        self._transform, self._metres = source.transform, source.metres
        self._ground = Ground(source.crs)

    def none(self) -> Fields:
        """The fields without rows."""
        nothing = np.empty(0)
        empty = Pieces(nothing.astype(object), nothing.astype(np.uint8), nothing, nothing, nothing)
        return self.of(empty)[1]

    def finished(self, joiner: Joiner, strip: Strip) -> Pieces:
        """The areas that a strip completes."""
        source, options, beside = self._source, self._options, self._beside
        labels, count = components(strip.values)
        value = np.zeros(count, np.uint8)
        value[labels] = strip.values
        _check_values(value, self._names, source.path)
        confidence = beside.read(strip.row, len(labels)) if beside else None
        tolerance = options.simplify_m / float(np.sqrt(np.prod(source.metres)))
        pieces = Pieces(
            _geometry(strip, labels, count, tolerance),
            value,
            sizes(labels, count, source.pixel_areas(strip.row, len(labels))),
            *_confidence(labels, count, confidence),
        )
        wanted = (value != BACKGROUND) & (value != NODATA)
        if options.classes is not None:
            wanted &= np.isin(value, list(options.classes))
        return joiner.add(pieces, labels, wanted, last=strip.below is None)

    def of(self, areas: Pieces) -> tuple[np.ndarray, Fields]:
        """Geometries in the map's CRS and their fields."""
        # The sieve sees small areas only where they fit into its window.
        areas = areas.take(areas.ground_m2 >= self._options.minimum_area_m2 * (1 - ROUNDING))
        geometry = placed(self._squared(areas), self._transform)
        fields = {"class": self._names[areas.value], "class_id": areas.value.astype(np.int32)}
        if self._beside is not None:
            with np.errstate(invalid="ignore"):
                fields["confidence"] = areas.confidence / areas.confident_pixels
        area, perimeter = self._ground.areas_and_perimeters(geometry)
        return geometry, {**fields, "area_m2": area, "perimeter_m": perimeter}

    def _squared(self, areas: Pieces) -> np.ndarray:
        geometry: np.ndarray = areas.geometry.copy()
        to_metres = Affine.scale(*self._metres)
        tolerance = max(self._options.simplify_m, NOISE_PIXELS * max(self._metres))
        which = np.isin(areas.value, list(self._options.right_angled))
        squared = [right_angled(polygon, tolerance) for polygon in placed(geometry[which], to_metres)]
        geometry[which] = placed(np.array(squared, object), ~to_metres)
        return geometry
