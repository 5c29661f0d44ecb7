"""How a review looks: cells to label next, the stronger the sooner, under their ranks; pseudo-labels by class."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsPalLayerSettings,
    QgsRendererRange,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from ..translation import tr
from .styles import haloed

STEPS = (
    (1, 10, "#c2107a", 36, tr("1 to 10: label here first")),
    (11, 25, "#e2568f", 24, tr("11 to 25")),
    (26, 50, "#f39b7b", 16, tr("26 to 50")),
    (51, 1_000_000, "#f7cf9b", 8, tr("51 and later")),
)
"""First and last rank, colour, opacity of 255, what the legend says."""

MILLIMETRES = "0.6"


def style_next(layer: QgsVectorLayer, card: dict[str, Any]) -> None:
    """Frames that are the stronger the sooner a cell is to be labelled, with the rank in each.

    Args:
        layer: cells with the field `rank`.
        card: not used.
    """
    ranges = [
        QgsRendererRange(first - 0.5, last + 0.5, _frame(color, opacity), words)
        for first, last, color, opacity, words in STEPS
    ]
    layer.setRenderer(QgsGraduatedSymbolRenderer("rank", ranges))
    layer.setLabeling(QgsVectorLayerSimpleLabeling(_rank_labels()))
    layer.setLabelsEnabled(True)
    layer.triggerRepaint()


def _frame(color: str, opacity: int) -> QgsFillSymbol:
    fill = QColor(color)
    properties = {
        "color": f"{fill.red()},{fill.green()},{fill.blue()},{opacity}",
        "outline_color": color,
        "outline_width": MILLIMETRES,
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }
    return QgsFillSymbol.createSimple(properties)


def _rank_labels() -> QgsPalLayerSettings:
    settings = QgsPalLayerSettings()
    settings.fieldName = "rank"
    settings.placement = QgsPalLayerSettings.Placement.OverPoint
    settings.centroidInside = True
    settings.priority = 8
    settings.setFormat(haloed(10, 0.8, "#5a0a3c"))
    return settings
