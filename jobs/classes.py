"""Class lists from layers: values of the class field, names and colours of the layer's own symbols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsVectorLayer,
)

from .errors import GeoDistilError

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

NO_CLASS = ["NULL", ""]
"""How the engine reads a feature without a class; such features count nowhere, neither as object nor as background."""

RASTER_BACKGROUND = 0
"""The value of class rasters that is no class."""


def class_definitions(
    layer: QgsMapLayer, field: str = "", selected_only: bool = False, palette_start: int = 0
) -> list[dict[str, Any]]:
    """The classes of a label layer, as `run.json` has them: name, color, values.

    Args:
        layer: polygons, points, or a class raster, whose value 0 is no class.
        field: class field of a vector layer; empty makes one class named as the layer.
        selected_only: only values of selected features count.
        palette_start: colours of `PALETTE` that are taken by other classes of the run.

    Raises:
        GeoDistilError: no class at all, or too many.
    """
    if isinstance(layer, QgsRasterLayer):
        classes = _raster_classes(layer)
    elif field:
        classes = _field_classes(layer, field, selected_only)
    else:
        classes = [_definition(layer.name(), None, [])]
    if not classes:
        raise GeoDistilError("labels", f"The label layer {layer.name()} has no class.", "Choose a layer with labels.")
    if len(classes) > MOST_CLASSES:
        where = f"Field {field} of layer {layer.name()}" if field else f"Layer {layer.name()}"
        raise GeoDistilError("labels", f"{where} has {len(classes)} different values.", "Choose a field of classes.")
    for index, each in enumerate(classes, palette_start):
        each["color"] = each["color"] or PALETTE[index % len(PALETTE)]
    return classes


def _field_classes(layer: QgsVectorLayer, field: str, selected_only: bool) -> list[dict[str, Any]]:
    values = _field_values(layer, field, selected_only)
    symbols = category_symbols(layer, field)
    return [_definition(*symbols.get(value, (value, None)), [value]) for value in values]


def _field_values(layer: QgsVectorLayer, field: str, selected_only: bool) -> list[str]:
    index = layer.fields().lookupField(field)
    if index < 0:
        raise GeoDistilError("labels", f"Layer {layer.name()} has no field {field}.", "Choose one of its fields.")
    features = layer.getSelectedFeatures() if selected_only and layer.selectedFeatureCount() else layer.getFeatures()
    values = {value_text(feature[index]) for feature in features if not _is_null(feature[index])}
    return sorted(values, key=natural_order)


def value_text(value: Any) -> str:
    """A label value as text, as the engine writes it: whole numbers without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _is_null(value: Any) -> bool:
    # QGIS before 3.36 gives an invalid QVariant, later ones None.
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
        if not _is_null(value)
    }


def _as_list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _raster_classes(layer: QgsRasterLayer) -> list[dict[str, Any]]:
    renderer = layer.renderer()
    if isinstance(renderer, QgsPalettedRasterRenderer):
        entries = renderer.classes()
    else:
        entries = QgsPalettedRasterRenderer.classDataFromRaster(layer.dataProvider(), 1)
    return [
        _definition(entry.label or value_text(entry.value), entry.color.name(), [value_text(entry.value)])
        for entry in entries
        if entry.value != RASTER_BACKGROUND
    ]


def _definition(name: str, color: str | None, values: list[str]) -> dict[str, Any]:
    return {"name": name, "color": color, "values": values}
