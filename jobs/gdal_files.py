"""GDAL's answers, whatever other plugins have told it: after `gdal.UseExceptions()` it raises where it gave none."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal, ogr


def open_vector(path: Path) -> ogr.DataSource | None:
    """A vector file; none where it cannot be opened."""
    try:
        return ogr.Open(str(path))
    except RuntimeError:
        return None


def translate(source: str | Path, destination: str | Path) -> bool:
    """Write a raster in the format of the destination's ending; whether that could be done."""
    try:
        return gdal.Translate(str(destination), str(source)) is not None
    except RuntimeError:
        return False
