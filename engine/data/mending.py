"""Geometries made valid, in bounded time: what they show near a grid counts, and nothing else is computed."""

from __future__ import annotations

import numpy as np
import shapely
from rasterio.features import rasterize, shapes
from rasterio.transform import Affine
from shapely import Geometry, GeometryType
from shapely.errors import GEOSException

from .masks import polygons_of

MOST_COORDINATE = 1e12
"""Coordinates beyond are no places, in whatever unit."""
MOST_CROSSINGS = 300
"""Crossings of an outline with itself up to which its faces are computed: the time grows with their square."""
_SAMPLE = 64
_CELLS = 1024
"""Most cells a side on which other outlines are painted."""
_AREA = 2
_BEYOND = 16
"""Sizes of a grid beyond it that a geometry is kept: what stands for a large label are places all over it."""


def broken(geometries: np.ndarray) -> np.ndarray:
    """Which of some geometries (n,) have coordinates that are no places."""
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    result = np.zeros(len(geometries), bool)
    result[owners[~(np.abs(coordinates) < MOST_COORDINATE).all(axis=1)]] = True
    return result


def mended(geometries: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    """Valid geometries (n,): self-crossing polygons keep their area and lose the lines that mending leaves.

    Polygons without any area become empty. An outline that crosses itself hundreds of times is taken for the pixels
    whose centres it covers, by the same rule of even and odd by which its faces would be.

    Args:
        geometries: any, none for none.
        size: (width, height) of the grid in whose pixels they are; without one such outlines stay as they are.
    """
    geometries = geometries.copy()
    for index in np.flatnonzero(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries)):
        geometry = geometries[index]
        if shapely.get_dimensions(geometry) == _AREA and _crossings(geometry) > MOST_CROSSINGS:
            geometries[index] = geometry if size is None else _painted(geometry, *size)
        else:
            geometries[index] = _valid(geometry)
    collections = shapely.get_type_id(geometries) == GeometryType.GEOMETRYCOLLECTION
    for index in np.flatnonzero(collections & (shapely.get_dimensions(geometries) == _AREA)):
        geometries[index] = polygons_of(geometries[index])
    return geometries


def clipped(geometries: np.ndarray, bounds: tuple[float, float, float, float]) -> np.ndarray:
    """What of valid geometries (n,) lies near a grid: those are cut that reach many times its size beyond it.

    Args:
        geometries: in some CRS.
        bounds: left, bottom, right, top of the grid in that CRS.
    """
    left, bottom, right, top = bounds
    across, up = _BEYOND * (right - left), _BEYOND * (top - bottom)
    near = left - across, bottom - up, right + across, top + up
    own = shapely.bounds(geometries)
    far = (own[:, :2] < near[:2]).any(axis=1) | (own[:, 2:] > near[2:]).any(axis=1)
    geometries = geometries.copy()
    for index in np.flatnonzero(far & shapely.is_valid(geometries) & (shapely.get_dimensions(geometries) > 0)):
        geometries[index] = _cut(geometries[index], near)
    return geometries


def _cut(geometry: Geometry, box: tuple[float, float, float, float]) -> Geometry:
    try:
        part = shapely.clip_by_rect(geometry, *box)
    except GEOSException:
        part = shapely.intersection(geometry, shapely.box(*box))
    return polygons_of(part) if shapely.get_dimensions(geometry) == _AREA else part


def _valid(geometry: Geometry) -> Geometry:
    valid = shapely.make_valid(geometry)
    if shapely.get_dimensions(geometry) != _AREA:
        return valid
    parts = [part for part in shapely.get_parts(valid) if shapely.get_dimensions(part) == _AREA]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _crossings(geometry: Geometry) -> float:
    """About how often the outlines of a polygon meet, apart from where one edge follows another."""
    ends, rings = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(geometry)), return_index=True)
    same = rings[1:] == rings[:-1]
    edges = shapely.linestrings(np.stack([ends[:-1][same], ends[1:][same]], axis=1))
    if len(edges) * (len(edges) - 3) / 2 <= MOST_CROSSINGS:
        return 0
    some = edges[np.linspace(0, len(edges) - 1, min(len(edges), _SAMPLE)).astype(int)]
    meetings = len(shapely.STRtree(edges).query(some, predicate="intersects")[0])
    return (meetings / len(some) - 3) * len(edges) / 2  # each meets itself and its neighbours


def _painted(geometry: Geometry, width: int, height: int) -> Geometry:
    left, top, right, bottom = shapely.bounds(geometry)
    left, top = max(np.floor(left), -width), max(np.floor(top), -height)
    right, bottom = min(np.ceil(right), 2 * width), min(np.ceil(bottom), 2 * height)
    if not (right > left and bottom > top):
        return shapely.Polygon()
    side = max(1.0, np.ceil(max(right - left, bottom - top) / _CELLS))
    cells = Affine.translation(left, top) @ Affine.scale(side)
    shape = int(np.ceil((bottom - top) / side)), int(np.ceil((right - left) / side))
    mask = rasterize([(geometry, 1)], out_shape=shape, transform=cells, dtype=np.uint8)
    parts = [shapely.geometry.shape(outline) for outline, _ in shapes(mask, mask > 0, transform=cells)]
    return shapely.multipolygons(parts)
