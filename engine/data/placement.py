"""Whether a raster's pixels have a place on the ground, and which coordinate reference systems are none."""

from __future__ import annotations

import math

import numpy as np
import pyproj
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.transform import Affine

from ..errors import RasterError
from .grid import pixel_metres, transformer

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


LEAST_METRES, MOST_METRES = 1e-6, 1e6
"""Pixels of other lengths on the ground are a mistake in the file."""
_FLAT = 1e-6
"""Sine of the angle between columns and rows, from which on pixels have an area."""
_QUARTER = math.pi / 2
_PLACE_AGAIN = "Place it anew (gdal_translate -a_ullr, or QGIS's Georeferencer)."
_ASSIGN = "assign the right one to it (its layer's properties in QGIS, or gdal_edit.py -a_srs)."


def check_placed(dataset: DatasetReader, name: str) -> None:
    """See that a raster's pixels have a place in a CRS, a size on the ground, and plain numbers as values.

    Args:
        dataset: the open raster.
        name: as the message calls it.

    Raises:
        RasterError: it has no bands or complex numbers; nobody has said its CRS, or it is none of places on the
            ground; it is placed by points or by a camera's model instead of a transform, or by one that places nothing.
    """
    _check_values(dataset, name)
    _check_transform_only(dataset, name)
    if is_undefined(dataset.crs):
        raise RasterError(
            f"{name} has no coordinate reference system; assign one to it (its layer's properties in QGIS, or "
            "gdal_edit.py -a_srs)."
        )
    _check_transform(dataset.transform, name)
    _check_ground(_system(dataset.crs, name), dataset, name)
    _check_lengths(dataset.crs, dataset.transform, dataset.width, dataset.height, name)


def _check_values(dataset: DatasetReader, name: str) -> None:
    if not dataset.count:
        several = len(dataset.subdatasets)
        hint = f"Name one of the {several} rasters in it, such as {dataset.subdatasets[0]}." if several else ""
        raise RasterError(f"{name} has no bands.", hint)
    if any("complex" in kind for kind in dataset.dtypes):
        raise RasterError(f"{name} holds complex numbers.", "Export their amplitude or phase as a raster of its own.")


def _check_transform_only(dataset: DatasetReader, name: str) -> None:
    if not dataset.transform.is_identity:
        return
    points, _ = dataset.gcps
    if points:
        how, option = "ground control points", "-r bilinear"
    elif dataset.rpcs is not None:
        how, option = "a camera's model (RPCs)", "-rpc -t_srs EPSG:CODE"
    elif dataset.tags(ns="GEOLOCATION").get("X_DATASET"):
        how, option = "the coordinates of each pixel (geolocation arrays)", "-geoloc -t_srs EPSG:CODE"
    else:
        return
    raise RasterError(
        f"{name} is placed by {how}, by which it cannot be read here.",
        f"Warp it first: gdalwarp {option} IN.tif OUT.tif (in QGIS: Raster, Projections, Warp).",
    )


def _check_transform(transform: Affine, name: str) -> None:
    values = np.array(transform.to_gdal())
    if not np.isfinite(values).all():
        raise RasterError(f"{name} has a geotransform with values that are no numbers.", _PLACE_AGAIN)
    columns, rows = np.hypot(transform.a, transform.d), np.hypot(transform.b, transform.e)
    if not (columns and rows):
        raise RasterError(f"{name} has pixels without size: its geotransform has a step of zero.", _PLACE_AGAIN)
    sine = abs(transform.a / columns * transform.e / rows - transform.b / rows * transform.d / columns)
    if not sine > _FLAT:
        raise RasterError(
            f"{name} has pixels without area: its geotransform's columns and rows lie on one line.", _PLACE_AGAIN
        )


def _system(crs: CRS, name: str) -> pyproj.CRS:
    try:
        system = pyproj.CRS(crs.to_wkt())
    except (CRSError, UnicodeError) as error:
        raise RasterError(f"{name} has a coordinate reference system that cannot be understood; {_ASSIGN}") from error
    if kind := without_places(system):
        raise RasterError(f"{name} has the coordinate reference system '{system.name}', which {kind}; {_ASSIGN}")
    return horizontal(system)


def _check_ground(system: pyproj.CRS, dataset: DatasetReader, name: str) -> None:
    corners = [dataset.transform @ (x, y) for x in (0, dataset.width) for y in (0, dataset.height)]
    x, y = np.array(corners, dtype=float).T
    if not np.isfinite([x, y]).all():
        raise RasterError(f"{name} reaches to where there are no numbers: its pixels are too large.", _PLACE_AGAIN)
    if system.is_geographic:
        radians = system.axis_info[0].unit_conversion_factor if system.axis_info else math.pi / 180
        step = max(map(abs, dataset.transform.to_gdal()[1:3] + dataset.transform.to_gdal()[4:]))
        # a pixel may be centred on a pole; some count longitudes from 0, some twice around
        if np.abs(y).max() * radians > _QUARTER + step * radians or np.abs(x).max() * radians > 8 * _QUARTER:
            far = np.argmax(np.maximum(np.abs(x), 2 * np.abs(y)))
            raise RasterError(
                f"{name} has the coordinate reference system '{system.name}', in degrees, and reaches to {x[far]:.6g}, "
                f"{y[far]:.6g}, which no degrees are; {_ASSIGN}"
            )
    elif system.geodetic_crs is not None:
        middle = dataset.transform @ (dataset.width / 2, dataset.height / 2)
        try:
            there = transformer(dataset.crs.to_wkt(), "EPSG:4326").transform(*middle)
        except (CRSError, ProjError):
            there = math.nan, math.nan
        if not np.isfinite(there).all():
            raise RasterError(
                f"{name} lies at {middle[0]:.6g}, {middle[1]:.6g}, where its coordinate reference system "
                f"'{system.name}' has no place; {_ASSIGN}"
            )


def _check_lengths(crs: CRS, transform: Affine, width: int, height: int, name: str) -> None:
    for metres in pixel_metres(crs, transform, width, height)[:2]:
        if not LEAST_METRES <= metres <= MOST_METRES:
            raise RasterError(
                f"{name} has pixels of {metres:.3g} m on the ground.",
                "Correct its geotransform or its coordinate reference system.",
            )
