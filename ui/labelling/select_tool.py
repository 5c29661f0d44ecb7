"""Selecting labels: the smallest under a click, those in a dragged frame; with Shift, more of them."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal

from ...jobs.labelling.geometry import box
from ...jobs.types import given
from .tool import LabelTool

REACH_PIXELS = 4


class SelectTool(LabelTool):
    """See the module; it draws nothing."""

    clicked = pyqtSignal(QgsRectangle, bool)
    """Some pixels around a click, in the layer's CRS; whether it adds to what is selected."""
    framed = pyqtSignal(QgsRectangle, bool)
    """A frame that was dragged, likewise."""
    approved = pyqtSignal(QgsRectangle)
    """Some pixels around a double click."""
    refused = pyqtSignal(QgsRectangle)
    """Some pixels around a click of the right button."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.RightButton and self._layer is not None:
            self.cancel()
            self.refused.emit(self._near(event.pos()))
            return
        super().canvasReleaseEvent(event)

    def canvasDoubleClickEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        if self._layer is not None and event.button() == Qt.MouseButton.LeftButton:
            self.approved.emit(self._near(event.pos()))

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self.dragged(pixel):
            self.show_band(self._frame(pixel))

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        framed, frame = self.dragged(pixel), self._frame(pixel)
        super().release(pixel)
        self.hide_band()
        if framed:
            behaviour = QgsVectorLayer.SelectBehavior
            way = behaviour.AddToSelection if self.shifted else behaviour.SetSelection
            given(self._layer).selectByRect(frame.boundingBox(), way)
            self.framed.emit(frame.boundingBox(), self.shifted)
        else:
            self.clicked.emit(self._near(pixel), self.shifted)

    def _near(self, pixel: QPoint) -> QgsRectangle:
        reach = QPoint(REACH_PIXELS, REACH_PIXELS)
        return QgsRectangle(self.place(pixel - reach), self.place(pixel + reach))

    def _frame(self, pixel: QPoint) -> QgsGeometry:
        return box(self.place(self._pressed or pixel), self.place(pixel))
