"""GDAL's answers whatever other plugins have told it, and rasters whose pixels may lie in other files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, Callable

from osgeo import gdal, ogr

PERMISSION = "--allow-remote"
"""The engine's, without which a file reaches only what lies beside it."""

REFERRING = (".vrt", ".nc", ".nc4", ".h5", ".hdf5", ".he5")
"""Endings of virtual rasters, and of HDF5 and netCDF-4, whose library follows links out of a file unseen."""


def may_refer(path: str) -> bool:
    """Whether a raster may have its pixels in other files."""
    return path.lower().endswith(REFERRING)


def permission(arguments: Iterable[str]) -> list[str]:
    """What a command of the engine is given besides, where it is to read such rasters."""
    return [PERMISSION] if any(map(may_refer, arguments)) else []


def permitted(run: Mapping[str, Any]) -> dict[str, Any]:
    """A `run.json` that lets such rasters reach their files; what it says itself counts."""
    sources = run.get("sources") or []
    files = [text for each in sources for text in (each.get("raster"), (each.get("labels") or {}).get("path")) if text]
    return {**({"allow_remote": True} if any(map(may_refer, files)) else {}), **run}


BINS = 1000


def open_vector(path: Path) -> ogr.DataSource | None:
    """A vector file; none where it cannot be opened."""
    try:
        return ogr.Open(str(path))
    except RuntimeError:
        return None


def value_range(path: str, outliers: float) -> tuple[float, float]:
    """What most values of a raster's first band lie between, of a sample; both `nan` where it has no data.

    Args:
        path: the raster.
        outliers: share of its pixels that may lie below, and as large a one that may lie above.
    """
    try:
        dataset = gdal.Open(path)  # its band does not live without it
        band = dataset.GetRasterBand(1)
        least, most = band.ComputeRasterMinMax(True)
        counts = band.GetHistogram(least, most, BINS) if least < most else []
    except (RuntimeError, TypeError, AttributeError):  # as GDAL says it, with exceptions or without
        return math.nan, math.nan
    left, total, step = list(accumulate(counts)), sum(counts), (most - least) / BINS
    inside = [index for index, below in enumerate(left) if outliers * total < below <= (1 - outliers) * total]
    return (least + inside[0] * step, least + (inside[-1] + 1) * step) if inside else (least, most)


def translate(source: str | Path, destination: str | Path) -> bool:
    """Write a raster in the format of the destination's ending; whether that could be done."""
    try:
        return gdal.Translate(str(destination), str(source)) is not None
    except RuntimeError:
        return False


def create_geotiff(path: Path, columns: int, rows: int, bands: int, options: list[str]) -> gdal.Dataset | None:
    """A GeoTIFF of bytes to be written into; none where it cannot be made."""
    try:
        return gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, bands, gdal.GDT_Byte, options)
    except RuntimeError:
        return None


def done(call: Callable[[], int | None]) -> bool:
    """Whether a call that writes went well; where it did not, GDAL returns a number or raises."""
    try:
        return (call() or 0) == 0
    except RuntimeError:
        return False
