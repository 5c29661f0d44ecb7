"""Label layers and labelled-area layers: made anew or taken from the project, and what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsField,
    QgsFields,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorDataProvider,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QMetaType

from ..classes import is_null, natural_order, value_text
from ..errors import GeoDistilError
from ..folders import writable
from ..reference_systems import with_definition
from ..sources.draft import SEGMENTATION
from ..sources.facts import POINTS, POLYGONS, label_kind, raster_facts
from ..translation import tr
from .link import LabelClass, Link, area_of, raster_of, with_new_values, write_link
from .styles import style_area, style_labels

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


CLASS, ORIGIN, MADE_AT, MODEL = "class", "origin", "made_at", "model"
HAND, ACCEPTED = "hand", "accepted"
"""Who made a label: a person, or a model (of the name in `MODEL`) whose suggestion a person accepted."""

LABELS, AREA = "labels", "labelled_area"
"""Layers of the GeoPackage."""

LABEL_FIELDS = f"field={CLASS}:string&field={ORIGIN}:string&field={MADE_AT}:datetime&field={MODEL}:string"
AREA_FIELDS = f"field={MADE_AT}:datetime"


def usual_path(raster: QgsRasterLayer, role: str) -> Path:
    """Where labels of a raster go where nothing else is said: beside it, under a name that is free."""
    facts = raster_facts(raster)
    local = bool(facts.path) and not facts.path.startswith("/vsi")
    folder = Path(facts.path).parent if local and writable(Path(facts.path).parent) else Path.home()
    stem = Path(facts.path).stem if local else "".join(each if each.isalnum() else "_" for each in raster.name())
    names = [f"{stem}_labels_{role}{number}.gpkg" for number in ("", *(f"_{each}" for each in range(2, 1000)))]
    return folder / next(name for name in names if not (folder / name).exists())


def make_labels(
    raster: QgsRasterLayer, path: Path, role: str, classes: list[LabelClass], project: QgsProject
) -> QgsVectorLayer:
    """Make a GeoPackage with a label layer and a labelled-area layer, and add both to the project.

    Args:
        raster: what is to be labelled; the layers get its CRS.
        path: the GeoPackage, which must not be there yet.
        role: detection (polygons) or segmentation (polygons of several parts).
        classes: one at least.
        project: where the layers are added, above the raster.

    Raises:
        GeoDistilError: the raster has no CRS, there are no classes, or the file cannot be written.
    """
    if not raster.crs().isValid():
        raise GeoDistilError(
            "raster",
            tr("The raster {raster} has no coordinate reference system.").format(raster=raster.name()),
            tr("Set it with Layer > Set CRS of Layer(s)."),
        )
    _check_classes(classes)
    if path.exists():
        raise GeoDistilError(
            "output",
            tr("The file {path} is there already.").format(path=path),
            tr("Choose another name, or add its layer to the project and take that."),
        )
    kind = QgsWkbTypes.Type.MultiPolygon if role == SEGMENTATION else QgsWkbTypes.Type.Polygon
    _write_empty(path, LABELS, LABEL_FIELDS, kind, with_definition(raster.crs(), raster.name()))
    labels = _opened(path, LABELS, tr("{raster}: labels").format(raster=raster.name()))
    link = Link(raster.id(), raster.source(), role, CLASS, classes=tuple(classes))
    _add(labels, raster, project)
    style_labels(labels, link)
    write_link(labels, link)
    make_area(labels, link, raster, project)
    return labels


class Labelling(NamedTuple):
    """What a layer's labels are.

    Attributes:
        role: detection or segmentation.
        field: the class field: text or whole numbers.
        classes: with those of the layer's own values that are not among them.
    """

    role: str
    field: str
    classes: list[LabelClass]


def take_labels(layer: QgsVectorLayer, raster: QgsRasterLayer, labelling: Labelling, project: QgsProject) -> None:
    """Use a layer of the project for the labels of a raster.

    Args:
        layer: polygons or points; nothing in it is changed.
        raster: what is labelled.
        labelling: their role, field and classes.
        project: the layer's, where the labelled-area layer is added.

    Raises:
        GeoDistilError: nothing can be drawn into the layer, there are no classes, or the area cannot be written.
    """
    role, field, classes = labelling
    if sentence := layer_problem(layer, field, []):
        raise GeoDistilError("labels", sentence)
    link = Link(raster.id(), raster.source(), role, field, classes=tuple(classes))
    link = with_new_values(link, layer_values(layer, field))
    _check_classes(link.classes)
    if sentence := layer_problem(layer, field, link.names()):
        raise GeoDistilError("labels", sentence)
    style_labels(layer, link)
    write_link(layer, link)
    make_area(layer, link, raster, project)


def layer_values(layer: QgsVectorLayer, field: str) -> list[str]:
    """The values of a class field as texts, in natural order; missing ones left out."""
    values = layer.uniqueValues(layer.fields().lookupField(field))
    return sorted({value_text(each) for each in values if not is_null(each)}, key=natural_order)


def make_area(labels: QgsVectorLayer, link: Link, raster: QgsRasterLayer, project: QgsProject) -> QgsVectorLayer:
    """The labelled-area layer of a label layer: the one it has, the one of its GeoPackage, or a new one.

    Raises:
        GeoDistilError: it cannot be written.
    """
    if (known := area_of(link, project)) is not None:
        return known
    path = geopackage(labels)
    if path is None:
        path = usual_path(raster, link.role).parent / f"{_stem(labels)}_{AREA}.gpkg"
    area = QgsVectorLayer(f"{path}|layername={AREA}", "", "ogr") if path.exists() else None
    if area is None or not area.isValid():
        kind = QgsWkbTypes.Type.MultiPolygon
        _write_empty(path, AREA, AREA_FIELDS, kind, with_definition(raster.crs(), raster.name()))
        area = _opened(path, AREA, "")
    area.setName(tr("{raster}: labelled area").format(raster=raster.name()))
    style_area(area)
    write_link(labels, replace(link, area=area.id()))  # first: who hears of a new layer would make another area
    _add(area, labels, project)
    return area


def recovered_area(labels: QgsVectorLayer, link: Link, project: QgsProject) -> QgsVectorLayer | None:
    """The labelled-area layer, made or opened again where it was removed; none without a raster.

    Raises:
        GeoDistilError: it cannot be written.
    """
    raster = raster_of(link, project)
    return area_of(link, project) or (make_area(labels, link, raster, project) if raster is not None else None)


def _check_classes(classes: tuple[LabelClass, ...] | list[LabelClass]) -> None:
    names = [each.name for each in classes]
    if not names:
        raise GeoDistilError("labels", tr("There is no class yet."), tr("Add one."))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GeoDistilError("labels", tr("Two classes are called {name}.").format(name=twice), tr("Rename one."))


def _write_empty(
    path: Path, layer: str, fields: str, kind: QgsWkbTypes.Type, crs: QgsCoordinateReferenceSystem
) -> None:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", layer
    if path.exists():
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    context = QgsProject.instance().transformContext()
    writer = QgsVectorFileWriter.create(str(path), _fields(fields), kind, crs, context, options)
    error, reason = writer.hasError(), writer.errorMessage()
    del writer  # which closes the file
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise GeoDistilError(
            "output",
            tr("{path} cannot be written: {reason}.").format(path=path, reason=reason.strip(". \n")),
            tr("Choose another place."),
        )


def _fields(text: str) -> QgsFields:
    return QgsVectorLayer(f"NoGeometry?{text}", "", "memory").fields()


def _opened(path: Path, layer: str, name: str) -> QgsVectorLayer:
    opened = QgsVectorLayer(f"{path}|layername={layer}", name, "ogr")
    if not opened.isValid():
        raise GeoDistilError("output", tr("{path} cannot be opened again.").format(path=path))
    return opened


def _add(layer: QgsVectorLayer, below: QgsRasterLayer | QgsVectorLayer, project: QgsProject) -> None:
    """Into the project; a label layer over its raster, a labelled area under its labels."""
    project.addMapLayer(layer, False)
    node = project.layerTreeRoot().findLayer(below.id())
    parent = node.parent() if node is not None else project.layerTreeRoot()
    place = parent.children().index(node) if node is not None else 0
    parent.insertLayer(place if isinstance(below, QgsRasterLayer) else place + 1, layer)


def geopackage(layer: QgsVectorLayer) -> Path | None:
    """The GeoPackage that a layer is in; none where it is in another kind of file or in none."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = Path(parts.get("path") or "")
    return path if layer.providerType() == "ogr" and path.suffix.lower() == ".gpkg" else None


def _stem(layer: QgsVectorLayer) -> str:
    return "".join(each if each.isalnum() or each in "-_" else "_" for each in layer.name())[:60] or LABELS
