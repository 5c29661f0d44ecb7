"""How results look on the map: classes in their colours, outlines with scores, confidence, errors, reviews, values."""

from __future__ import annotations

from typing import Any, Callable

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsFillSymbol,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsPalLayerSettings,
    QgsRasterLayer,
    QgsRasterShader,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSingleBandPseudoColorRenderer,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from ..classes import PALETTE, category_symbols, value_text
from ..gdal_files import value_range
from ..progress import spoken
from ..translation import tr

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


CONFIDENCE_STEPS = (
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
    shader.setColorRampItemList([QgsColorRampShader.ColorRampItem(*_item(step)) for step in CONFIDENCE_STEPS])
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
    categories = [
        QgsRendererCategory(error, _error_outline(error, color), spoken(error)) for error, color in OBJECTS.items()
    ]
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


def _error_outline(error: str, color: str) -> QgsFillSymbol:
    """Missed objects are dashed too, for those who do not tell the colours apart."""
    properties = {"style": "no", "outline_color": color, "outline_width": "0.5", "outline_width_unit": "MM"}
    line = "dash" if error == "missed" else "solid"
    return QgsFillSymbol.createSimple({**properties, "outline_style": line, "joinstyle": "miter"})


RANK_STEPS = (
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
        for first, last, color, opacity, words in RANK_STEPS
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
