"""Label layers become files of the run folder: features of any provider, read off the main thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ..background import Cancelled
from ..errors import GeoDistilError
from ..reading import Features
from ..translation import tr
from .counting import class_text, features_on

CLASS_FIELD = "class"
"""The one field of a copy; its values are texts."""

Ground = tuple[QgsCoordinateReferenceSystem, QgsRectangle]


class LabelCopy:
    """Copies a vector layer, its filter and edits in progress included. Made on the main thread, called on any.

    Args:
        layer: the layer.
        path: the GeoPackage; its layer is called as the file.
        grounds: features that touch none of these rectangles' common extent are left behind.
        field: the field that becomes `class`; empty fills it with the layer's name, none writes no field.
    """

    def __init__(self, layer: QgsVectorLayer, path: Path, grounds: Sequence[Ground], field: str | None) -> None:
        self._features = Features(layer)
        self._index = layer.fields().lookupField(field) if field else -1
        self._name, self._path, self._crs = layer.name(), path, layer.crs()
        self._request = features_on(layer.crs(), grounds[0])
        for ground in grounds[1:]:
            rectangle = QgsRectangle(self._request.filterRect())
            rectangle.combineExtentWith(features_on(layer.crs(), ground).filterRect())
            self._request.setFilterRect(rectangle)
        self._request.setSubsetOfAttributes([self._index] if self._index >= 0 else [])
        self._fields = QgsFields()
        if field is not None:
            self._fields.append(QgsField(CLASS_FIELD, QVariant.String))
        flat = QgsWkbTypes.linearType(layer.wkbType())
        self._type = flat if flat == QgsWkbTypes.Type.Unknown else QgsWkbTypes.multiType(flat)
        self._context = QgsProject.instance().transformContext()

    def __call__(self, cancelled: Cancelled) -> None:
        """Copy.

        Raises:
            GeoDistilError: the file cannot be written, or the layer's server does not answer.
        """
        self._path.parent.mkdir(exist_ok=True)  # not its parents: a run folder that was given up stays away
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, options.layerName = "GPKG", self._path.stem
        writer = QgsVectorFileWriter.create(
            str(self._path), self._fields, self._type, self._crs, self._context, options
        )
        self._check(writer)
        for feature in self._copies(cancelled):
            if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                break
        writer.flushBuffer()
        self._check(writer)

    def complain(self) -> None:
        """Tell what went wrong on the layer's server; on the main thread, when all is copied."""
        self._features.complain()

    def _copies(self, cancelled: Cancelled) -> Iterator[QgsFeature]:
        for feature in self._features(self._request):
            if cancelled():
                return
            copy = QgsFeature(self._fields)
            copy.setGeometry(self._straight(feature.geometry()))
            if self._fields.count():
                value = class_text(feature[self._index]) if self._index >= 0 else self._name
                copy.setAttributes([value])
            yield copy

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
