"""How labels look, in the colours of their classes, and ground that is complete."""

from __future__ import annotations

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QColor

from ..sources.draft import SEGMENTATION
from .link import Link

AREA_OPACITY = 90
"""Of 255: the imagery under an area has to be seen."""

COMPLETE = "#2e9e5b"


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


def _dot(color: str) -> QgsMarkerSymbol:
    return QgsMarkerSymbol.createSimple({"name": "circle", "color": color, "outline_color": "#ffffff", "size": "2.6"})


def _rgb(color: str) -> str:
    value = QColor(color)
    return f"{value.red()},{value.green()},{value.blue()}"
