"""Names and colours of what a class map shows, and how layers made of it look."""

from __future__ import annotations

from typing import Any, Callable

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
)

from ..classes import PALETTE, category_symbols, value_text

BACKGROUND, NODATA = 0, 255
OUTLINE = {"outline_width": "0.5", "outline_width_unit": "MM", "joinstyle": "miter"}


def legend(layer: QgsMapLayer, field: str = "") -> dict[str, Any]:
    """What a layer's own legend says of its classes; quick, for no feature and no pixel is read.

    Args:
        layer: a class raster, or polygons.
        field: class field of polygons.

    Returns:
        `names`, value to name of a class raster's classes that have names, and `colors`, name to colour; the name of a
        class of polygons is its value.
    """
    if isinstance(layer, QgsRasterLayer):
        return _raster_legend(layer)
    symbols = category_symbols(layer, field) if field else {}
    return {"names": {}, "colors": {value: color for value, (_, color) in symbols.items()}}


def _raster_legend(layer: QgsRasterLayer) -> dict[str, Any]:
    renderer = layer.renderer()
    entries = renderer.classes() if isinstance(renderer, QgsPalettedRasterRenderer) else []
    classes = [entry for entry in entries if entry.value not in (BACKGROUND, NODATA)]
    # A palette has 256 entries; those that mean nothing are labelled with their number.
    named = [entry for entry in classes if entry.label and entry.label != value_text(entry.value)]
    return {
        "names": {int(entry.value): entry.label for entry in named},
        "colors": {entry.label or value_text(entry.value): entry.color.name() for entry in classes},
    }


def style_areas(layer: QgsVectorLayer, classes: dict[str, Any]) -> None:
    """Half transparent areas under an outline of the same colour.

    Args:
        layer: polygons with the field `class`.
        classes: of `legend`.
    """

    def symbol(color: str) -> QgsSymbol:
        return QgsFillSymbol.createSimple({**OUTLINE, "color": f"{_rgb(color)},100", "outline_color": color})

    _by_class(layer, classes, symbol)


def style_boxes(layer: QgsVectorLayer, classes: dict[str, Any]) -> None:
    """Outlines alone.

    Args:
        layer: polygons with the field `class`.
        classes: of `legend`.
    """

    def symbol(color: str) -> QgsSymbol:
        return QgsFillSymbol.createSimple({**OUTLINE, "style": "no", "outline_color": color})

    _by_class(layer, classes, symbol)


def style_lines(layer: QgsVectorLayer, classes: dict[str, Any]) -> None:
    """Lines in the colour of their class.

    Args:
        layer: lines of one class.
        classes: of `legend`, and `class`, its name.
    """
    color = classes["colors"].get(classes["class"], PALETTE[0])
    symbol = QgsLineSymbol.createSimple({"line_color": color, "line_width": "0.8", "capstyle": "round"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    layer.triggerRepaint()


def _by_class(layer: QgsVectorLayer, classes: dict[str, Any], symbol: Callable[[str], QgsSymbol]) -> None:
    present = classes.get("present") or sorted(layer.uniqueValues(layer.fields().lookupField("class")))
    colors = {name: PALETTE[index % len(PALETTE)] for index, name in enumerate(present)}
    colors.update({name: color for name, color in classes["colors"].items() if name in colors})
    categories = [QgsRendererCategory(name, symbol(color), name) for name, color in colors.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", categories))
    layer.triggerRepaint()


def _rgb(color: str) -> str:
    return ",".join(str(int(color[start : start + 2], 16)) for start in (1, 3, 5))
