"""Opening rasters: local files, GDAL's virtual file systems, and web addresses, which are read range by range."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from ..errors import RasterError
from .reach import ALLOW, NETWORKS, Beyond, Way, check_opened, is_remote, open_by, open_network, way_to

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
