"""GDAL's answers, whatever other plugins have told it: after `gdal.UseExceptions()` it raises where it gave none."""

from __future__ import annotations

import math
from itertools import accumulate
from pathlib import Path

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
