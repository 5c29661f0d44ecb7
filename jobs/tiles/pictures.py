"""Pictures in memory: what a service sent as pixels with colours and alpha."""

from __future__ import annotations

from qgis.PyQt.QtCore import QRect, Qt
from qgis.PyQt.QtGui import QImage, QPainter

RGBA = QImage.Format.Format_RGBA8888


def picture(content: bytes, width: int, height: int) -> QImage | None:
    """A tile's picture of the size that its lattice has; none where it is none, or damaged.

    Tiles for sharp screens have twice the pixels that their address says: they are made smaller.
    """
    image = QImage.fromData(content)
    if image.isNull():
        return None
    image = image.convertToFormat(RGBA)
    if (image.width(), image.height()) != (width, height):
        mode = Qt.TransformationMode.SmoothTransformation
        image = image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    return image


def blank(width: int, height: int) -> QImage:
    """Ground without imagery."""
    image = QImage(width, height, RGBA)
    image.fill(Qt.GlobalColor.transparent)
    return image


def paste(image: QImage, onto: QImage, left: int, top: int) -> None:
    """Put a picture where it belongs; what is outside is left out."""
    inside = QRect(left, top, image.width(), image.height()).intersected(onto.rect())
    if inside.isEmpty():
        return
    painter = QPainter(onto)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(inside, image, inside.translated(-left, -top))
    painter.end()


def pixels(image: QImage) -> bytes:
    """Rows of red, green, blue, alpha."""
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return bytes(bits)
