"""Opening rasters, wherever they are, and whether their pixels have a place on the ground."""

from __future__ import annotations

import math
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pyproj
import rasterio
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.transform import Affine

from ..errors import RasterError
from .grid import pixel_metres, transformer
from .reach import ALLOW, NETWORKS, Beyond, Way, check_opened, is_remote, open_by, open_network, way_to

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


_SETTINGS = {
    # a VRT of many tiles would otherwise open and close them all the time; GDAL's own default is 100
    "GDAL_MAX_DATASET_POOL_SIZE": "450",
    # a server that does not answer, or stalls within an answer, is given up within seconds; GDAL waits for ever
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_LOW_SPEED_TIME": "10",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
    # one that is only busy is asked again
    "GDAL_HTTP_MAX_RETRY": "2",
    "GDAL_HTTP_RETRY_DELAY": "1",
}
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)


def open_raster(path: str, overview: int | None = None, way: Way | None = None) -> DatasetReader:
    """Open a raster, at one of its overviews where asked.

    Args:
        path: as GDAL opens it.
        overview: its number; none means the raster itself.
        way: of a raster that was opened before, in this process or another; none has it looked at.

    Raises:
        RasterError: missing, not a raster, reaching where it may not (`reach`), or its server does not answer.
    """
    if not is_remote(path) and not path.startswith(("/vsi", "<")) and not Path(path).exists():
        raise RasterError(f"The raster {path} does not exist.", "Correct its path or put the file back.")
    try:
        return _opened(path, overview, way)
    except Beyond as error:
        raise RasterError(str(error), error.hint) from error
    except RasterioError as error:
        raise RasterError(f"{path} cannot be opened as a raster: {error.__cause__ or error}.", _hint(path)) from error


def _opened(path: str, overview: int | None = None, way: Way | None = None) -> DatasetReader:
    known, way = way is not None, way or way_to(path)
    if way.network:
        open_network()
    options = {} if overview is None else {"overview_level": overview}
    with _looking(path):
        dataset = open_by(path, way.drivers, **options)
    try:
        if not known:
            check_opened(path, dataset)
    except Beyond:
        dataset.close()
        raise
    return dataset


def _hint(path: str) -> str:
    """What to do about a raster that does not open."""
    if is_remote(path):
        return f"Check the address and the connection. If it leads to a virtual raster that you trust, {ALLOW}."
    if Path(path).is_file() and Path(path).suffix.lower() in (".xml", ".json", ".vrt", ".wms", ".wmts", ".kml"):
        return f"If it stands for others, and you trust it, {ALLOW}."
    return ""


def forget_answers() -> None:
    """From now on this process forgets what came over a network when a file is closed: GDAL keeps half answers too."""
    os.environ.setdefault("CPL_VSIL_CURL_NON_CACHED", ":".join(f"{each}/" for each in NETWORKS))


def is_raster(path: str) -> bool:
    """Whether GDAL opens the file as a raster.

    Raises:
        RasterError: it reaches where it may not.
    """
    try:
        with _opened(path):
            return True
    except Beyond as error:
        raise RasterError(str(error), error.hint) from error
    except RasterioError:
        return False


def without_alpha(dataset: DatasetReader) -> DatasetReader:
    """The same bands, none of them called alpha: warping would take such a band for a mask even where it is data."""
    source = f'<SourceFilename relativeToVRT="0">{escape(dataset.name)}</SourceFilename>'
    bands = "".join(
        f'<VRTRasterBand dataType="{_GDAL_TYPES.get(kind, kind.title())}" band="{band}"><SimpleSource>{source}'
        f"<SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
        for band, kind in enumerate(dataset.dtypes, 1)
    )
    return rasterio.open(_virtual(dataset, bands), driver="VRT")


def palette_bands(dataset: DatasetReader) -> int:
    """How many bands the colours of a raster's only band make: 3 or, with clear ones, 4; 0 where it has no palette."""
    if dataset.count != 1 or dataset.colorinterp[0] != ColorInterp.palette:
        return 0
    clear = dataset.nodata is not None or any(colour[3] == 0 for colour in dataset.colormap(1).values())
    return 3 + clear


def with_colours(dataset: DatasetReader) -> str:
    """A raster whose bands are the colours of another's palette, as XML that GDAL opens; no data is clear."""
    colours = dataset.colormap(1)
    if dataset.nodata is not None:
        colours[int(dataset.nodata)] = (0, 0, 0, 0)
    source = f'<SourceFilename relativeToVRT="0">{escape(dataset.name)}</SourceFilename><SourceBand>1</SourceBand>'
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band + 1}"><ColorInterp>{name}</ColorInterp><ComplexSource>{source}'
        f"<LUT>{','.join(f'{index}:{colours[index][band]}' for index in sorted(colours))}</LUT>"
        "</ComplexSource></VRTRasterBand>"
        for band, name in enumerate(("Red", "Green", "Blue", "Alpha")[: palette_bands(dataset)])
    )
    return _virtual(dataset, bands)


def _virtual(dataset: DatasetReader, bands: str) -> str:
    place = ", ".join(repr(float(value)) for value in dataset.transform.to_gdal())
    return (
        f'<VRTDataset rasterXSize="{dataset.width}" rasterYSize="{dataset.height}"><SRS>{escape(dataset.crs.to_wkt())}'
        f"</SRS><GeoTransform>{place}</GeoTransform>{bands}</VRTDataset>"
    )


_GDAL_TYPES = {"uint8": "Byte", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64"}


def _looking(path: str) -> AbstractContextManager[Any]:
    """Beside a remote file only those others are asked for that GDAL may need: listing a folder may take minutes."""
    return rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="TRUE") if is_remote(path) else nullcontext()
