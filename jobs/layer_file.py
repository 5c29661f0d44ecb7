"""The GeoPackage that features of any provider are copied into, in a form the engine can read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFeatureSource,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from .errors import GeoDistilError
from .reference_systems import with_definition
from .translation import tr


class LayerFile:
    """A copy of a layer, of several parts and without curves; made on the main thread, written on any.

    Args:
        layer: gives geometry type, CRS (the one set by hand, where there is one) and name.
        path: the GeoPackage, in a folder that is there when it is written; its layer is called as the file.
        fields: of the copy.

    Raises:
        GeoDistilError: the CRS has lost its definition.
    """

    def __init__(self, layer: QgsFeatureSource, path: Path, fields: QgsFields) -> None:
        flat = QgsWkbTypes.linearType(layer.wkbType())
        self._type = flat if flat == QgsWkbTypes.Type.Unknown else QgsWkbTypes.multiType(flat)
        self._name, self._path, self._fields = layer.sourceName(), path, fields
        self._crs = with_definition(layer.sourceCrs(), self._name)
        self._options = QgsVectorFileWriter.SaveVectorOptions()
        self._options.driverName, self._options.layerName = "GPKG", path.stem
        self._context = QgsProject.instance().transformContext()

    def write(self, rows: Iterable[tuple[QgsGeometry, list[Any]]]) -> int:
        """Write features.

        Args:
            rows: a geometry and the values of the fields for each.

        Returns:
            How many there were.

        Raises:
            GeoDistilError: the file cannot be written.
        """
        writer = QgsVectorFileWriter.create(
            str(self._path), self._fields, self._type, self._crs, self._context, self._options
        )
        self._check(writer)
        count = 0
        for geometry, values in rows:
            feature = QgsFeature(self._fields)
            feature.setGeometry(self._straight(geometry))
            feature.setAttributes(values)
            if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                break
            count += 1
        writer.flushBuffer()
        self._check(writer)
        return count

    def _straight(self, geometry: QgsGeometry) -> QgsGeometry:
        """Without curves, which the engine's geometry library does not know; several parts everywhere."""
        if QgsWkbTypes.isCurvedType(geometry.wkbType()):
            geometry = QgsGeometry(geometry.constGet().segmentize())
        if self._type != QgsWkbTypes.Type.Unknown:
            geometry.convertToMultiType()
        return geometry

    def _check(self, writer: QgsVectorFileWriter) -> None:
        if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise GeoDistilError(
                "output",
                tr("The features of {layer} cannot be written to {path}: {message}.").format(
                    layer=self._name, path=self._path, message=writer.errorMessage()
                ),
            )
