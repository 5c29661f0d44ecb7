"""How labels look, in the colours of their classes, and ground that is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsExpression,
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsRendererCategory,
    QgsSimpleLineSymbolLayer,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QColor

from ..layers.styles import score_labels
from ..sources.draft import SEGMENTATION
from ..translation import tr

if TYPE_CHECKING:
    from .link import Link

AREA_OPACITY = 90
"""Of 255: the imagery under an area has to be seen."""

COMPLETE = "#2e9e5b"

OTHER = "\u241f"
"""Stands for classes that the labels do not have; not the empty text, which would draw what is NULL, too."""

LABEL_SCALE = 2500
"""The map's scale from which on suggestions have their scores written beside them."""


def style_labels(layer: QgsVectorLayer, link: Link) -> None:
    """A category for each class; labels without one are drawn grey."""
    points = layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
    filled = link.role == SEGMENTATION

    def symbol(color: str) -> QgsSymbol:
        return _dot(color) if points else _outline(color, filled)

    categories = [QgsRendererCategory(each.name, symbol(each.color), each.name) for each in link.classes]
    categories.append(QgsRendererCategory(None, symbol("#808080"), ""))
    layer.setRenderer(QgsCategorizedSymbolRenderer(link.field, categories))
    layer.emitStyleChanged()
    layer.triggerRepaint()


def style_suggestions(layer: QgsVectorLayer, link: Link, threshold: float) -> None:
    """Dashed outlines in the colours of the classes, with scores; what was reviewed or scores less is not drawn.

    Args:
        layer: of suggestions.
        link: has the classes; others are drawn grey.
        threshold: least score.
    """
    names = ", ".join(QgsExpression.quotedValue(each.name) for each in link.classes) or "NULL"
    known = f'CASE WHEN "class" IN ({names}) THEN "class" ELSE \'{OTHER}\' END'
    shown = f'"state" IS NOT \'accepted\' AND "state" IS NOT \'rejected\' AND coalesce("score", 1) >= {threshold}'
    categories = [QgsRendererCategory(each.name, _dashed(each.color), each.name) for each in link.classes]
    categories.append(QgsRendererCategory(OTHER, _dashed("#808080"), tr("other classes")))
    layer.setRenderer(QgsCategorizedSymbolRenderer(f"CASE WHEN {shown} THEN {known} END", categories))
    settings = score_labels(LABEL_SCALE)
    settings.fieldName = f"CASE WHEN {shown} THEN {settings.fieldName} END"
    settings.displayAll = True
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    layer.emitStyleChanged()
    layer.triggerRepaint()


def style_area(layer: QgsVectorLayer) -> None:
    """A green frame: what was overlooked in complete ground has to be seen."""
    symbol = QgsFillSymbol.createSimple(
        {
            "style": "no",
            "outline_color": COMPLETE,
            "outline_width": "0.7",
            "outline_width_unit": "MM",
        }
    )
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    layer.triggerRepaint()


def _outline(color: str, filled: bool) -> QgsFillSymbol:
    return QgsFillSymbol.createSimple(
        {
            "style": "solid" if filled else "no",
            "color": f"{_rgb(color)},{AREA_OPACITY}",
            "outline_color": color,
            "outline_width": "0.5",
            "outline_width_unit": "MM",
            "joinstyle": "miter",
        }
    )


def _dashed(color: str) -> QgsFillSymbol:
    """Dashes on white, seen on any ground. Lines alone: a selected fill would be a yellow patch over the object."""
    symbol = QgsFillSymbol()
    white = {"line_color": "255,255,255,200", "line_width": "0.9", "line_width_unit": "MM"}
    dashes = {"line_style": "dash", "line_color": color, "line_width": "0.6", "line_width_unit": "MM"}
    symbol.changeSymbolLayer(0, QgsSimpleLineSymbolLayer.create(white))
    symbol.appendSymbolLayer(QgsSimpleLineSymbolLayer.create(dashes))
    return symbol


def _dot(color: str) -> QgsMarkerSymbol:
    return QgsMarkerSymbol.createSimple({"name": "circle", "color": color, "outline_color": "#ffffff", "size": "2.6"})


def _rgb(color: str) -> str:
    value = QColor(color)
    return f"{value.red()},{value.green()},{value.blue()}"
