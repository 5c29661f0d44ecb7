"""Coordinate reference systems that are none: GDAL and OGC have several names for not knowing."""

from __future__ import annotations

import pyproj
from pyproj.exceptions import CRSError
from rasterio.crs import CRS

UNDEFINED = {"undefined geographic srs", "undefined cartesian srs", "undefined srs", "unknown engineering crs"}
"""What GeoPackages (OGC 12-128r18, srs_id 0 and -1) and GDAL call a place that nobody has told."""


def is_undefined(crs: CRS | str | None) -> bool:
    """Whether nobody has said where coordinates are: there is no CRS, or one that says just that."""
    if not crs:
        return True
    try:
        known = pyproj.CRS(crs.to_wkt() if isinstance(crs, CRS) else crs)
    except CRSError:
        return False
    return known.name.lower() in UNDEFINED


def horizontal(crs: pyproj.CRS) -> pyproj.CRS:
    """The part of a CRS that says where on the ground."""
    plain = crs.sub_crs_list[0] if crs.is_compound and crs.sub_crs_list else crs
    return plain.source_crs if plain.is_bound and plain.source_crs else plain


def without_places(crs: pyproj.CRS) -> str:
    """Why a CRS's two first coordinates are no place on the ground; empty where they are one."""
    plain = horizontal(crs)
    if plain.is_geocentric:
        return "counts from the earth's centre"
    return "says heights only" if plain.is_vertical else ""
