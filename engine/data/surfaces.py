"""Geometries from WKB, also of the surface types of 3D city models, which GEOS does not know.

A TIN or a polyhedral surface is seen from above: the union of its faces, of which upright ones cover nothing.
"""

from __future__ import annotations

import struct

import numpy as np
import shapely
from shapely import Geometry
from shapely.errors import GEOSException

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
