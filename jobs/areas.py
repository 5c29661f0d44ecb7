"""The ground that a person wants predicted, as a file the engine can read."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from .errors import GeoDistilError
from .translation import tr


def write_area(source: QgsProcessingFeatureSource, path: Path, context: QgsCoordinateTransformContext) -> None:
    """Copy the polygons of any provider, its filter, selection and edits in progress included. For any thread.

    Args:
        source: what a parameter gives.
        path: the GeoPackage; its layer is called as the file.
        context: of the project.

    Raises:
        GeoDistilError: there is no CRS, no polygon, its server broke off, or the file cannot be written.
    """
    if not source.sourceCrs().isValid():
        raise _error(
            tr("The layer {layer} has no coordinate reference system."),
            source,
            tr("Set it with Layer > Set CRS, in the file itself for rasters."),
        )
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", path.stem
    kind = QgsWkbTypes.Type.MultiPolygon
    writer = QgsVectorFileWriter.create(str(path), QgsFields(), kind, source.sourceCrs(), context, options)
    came = _copy(source, writer)
    if not came:
        raise _error(tr("The layer {layer} has no features."), source, tr("Choose another or its filter."))
    if came != _count(source):
        raise _error(
            tr("The features of {name} cannot be read: its server does not answer, or broke off."),
            source,
            tr("See that the server can be reached, then try again."),
        )
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        sentence = tr("The features of {layer} cannot be written to {path}: {message}.")
        raise _error(sentence, source, "", path=path, message=writer.errorMessage())


def _copy(source: QgsProcessingFeatureSource, writer: QgsVectorFileWriter) -> int:
    came = 0
    for feature in source.getFeatures(QgsFeatureRequest().setSubsetOfAttributes([])):
        copy, geometry = QgsFeature(QgsFields()), feature.geometry()
        if QgsWkbTypes.isCurvedType(geometry.wkbType()):  # the engine's geometry library knows none
            geometry = QgsGeometry(geometry.constGet().segmentize())
        geometry.convertToMultiType()
        copy.setGeometry(geometry)
        writer.addFeature(copy, QgsFeatureSink.Flag.FastInsert)
        came += 1
    writer.flushBuffer()
    return came


def _count(source: QgsProcessingFeatureSource) -> int:
    """How many there are: servers end an iteration as if it were complete when they die, and then have none."""
    bare = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry).setSubsetOfAttributes([])
    return sum(1 for _ in source.getFeatures(bare))


def _error(sentence: str, source: QgsProcessingFeatureSource, hint: str, **more: object) -> GeoDistilError:
    name = source.sourceName()
    return GeoDistilError("labels", sentence.format(layer=name, name=name, **more), hint)
