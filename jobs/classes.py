"""Class lists from layers: values of the class field, names and colours of the layer's own symbols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from .errors import GeoDistilError
from .reading import Features, chosen
from .translation import tr

PALETTE = (
    "#e6194b",
    "#4363d8",
    "#ffe119",
    "#3cb44b",
    "#f58231",
    "#911eb4",
    "#42d4f4",
    "#f032e6",
    "#bfef45",
    "#469990",
    "#9a6324",
    "#800000",
)
"""Colours that differ from each other and from imagery; used in turn where a layer has none of its own."""

MOST_CLASSES = 254
"""A class map is one byte: 0 is background and 255 no-data."""

LONGEST_NAME = 200
"""Letters of a class's name, as the engine takes it."""

NO_CLASS = ["NULL", ""]
"""How the engine reads a feature without a class; such features count nowhere, neither as object nor as background."""

RASTER_BACKGROUND = 0
"""The value of class rasters that is no class."""


Classes = list[dict[str, Any]]


def class_definitions(layer: QgsMapLayer, field: str = "", selected_only: bool = False) -> Classes:
    """The classes of a label layer at once, see `ClassReader`."""
    return ClassReader(layer, field, selected_only)()


class ClassReader:
    """Reads the classes of a label layer, as `run.json` has them: name, color, values.

    Made on the main thread, where layers live; called on any, because servers and rasters take their time.

    Args:
        layer: polygons, points, or a class raster, whose value 0 is no class.
        field: class field of a vector layer; empty makes one class named as the layer.
        selected_only: only values of selected features count.

    Raises:
        GeoDistilError: there is no such field.
    """

    def __init__(self, layer: QgsMapLayer, field: str = "", selected_only: bool = False) -> None:
        self._name, self._field = layer.name(), field
        if isinstance(layer, QgsRasterLayer):
            self._read = _raster_reader(layer)
        elif field:
            self._read = _field_reader(layer, field, selected_only)
        else:
            self._read = lambda: [_definition(self._name, None, [])]

    def __call__(self, palette_start: int = 0) -> Classes:
        """Read.

        Args:
            palette_start: colours of `PALETTE` that are taken by other classes of the run.

        Raises:
            GeoDistilError: no class at all, or too many.
        """
        classes = self._read()
        _check_number(classes, self._name, self._field)
        for index, each in enumerate(classes, palette_start):
            each["color"] = each["color"] or PALETTE[index % len(PALETTE)]
        return classes


def _check_number(classes: Classes, layer: str, field: str) -> None:
    if not classes:
        raise GeoDistilError(
            "labels",
            tr("The label layer {layer} has no class.").format(layer=layer),
            tr("Choose a layer with labels."),
        )
    if len(classes) > MOST_CLASSES:
        where = (
            tr("Field {field} of layer {layer}").format(field=field, layer=layer)
            if field
            else tr("Layer {layer}").format(layer=layer)
        )
        raise GeoDistilError(
            "labels",
            tr("{where} has {count} different values.").format(where=where, count=len(classes)),
            tr("Choose a field of classes."),
        )


def _field_reader(layer: QgsVectorLayer, field: str, selected_only: bool) -> Callable[[], Classes]:
    index = layer.fields().lookupField(field)
    if index < 0:
        raise GeoDistilError(
            "labels",
            tr("Layer {layer} has no field {field}.").format(layer=layer.name(), field=field),
            tr("Choose one of its fields."),
        )
    request = chosen(layer, selected_only).setFlags(QgsFeatureRequest.Flag.NoGeometry).setSubsetOfAttributes([index])
    features, symbols = Features(layer), category_symbols(layer, field)

    def read() -> Classes:
        values = {value_text(feature[index]) for feature in features(request) if not is_null(feature[index])}
        ordered = sorted(values, key=natural_order)
        found = ((value, symbols.get(value, (value, None))) for value in ordered)
        return [_definition(name, color, [value]) for value, (name, color) in found]

    return read


def value_text(value: Any) -> str:
    """A label value as text, as the engine writes it: whole numbers without a decimal point, dates in ISO's form."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (QDate, QTime, QDateTime)):
        value = value.toString(Qt.DateFormat.ISODate)
    return str(value)


def class_text(value: Any) -> str:
    """A field's value as the engine will read it; a missing one is in `NO_CLASS`."""
    return NO_CLASS[0] if is_null(value) else value_text(value)


def is_null(value: Any) -> bool:
    """Whether a field has no value; QGIS before 3.36 gives an invalid QVariant, later ones None."""
    return value is None or (hasattr(value, "isNull") and value.isNull()) or value == ""


def natural_order(text: str) -> tuple[bool, int, str]:
    """A key that sorts numbers by size, before texts."""
    return (not text.isdigit(), int(text) if text.isdigit() else 0, text)


def category_symbols(layer: QgsVectorLayer, field: str) -> dict[str, tuple[str, str]]:
    """(name, colour) by value, where the layer is drawn in categories of this very field."""
    renderer = layer.renderer()
    if not isinstance(renderer, QgsCategorizedSymbolRenderer) or renderer.classAttribute().strip('"') != field:
        return {}
    return {
        value_text(value): (category.label() or value_text(value), category.symbol().color().name())
        for category in renderer.categories()
        for value in _as_list(category.value())
        if not is_null(value)
    }


def _as_list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _raster_reader(layer: QgsRasterLayer) -> Callable[[], Classes]:
    renderer = layer.renderer()
    if isinstance(renderer, QgsPalettedRasterRenderer):
        entries = renderer.classes()
        return lambda: _raster_classes(entries)
    provider = layer.dataProvider().clone()  # providers are of one thread
    return lambda: _raster_classes(QgsPalettedRasterRenderer.classDataFromRaster(provider, 1))


def _raster_classes(entries: list[QgsPalettedRasterRenderer.Class]) -> Classes:
    return [
        _definition(entry.label or value_text(entry.value), entry.color.name(), [value_text(entry.value)])
        for entry in entries
        if entry.value != RASTER_BACKGROUND
    ]


def _definition(name: str, color: str | None, values: list[str]) -> dict[str, Any]:
    return {"name": legible(name), "color": color, "values": values}


def legible(text: str) -> str:
    """A name of what data call so, without control characters, which maps and projects cannot hold, and with an end."""
    kept = "".join(each if each.isprintable() else " " for each in text).strip()
    return kept[:LONGEST_NAME] or "?"
