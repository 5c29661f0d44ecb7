"""Pictures that QGIS renders of imagery and styled predictions; for QGIS's Python."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsMapLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter

ROOT = Path(__file__).resolve().parents[1]
PANEL, TITLE, GAP, LEGEND = 880, 44, 16, 56
"""Pixels of a picture's parts."""

Panel = tuple[str, list[QgsMapLayer], Optional[QgsRectangle]]
"""A title, layers from top to bottom, and the extent in the last layer's CRS; none is all of it."""


def load_styles() -> Any:
    """The plugin's own styles, so that the picture shows what the plugin does."""
    sys.path.insert(0, str(ROOT.parent))
    return importlib.import_module(f"{ROOT.name}.jobs.layers.styles")


def read_card(package: Path) -> dict[str, Any]:
    """The model's card, from the package's STAC item."""
    return json.loads((package / "item.json").read_text(encoding="utf-8"))["properties"]["geodistil:card"]


def raster(path: Path, name: str) -> QgsRasterLayer:
    """A raster layer that must be there."""
    layer = QgsRasterLayer(str(path), name)
    assert layer.isValid(), path
    return layer


def predictions(folder: Path, card: dict[str, Any], styles: Any) -> list[QgsMapLayer]:
    """Detections over the class map, styled."""
    boxes = QgsVectorLayer(f"{folder / 'detections.gpkg'}|layername=detections", "vehicles")
    assert boxes.isValid(), folder
    classes = raster(folder / "classes.tif", "classes")
    styles.style_detections(boxes, card)
    styles.style_class_map(classes, card)
    return [boxes, classes]


def picture(panels: list[Any], card: dict[str, Any]) -> QImage:
    """Panels two by two, each under its title, a legend below."""
    rows = (len(panels) + 1) // 2
    width, height = 2 * PANEL + 3 * GAP, rows * (PANEL + TITLE + GAP) + LEGEND
    image = QImage(QSize(width, height), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for index, (title, layers, extent) in enumerate(panels):
        left = GAP + (index % 2) * (PANEL + GAP)
        top = (index // 2) * (PANEL + TITLE + GAP)
        write(painter, title, QRect(left, top, PANEL, TITLE), 20)
        painter.drawImage(left, top + TITLE, render(layers, extent))
    legend(painter, card, height - LEGEND)
    painter.end()
    return image


def render(layers: list[QgsMapLayer], extent: Optional[QgsRectangle]) -> QImage:
    """What QGIS's map canvas would show of an extent."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[-1].crs())
    settings.setExtent(extent or layers[-1].extent())
    settings.setOutputSize(QSize(PANEL, PANEL))
    settings.setFlag(QgsMapSettings.Flag.Antialiasing, True)
    settings.setFlag(QgsMapSettings.Flag.DrawLabeling, False)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def legend(painter: QPainter, card: dict[str, Any], top: int) -> None:
    """Class names with their colours."""
    left = GAP
    for entry in card["segmentation_classes"] + card["detection_classes"]:
        box = QRect(left, top + 14, 34, 24)
        if entry in card["detection_classes"]:
            painter.setPen(QColor("#444444"))
            painter.fillRect(box, QColor(entry["color"]))
            painter.fillRect(box.adjusted(4, 4, -4, -4), QColor("white"))
        else:
            painter.fillRect(box, QColor(entry["color"]))
        write(painter, entry["name"], QRect(left + 44, top, 160, LEGEND - 4), 16)
        left += 200


def write(painter: QPainter, text: str, where: QRect, size: int) -> None:
    """Text, left and centred vertically, in pixels."""
    font = QFont("sans-serif")
    font.setPixelSize(size)
    painter.setFont(font)
    painter.setPen(QColor("#222222"))
    painter.drawText(where, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
