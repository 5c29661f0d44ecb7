"""What keeps a label layer from being labelled, in a sentence; what is only worth knowing, in another."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsField, QgsProject, QgsProviderRegistry, QgsVectorDataProvider, QgsVectorLayer
from qgis.PyQt.QtCore import QMetaType

from ..sources.facts import POINTS, POLYGONS, label_kind
from ..translation import tr
from .link import Link, raster_of

Capability = QgsVectorDataProvider.Capability
NEEDED = (Capability.AddFeatures, Capability.DeleteFeatures, Capability.ChangeAttributeValues)
TEXT = (QMetaType.Type.QString,)
WHOLE = (QMetaType.Type.Int, QMetaType.Type.UInt, QMetaType.Type.LongLong, QMetaType.Type.ULongLong)


def layer_problem(layer: QgsVectorLayer, field: str, names: list[str]) -> str:
    """Why labels cannot be drawn into a layer; empty where they can.

    Args:
        layer: polygons or points.
        field: the class field.
        names: of the classes that are written into it.
    """
    name = layer.name()
    if not layer.isValid() or _file_is_gone(layer):
        return tr(
            "The data of the layer {layer} cannot be opened any more, so they were moved, renamed or deleted: "
            "put them back, or choose another layer."
        ).format(layer=name)
    if label_kind(layer) not in (POLYGONS, POINTS):
        return tr("The layer {layer} has neither polygons nor points; choose one that has.").format(layer=name)
    if not layer.crs().isValid():
        return tr(
            "The layer {layer} has no coordinate reference system; set it with Layer > Set CRS of Layer(s)."
        ).format(layer=name)
    if layer.readOnly() or not all(layer.dataProvider().capabilities() & each for each in NEEDED):
        return tr(
            "The layer {layer} is read-only: turn that off in Project > Properties > Data Sources, or use a copy of it."
        ).format(layer=name)
    return _field_problem(layer, field, names)


def labels_note(layer: QgsVectorLayer, link: Link, project: QgsProject) -> str:
    """What is worth knowing of a label layer that can be used; empty where nothing is."""
    raster = raster_of(link, project)
    if raster is None:
        return tr(
            "The raster of the layer {layer} is not in the project; there is no grid to walk and no share to count."
        ).format(layer=layer.name())
    if raster.crs() != layer.crs():
        return tr(
            "The layer {layer} is in {labels_crs} and the raster {raster} in {raster_crs}: "
            "what you draw is transformed into the layer's."
        ).format(
            layer=layer.name(), labels_crs=layer.crs().authid(), raster=raster.name(), raster_crs=raster.crs().authid()
        )
    return ""


def _file_is_gone(layer: QgsVectorLayer) -> bool:
    """Whether the file was taken away under an open layer, which would write into nothing."""
    if layer.providerType() != "ogr":
        return False
    path = QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or ""
    return Path(path).is_absolute() and not path.startswith("/vsi") and not Path(path).exists()


def is_text(field: QgsField) -> bool:
    """Whether a field holds text."""
    return field.type() in TEXT


def takes_classes(field: QgsField) -> bool:
    """Whether a field can be a class field that is written to: text or whole numbers."""
    return field.type() in TEXT + WHOLE


def _field_problem(layer: QgsVectorLayer, field: str, names: list[str]) -> str:
    index = layer.fields().lookupField(field) if field else -1
    if index < 0:
        return tr("The layer {layer} has no class field {field}; choose one of its fields.").format(
            layer=layer.name(), field=field
        )
    found = layer.fields().at(index)
    if not takes_classes(found):
        return tr(
            "The class field {field} of the layer {layer} holds neither text nor whole numbers ({type}); "
            "choose another."
        ).format(field=field, layer=layer.name(), type=found.typeName())
    bad = next((each for each in names if not is_text(found) and not _is_whole(each)), "")
    if bad:
        return tr(
            "The class field {field} of the layer {layer} holds whole numbers, so a class cannot be called {name}; "
            "name it by its number."
        ).format(field=field, layer=layer.name(), name=bad)
    return ""


def _is_whole(text: str) -> bool:
    return text.lstrip("-").isdigit()
