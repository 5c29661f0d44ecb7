"""How results look on the map: class colours over transparent ground, outlines with scores."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsPalettedRasterRenderer,
    QgsPalLayerSettings,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from ..vocabulary import spoken

CLASS_OPACITY = 0.6
OUTLINE_MILLIMETRES = "0.5"
LABEL_SCALE_PER_METRE = 25_000
"""Scores are shown up to this scale denominator times the model's ground sampling distance in metres."""


def style_class_map(layer: QgsRasterLayer, card: dict[str, Any]) -> None:
    """Class names and colours; background cannot be seen.

    Args:
        layer: values as in `docs/architecture.md`: 0 background, 1 the first class, 255 no-data.
        card: the model's card.
    """
    classes = [
        QgsPalettedRasterRenderer.Class(value, QColor(entry["color"]), entry["name"])
        for value, entry in enumerate(card["segmentation_classes"], start=1)
    ]
    if card.get("background", True):
        classes.insert(0, QgsPalettedRasterRenderer.Class(0, QColor(255, 255, 255, 0), spoken("background")))
    layer.setRenderer(QgsPalettedRasterRenderer(None, 1, classes))
    layer.setOpacity(CLASS_OPACITY)
    layer.triggerRepaint()


def style_detections(layer: QgsVectorLayer, card: dict[str, Any]) -> None:
    """Outlines in the colour of each class, with scores where the map is close enough to read them.

    Args:
        layer: polygons with the fields `class` and `score`.
        card: the model's card.
    """
    categories = [
        QgsRendererCategory(entry["name"], _outline(entry["color"]), entry["name"])
        for entry in card["detection_classes"]
    ]
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", categories))
    layer.setLabeling(QgsVectorLayerSimpleLabeling(score_labels(LABEL_SCALE_PER_METRE * card["gsd"])))
    layer.setLabelsEnabled(True)
    layer.triggerRepaint()


def _outline(color: str) -> QgsFillSymbol:
    properties = {
        "style": "no",
        "outline_color": color,
        "outline_width": OUTLINE_MILLIMETRES,
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }
    return QgsFillSymbol.createSimple(properties)


def score_labels(scale: float) -> QgsPalLayerSettings:
    """Scores in percent beside polygons, from a scale of the map on."""
    settings = QgsPalLayerSettings()
    settings.fieldName = "round(\"score\" * 100) || ' %'"
    settings.isExpression = True
    settings.placement = QgsPalLayerSettings.Placement.OutsidePolygons
    settings.scaleVisibility = True
    settings.minimumScale = scale
    settings.setFormat(haloed(7, 0.6))
    return settings


def haloed(points: float, halo: float, color: str | None = None) -> QgsTextFormat:
    """Text that can be read over imagery.

    Args:
        points: its size.
        halo: width of the white around it, in millimetres.
        color: the text's; none is QGIS's own.
    """
    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(halo)
    text = QgsTextFormat()
    text.setSize(points)
    text.setSizeUnit(QgsUnitTypes.RenderUnit.RenderPoints)
    if color is not None:
        text.setColor(QColor(color))
    text.setBuffer(buffer)
    return text
