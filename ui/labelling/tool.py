"""What the map tools that draw labels share: shapes in the layer's CRS, and what is under way shown on the map."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication

BAND_PIXELS = 2
FILL_OPACITY = 40


class LabelTool(QgsMapTool):
    """A tool that gets presses, moves and releases as pixels, from the mouse or from the keyboard's pointer."""

    drawn = pyqtSignal(QgsGeometry)
    """A shape is finished, in the layer's CRS."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._layer: QgsVectorLayer | None = None
        self._pressed: QPoint | None = None
        self._band = band(canvas)
        self.shifted = False
        """Whether Shift was down when the button went up."""
        self.setCursor(Qt.CursorShape.CrossCursor)

    def aim(self, layer: QgsVectorLayer | None, color: str) -> None:
        """Draw for this layer, in the colour of the class."""
        if layer is not self._layer:
            self.cancel()
        self._layer = layer
        paint(self._band, color)

    @property
    def busy(self) -> bool:
        """Whether a shape is begun."""
        return False

    def press(self, pixel: QPoint) -> None:
        """The left button went down."""
        self._pressed = QPoint(pixel)

    def move(self, pixel: QPoint) -> None:
        """The pointer went here, with the button down or up."""

    def release(self, pixel: QPoint) -> None:
        """The left button went up."""
        self._pressed = None

    def finish(self) -> None:
        """End the shape here, by the right button or Enter; where it cannot be ended, it is given up."""
        self.cancel()

    def back(self) -> None:
        """Take the last step back."""
        self.cancel()

    def cancel(self) -> None:
        """Give the shape up."""
        self._pressed = None
        self.hide_band()

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton and self._layer is not None:
            self.press(event.pos())

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        if self._layer is not None:
            self.move(event.pos())

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        if self._layer is None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.finish()
        elif event.button() == Qt.MouseButton.LeftButton and self._pressed is not None:
            self.shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.release(event.pos())

    def deactivate(self) -> None:  # noqa: D102
        self.cancel()
        super().deactivate()

    def place(self, pixel: QPoint) -> QgsPointXY:
        """A pixel of the map in the layer's CRS."""
        return self.toLayerCoordinates(self._layer, pixel)

    def dragged(self, pixel: QPoint) -> bool:
        """Whether the button went down elsewhere, so that this is no click."""
        far = QApplication.startDragDistance()
        return self._pressed is not None and (pixel - self._pressed).manhattanLength() >= far

    def show_band(self, shape: QgsGeometry) -> None:
        """Show what is under way."""
        self._band.setToGeometry(shape, self._layer)
        self._band.show()

    def hide_band(self) -> None:
        """Show nothing."""
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)

    def dispose(self) -> None:
        """Take the tool's drawing off the map."""
        self._canvas.scene().removeItem(self._band)


def seen(canvas: QgsMapCanvas) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem]:
    """What a map shows, turned as it is, and its CRS."""
    settings = canvas.mapSettings()
    corners = [QgsPointXY(each) for each in settings.visiblePolygon()]
    return QgsGeometry.fromPolygonXY([[*corners, corners[0]]]), settings.destinationCrs()


def band(canvas: QgsMapCanvas) -> QgsRubberBand:
    """A shape over the map."""
    made = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
    made.setWidth(BAND_PIXELS)
    made.setSecondaryStrokeColor(QColor(255, 255, 255, 160))  # seen on any ground
    return made


def paint(shape: QgsRubberBand, color: str) -> None:
    """Give a shape over the map a class's colour."""
    fill = QColor(color)
    shape.setStrokeColor(fill)
    fill.setAlpha(FILL_OPACITY)
    shape.setFillColor(fill)
