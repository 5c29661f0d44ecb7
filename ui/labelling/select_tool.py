"""Selecting labels: the smallest under a click, those in a dragged frame; with Shift, more of them."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal

from ...jobs.labelling.geometry import box
from .tool import LabelTool

REACH_PIXELS = 4


class SelectTool(LabelTool):
    """See the module; it draws nothing."""

    clicked = pyqtSignal(QgsRectangle, bool)
    """Some pixels around a click, in the layer's CRS; whether it adds to what is selected."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._adds = False
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        self._adds = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().canvasReleaseEvent(event)
        self._adds = False

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self.dragged(pixel):
            self.show_band(self._frame(pixel))

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        framed, frame = self.dragged(pixel), self._frame(pixel)
        super().release(pixel)
        self.hide_band()
        if framed:
            behaviour = QgsVectorLayer.SelectBehavior
            way = behaviour.AddToSelection if self._adds else behaviour.SetSelection
            self._layer.selectByRect(frame.boundingBox(), way)
        else:
            reach = QPoint(REACH_PIXELS, REACH_PIXELS)
            self.clicked.emit(QgsRectangle(self.place(pixel - reach), self.place(pixel + reach)), self._adds)

    def finish(self) -> None:
        """The right button lets go of what is selected."""
        super().finish()
        self._layer.removeSelection()

    def _frame(self, pixel: QPoint) -> QgsGeometry:
        return box(self.place(self._pressed or pixel), self.place(pixel))
