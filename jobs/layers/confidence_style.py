"""How confidence looks: doubtful ground is covered with colour, and what is sure cannot be seen."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..translation import tr

STEPS = (
    (50, "#c2107a", 190, tr("50 % or less: look here")),
    (70, "#e060a8", 130, tr("70 %")),
    (85, "#f3b0d2", 80, tr("85 %")),
    (95, "#ffffff", 0, tr("95 % or more: sure, clear")),
)
"""Percent, a colour that neither imagery nor classes have, its opacity of 255, what the legend says.

The ends stand for what is beyond them. QGIS's legends show colours without their opacity, so these grow lighter too.
"""


def style_confidence(layer: QgsRasterLayer, card: dict[str, Any]) -> None:
    """A ramp from strong colour, where the model doubts, to clear, where it is sure: its class map shows through there.

    Args:
        layer: confidence in percent.
        card: the model's card, not used: confidence looks the same for all models, so that maps compare.
    """
    shader = QgsColorRampShader(0, 100, None, QgsColorRampShader.Type.Interpolated)
    shader.setColorRampItemList([QgsColorRampShader.ColorRampItem(*_item(step)) for step in STEPS])
    legend = QgsColorRampLegendNodeSettings()
    legend.setUseContinuousLegend(False)  # words at the steps, not a bar between two numbers
    shader.setLegendSettings(legend)
    function = QgsRasterShader(0, 100)
    function.setRasterShaderFunction(shader)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(None, 1, function))
    layer.triggerRepaint()


def _item(step: tuple[int, str, int, str]) -> tuple[float, QColor, str]:
    percent, name, opacity, words = step
    color = QColor(name)
    color.setAlpha(opacity)
    return percent, color, words
