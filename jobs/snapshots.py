"""Layers as files the engine can read: label layers are copied, rasters are only named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .errors import GeoDistilError

# A class field may be called `fid`; the GeoPackage's own key must then have another name.
KEY = "geodistil_fid"


def raster_path(layer: QgsRasterLayer) -> str:
    """The file behind a raster layer.

    Raises:
        GeoDistilError: the layer is a web service, a database table, a subdataset, or has no CRS.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path, inside = parts.get("path") or "", parts.get("layerName")
    if layer.providerType() != "gdal" or inside or not (path.startswith("/vsi") or Path(path).exists()):
        raise GeoDistilError(
            "raster",
            f"The layer {layer.name()} ({layer.providerType()}) is not a raster file.",
            "Save it as GeoTIFF with Export > Save As and choose that layer.",
        )
    _check_crs(layer)
    return path


def snapshot(layer: QgsVectorLayer, path: Path, fields: Sequence[str] = (), selected_only: bool = False) -> None:
    """Copy a vector layer of any provider to a GeoPackage, its filter and edits in progress included.

    Args:
        layer: the layer; only its geometry and `fields` are copied.
        path: the GeoPackage; its layer is called as the file.
        fields: the fields to copy.
        selected_only: only the selected features, where there are any.

    Raises:
        GeoDistilError: the layer has no CRS, or the file cannot be written.
    """
    _check_crs(layer)
    path.parent.mkdir(parents=True, exist_ok=True)
    layer = _straight(layer, selected_only)
    options = _options(layer, path, fields, selected_only)
    context = QgsProject.instance().transformContext()
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise GeoDistilError("output", f"The labels of {layer.name()} cannot be written to {path}: {message}.")


def _options(
    layer: QgsVectorLayer, path: Path, fields: Sequence[str], selected_only: bool
) -> QgsVectorFileWriter.SaveVectorOptions:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = path.stem
    options.layerOptions = [f"FID={KEY}"]
    options.onlySelectedFeatures = selected_only and layer.selectedFeatureCount() > 0
    options.attributes = [layer.fields().lookupField(field) for field in fields]
    options.skipAttributeCreation = not fields
    options.overrideGeometryType = QgsWkbTypes.linearType(layer.wkbType())
    return options


def _straight(layer: QgsVectorLayer, selected_only: bool) -> QgsVectorLayer:
    """The layer, or a copy in memory where it has curves: the engine's geometry library knows none."""
    if not QgsWkbTypes.isCurvedType(layer.wkbType()):
        return layer
    request = QgsFeatureRequest()
    if selected_only and layer.selectedFeatureCount():
        request.setFilterFids(layer.selectedFeatureIds())
    copy = layer.materialize(request)
    straight = {feature.id(): QgsGeometry(feature.geometry().constGet().segmentize()) for feature in copy.getFeatures()}
    copy.dataProvider().changeGeometryValues(straight)
    return copy


def _check_crs(layer: QgsRasterLayer | QgsVectorLayer) -> None:
    if not layer.crs().isValid():
        raise GeoDistilError(
            "raster" if isinstance(layer, QgsRasterLayer) else "labels",
            f"The layer {layer.name()} has no coordinate reference system.",
            "Set it with Layer > Set CRS, in the file itself for rasters.",
        )
