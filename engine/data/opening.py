"""Opening rasters: local files, GDAL's virtual file systems, and web addresses, which are read range by range."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from xml.sax.saxutils import escape

import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from ..errors import RasterError

_NETWORKS = "/vsicurl", "/vsis3", "/vsigs", "/vsiaz", "/vsiadls", "/vsioss", "/vsiswift"
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


def is_remote(path: str) -> bool:
    """Whether reading it goes over a network."""
    return "://" in path or path.startswith(
        ("/vsicurl", "/vsis3", "/vsigs", "/vsiaz", "/vsiadls", "/vsioss", "/vsiswift")
    )


def open_raster(path: str, overview: int | None = None) -> DatasetReader:
    """Open a raster, at one of its overviews where asked.

    Raises:
        RasterError: missing, not a raster, or its server does not answer.
    """
    if not is_remote(path) and not path.startswith(("/vsi", "<")) and not Path(path).exists():
        raise RasterError(f"The raster {path} does not exist.", "Correct its path or put the file back.")
    try:
        with _looking(path):
            return rasterio.open(path) if overview is None else rasterio.open(path, overview_level=overview)
    except RasterioError as error:
        hint = "Check the address and the connection." if is_remote(path) else ""
        raise RasterError(f"{path} cannot be opened as a raster: {error.__cause__ or error}.", hint) from error


def is_raster(path: str) -> bool:
    """Whether GDAL opens the file as a raster."""
    try:
        with rasterio.open(path):
            return True
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
    place = ", ".join(repr(float(value)) for value in dataset.transform.to_gdal())
    return rasterio.open(
        f'<VRTDataset rasterXSize="{dataset.width}" rasterYSize="{dataset.height}"><SRS>{escape(dataset.crs.to_wkt())}'
        f"</SRS><GeoTransform>{place}</GeoTransform>{bands}</VRTDataset>"
    )


_GDAL_TYPES = {"uint8": "Byte", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64"}


def _looking(path: str) -> AbstractContextManager:
    """Beside a remote file only those others are asked for that GDAL may need: listing a folder may take minutes."""
    return rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="TRUE") if is_remote(path) else nullcontext()
