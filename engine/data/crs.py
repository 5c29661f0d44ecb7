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
