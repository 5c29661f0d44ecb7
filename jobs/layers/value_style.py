"""How maps of values (regression) look: a ramp over what most of the pixels hold."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..gdal_files import value_range

VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
"""Equal steps look equal, also without colour vision."""

OUTLIERS = 0.02
"""Share of pixels at either end that the ramp does not reach out for."""


def style_values(layer: QgsRasterLayer, card: dict[str, Any]) -> None:
    """A ramp over the first band, between what 2 and 98 percent of its values lie below.

    Args:
        layer: values in units that only the model's makers know.
        card: the model's card, not used.
    """
    least, most = value_range(layer.source(), OUTLIERS)
    if not least < most:  # all the same, or no data
        least, most = (least, least + 1) if least == least else (0.0, 1.0)
    shader = QgsColorRampShader(least, most, _ramp(), QgsColorRampShader.Type.Interpolated)
    shader.classifyColorRamp(len(VIRIDIS), 1, layer.extent())
    function = QgsRasterShader(least, most)
    function.setRasterShaderFunction(shader)
    renderer = QgsSingleBandPseudoColorRenderer(None, 1, function)
    renderer.setClassificationMin(least)
    renderer.setClassificationMax(most)
    layer.setRenderer(renderer)
    layer.triggerRepaint()


def _ramp() -> QgsGradientColorRamp:
    last = len(VIRIDIS) - 1
    stops = [QgsGradientStop(index / last, QColor(color)) for index, color in enumerate(VIRIDIS)]
    return QgsGradientColorRamp(QColor(VIRIDIS[0]), QColor(VIRIDIS[-1]), False, stops[1:-1])
