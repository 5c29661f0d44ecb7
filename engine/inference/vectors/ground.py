"""Lengths and areas on the ground, whatever the CRS."""

from __future__ import annotations

import itertools

import numpy as np
import pyproj
import shapely
from rasterio.crs import CRS
from rasterio.transform import Affine

from ...data.grid import apply_affine, metres_per_unit, transformer

_ELLIPSOID = pyproj.Geod(ellps="WGS84")


class Ground:
    """Measures geometries on the WGS 84 ellipsoid; a CRS that has no tie to the earth counts in its own linear unit.

    Args:
        crs: the geometries'.
    """

    def __init__(self, crs: CRS) -> None:
        self._crs = crs
        self._on_earth = pyproj.CRS(crs.to_wkt()).geodetic_crs is not None

    def areas_and_perimeters(self, polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Square metres (n,) without holes, and metres (n,) with the holes' rings, of (multi)polygons (n,)."""
        if not self._on_earth:
            unit, _ = metres_per_unit(self._crs, 0, 0, (1, 1))
            return shapely.area(polygons) * unit**2, shapely.length(polygons) * unit
        parts, owner = shapely.get_parts(polygons, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        area, perimeter = self._measured_rings(rings)
        first = np.concatenate([[True], part[1:] != part[:-1]]) if len(part) else np.zeros(0, bool)
        signed = np.where(first, area, -area)
        return _sums(owner[part], signed, len(polygons)), _sums(owner[part], perimeter, len(polygons))

    def lengths(self, lines: np.ndarray) -> np.ndarray:
        """Metres (n,) of linestrings (n,)."""
        if not self._on_earth:
            found: np.ndarray = shapely.length(lines) * metres_per_unit(self._crs, 0, 0, (1, 1))[0]
            return found
        points, owner = shapely.get_coordinates(lines, return_index=True)
        lon, lat = self._lonlat(points)
        inside = owner[1:] == owner[:-1]
        _, _, metres = _ELLIPSOID.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        return _sums(owner[1:][inside], metres[inside], len(lines))

    def _measured_rings(self, rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points, owner = shapely.get_coordinates(rings, return_index=True)
        lon, lat = self._lonlat(points)
        ends = np.searchsorted(owner, np.arange(len(rings) + 1))
        measured = [
            _ELLIPSOID.polygon_area_perimeter(lon[start : end - 1], lat[start : end - 1])
            for start, end in itertools.pairwise(ends)
        ]
        area, perimeter = np.array(measured).reshape(-1, 2).T
        return np.abs(area), perimeter

    def _lonlat(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return transformer(self._crs.to_wkt(), "EPSG:4326").transform(points[:, 0], points[:, 1])


def placed(geometries: np.ndarray, affine: Affine) -> np.ndarray:
    """Geometries (n,) through an affine transform, Z dropped."""
    found: np.ndarray = shapely.transform(geometries, lambda x, y: apply_affine(affine, x, y), interleaved=False)
    return found


def _sums(owner: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    # Of nothing, bincount counts in integers.
    return np.bincount(owner, values, count).astype(float)
