"""What can be asked of polygons and centre lines, in ground units, whatever the CRS."""

from __future__ import annotations

import itertools

import numpy as np
import pyproj
import shapely
from pydantic import BaseModel, ConfigDict, Field
from rasterio.crs import CRS
from rasterio.transform import Affine

from ...config.validation import BOUNDED, ClassValues, Extent, Length
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


class PolygonOptions(BaseModel):
    """How a class map becomes polygons; class values are those of the map, 0 is background."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_area_m2: Extent = Field(
        0,
        description="Smaller areas go to the class or background they share most border with; the rest is left out.",
    )
    fill_holes_m2: Extent = Field(0, description="The same for areas of background.")
    simplify_m: Length = Field(
        0, description="Tolerance of simplification; shared borders stay shared. 0 keeps the pixels' outlines."
    )
    right_angled: ClassValues = Field(
        frozenset(), description="Class values whose outlines get right angles, on their own: neighbours may overlap."
    )
    classes: ClassValues | None = Field(None, description="Class values to write; none for all.")


class LineOptions(BaseModel):
    """How the thin areas of a class become centre lines."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_area_m2: Extent = Field(20, description="Smaller areas of the class are left out.")
    fill_holes_m2: Extent = Field(20, description="Smaller holes are closed: a line would run round each.")
    maximum_width_m: float = Field(30, gt=0, le=1e6, description="Wider places give no line.")
    spur_m: Length = Field(10, description="Branches and pieces with a free end are dropped below this length.")
    gap_m: Length = Field(0, description="Free ends that point at each other are joined up to this distance.")
    gap_degrees: float = Field(30, gt=0, le=90, description="How far both ends may point past each other.")
    minimum_length_m: Length = Field(10, description="Shorter lines with a free end are dropped in the end.")
    simplify_m: Length = Field(1, description="Tolerance of simplification before smoothing.")
    smoothing: int = Field(2, ge=0, le=5, description="Rounds of Chaikin's corner cutting.")
