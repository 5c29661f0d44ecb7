"""Label layers become files of the run folder: features of any provider, read off the main thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from ..background import Cancelled
from ..layer_file import LayerFile
from ..reading import Features
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
        self._name, self._path = layer.name(), path
        self._request = features_on(layer.crs(), grounds[0])
        for ground in grounds[1:]:
            rectangle = QgsRectangle(self._request.filterRect())
            rectangle.combineExtentWith(features_on(layer.crs(), ground).filterRect())
            self._request.setFilterRect(rectangle)
        self._request.setSubsetOfAttributes([self._index] if self._index >= 0 else [])
        self._named, fields = field is not None, QgsFields()
        if self._named:
            fields.append(QgsField(CLASS_FIELD, QVariant.String))
        self._file = LayerFile(layer, path, fields)

    def __call__(self, cancelled: Cancelled) -> None:
        """Copy.

        Raises:
            GeoDistilError: the file cannot be written, or the layer's server does not answer.
        """
        self._path.parent.mkdir(exist_ok=True)  # not its parents: a run folder that was given up stays away
        self._file.write(self._rows(cancelled))

    def complain(self) -> None:
        """Tell what went wrong on the layer's server; on the main thread, when all is copied."""
        self._features.complain()

    def _rows(self, cancelled: Cancelled) -> Iterator[tuple[QgsGeometry, list[str | None]]]:
        for feature in self._features(self._request):
            if cancelled():
                return
            value = class_text(feature[self._index]) if self._index >= 0 else self._name
            yield feature.geometry(), [value] * self._named
