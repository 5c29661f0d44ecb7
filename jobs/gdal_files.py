"""GDAL's answers, whatever other plugins have told it: after `gdal.UseExceptions()` it raises where it gave none."""

from __future__ import annotations

import math
from itertools import accumulate
from pathlib import Path
from typing import Callable

from osgeo import gdal, ogr

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
