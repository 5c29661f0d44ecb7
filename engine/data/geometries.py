"""Geometries from WKB, surfaces of 3D city models among them, made valid in bounded time; a shapefile's encoding.

Geometries from WKB, also of the surface types of 3D city models, which GEOS does not know.

A TIN or a polyhedral surface is seen from above: the union of its faces, of which upright ones cover nothing.
"""

from __future__ import annotations

import codecs
import struct
from pathlib import Path

import numpy as np
import shapely
from rasterio.features import rasterize, shapes
from rasterio.transform import Affine
from shapely import Geometry, GeometryType
from shapely.errors import GEOSException

from .masks import polygons_of

LANGUAGE = 29
"""The byte of a table's header that says a language; 0 says nothing."""
MOST_BYTES = 2**24
"""Bytes of attributes that are looked at."""


def encoding_of(path: str) -> str | None:
    """How a shapefile without .cpg is written, of which GDAL takes UTF-8 for ISO-8859-1; none where GDAL knows."""
    table = Path(path).with_suffix(".dbf")
    if Path(path).suffix.lower() != ".shp" or not table.is_file():
        return None
    if any(table.with_suffix(ending).exists() for ending in (".cpg", ".CPG", ".cst")):
        return None
    with table.open("rb") as file:
        content = file.read(MOST_BYTES)
    records = content[int.from_bytes(content[8:10], "little") :]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(records)
    except UnicodeDecodeError:
        return None if content[LANGUAGE] else "ISO-8859-1"
    return None if records.isascii() else "UTF-8"


POINT, LINE, POLYGON, COLLECTION, SURFACE, TIN, TRIANGLE = 1, 2, 3, 7, 15, 16, 17
NAMES = {
    8: "CircularString", 9: "CompoundCurve", 10: "CurvePolygon", 11: "MultiCurve", 12: "MultiSurface", 13: "Curve",
    14: "Surface", SURFACE: "PolyhedralSurface", TIN: "TIN", TRIANGLE: "Triangle",
}  # fmt: skip
"""Types of WKB (OGC 06-103r4, table 7) beyond the plain ones."""
_MULTIPLE = {4: shapely.MultiPoint, 5: shapely.MultiLineString, 6: shapely.MultiPolygon}
_Z, _M = 0x80000000, 0x40000000
"""The flags by which older WKB says that there are more coordinates."""


BROKEN = shapely.Point(np.inf, np.inf)
"""What stands for bytes that are no geometry: at no place."""


def geometries_of(wkb: np.ndarray) -> np.ndarray:
    """Geometries (n,) of WKB (n,), none for none, `BROKEN` for what is damaged.

    Raises:
        ValueError: a type that is not known here; the message names it.
    """
    try:
        found: np.ndarray = shapely.from_wkb(wkb)
        return found
    except GEOSException:
        return np.array([None if each is None else _geometry(bytes(each)) for each in wkb], dtype=object)


def type_name(code: int) -> str:
    """A type of WKB, with or without further coordinates, in words."""
    return NAMES.get(code % 1000, f"type {code}")


def _geometry(wkb: bytes) -> Geometry:
    try:
        return shapely.from_wkb(wkb)
    except GEOSException:
        pass
    try:
        return _Reader(wkb).geometry()
    except _Unknown:
        raise
    except (struct.error, GEOSException, ValueError, RecursionError):
        return BROKEN


class _Unknown(ValueError):
    """A type of geometry that is not known here."""


class _Reader:
    """Walks through one WKB; further coordinates than x and y are left out."""

    def __init__(self, wkb: bytes) -> None:
        self._wkb, self._at = wkb, 0

    def geometry(self) -> Geometry:
        """The next geometry."""
        order = "<" if self._take("<B") else ">"
        code = self._take(f"{order}I")
        size = 2 + bool(code & _Z) + bool(code & _M)
        kind, more = (code & 0x0FFFFFFF) % 1000, (code & 0x0FFFFFFF) // 1000
        size += {0: 0, 1: 1, 2: 1, 3: 2}.get(more, 0)
        if kind == POINT:
            return shapely.Point(self._coordinates(order, size, 1)[0])
        count = self._take(f"{order}I")
        if kind == LINE:
            return shapely.LineString(self._coordinates(order, size, count))
        if kind in (POLYGON, TRIANGLE):
            rings = [self._coordinates(order, size, self._take(f"{order}I")) for _ in range(count)]
            return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()
        if kind not in (*_MULTIPLE, COLLECTION, SURFACE, TIN):
            raise _Unknown(f"geometries of {type_name(code)}")
        parts = [self.geometry() for _ in range(count)]
        if kind in (SURFACE, TIN):
            return shapely.union_all([shapely.make_valid(face) for face in parts if face.area > 0])
        return _MULTIPLE.get(kind, shapely.GeometryCollection)(parts)

    def _take(self, form: str) -> int:
        value: int
        (value,) = struct.unpack_from(form, self._wkb, self._at)
        self._at += struct.calcsize(form)
        return value

    def _coordinates(self, order: str, size: int, count: int) -> np.ndarray:
        values = np.frombuffer(self._wkb, f"{order}f8", size * count, self._at).reshape(count, size)
        self._at += values.nbytes
        return values[:, :2].astype(float)


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
