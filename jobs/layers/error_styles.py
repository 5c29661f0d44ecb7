"""How error layers look: what was found rightly in green, wrongly in red, what was missed in blue."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from ..vocabulary import spoken

GREEN, RED, BLUE, YELLOW = "#2fa58b", "#e63c3c", "#3c6ee6", "#f0be28"
OBJECTS = {"true positive": GREEN, "false positive": RED, "missed": BLUE}
PIXELS = (("right", GREEN), ("another class", YELLOW), ("false positive", RED), ("missed", BLUE))
"""By value, from 0."""
RIGHT_ALPHA = 40


def style_error_boxes(layer: QgsVectorLayer, card: dict[str, Any]) -> None:
    """Outlines by kind of error.

    Args:
        layer: boxes with the field `error`.
        card: the model's card, not used.
    """
    categories = [QgsRendererCategory(error, _outline(error, color), spoken(error)) for error, color in OBJECTS.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer("error", categories))
    layer.triggerRepaint()


def style_error_map(layer: QgsRasterLayer, card: dict[str, Any]) -> None:
    """Colours by kind of error; what is right stays in the background.

    Args:
        layer: values as `engine.evaluation.write_segmentation_errors` writes them.
        card: the model's card, not used.
    """
    classes = [
        QgsPalettedRasterRenderer.Class(value, _color(value, color), spoken(error))
        for value, (error, color) in enumerate(PIXELS)
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(None, 1, classes))
    layer.triggerRepaint()


def _color(value: int, color: str) -> QColor:
    shown = QColor(color)
    if value == 0:
        shown.setAlpha(RIGHT_ALPHA)
    return shown


def _outline(error: str, color: str) -> QgsFillSymbol:
    """Missed objects are dashed too, for those who do not tell the colours apart."""
    properties = {"style": "no", "outline_color": color, "outline_width": "0.5", "outline_width_unit": "MM"}
    line = "dash" if error == "missed" else "solid"
    return QgsFillSymbol.createSimple({**properties, "outline_style": line, "joinstyle": "miter"})
