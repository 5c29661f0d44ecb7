"""Geometries of GeoJSON, in every QGIS: its own reader came with 3.36."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import QgsGeometry


def geometry_of(values: Any) -> QgsGeometry:
    """A GeoJSON geometry.

    Raises:
        ValueError: it is none.
    """
    from osgeo import ogr

    try:
        shape = ogr.CreateGeometryFromJson(json.dumps(values)) if isinstance(values, dict) else None
    except RuntimeError as error:  # where somebody has switched GDAL's exceptions on
        raise ValueError(str(error)) from error
    if shape is None:
        raise ValueError("it is no GeoJSON geometry")
    geometry = QgsGeometry()
    geometry.fromWkb(bytes(shape.ExportToWkb()))
    return geometry
