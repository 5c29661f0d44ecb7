"""Areas: corner by corner, or freehand where the button stays down."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsPointXY
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QPoint

from ...jobs.labelling.geometry import polygon
from .tool import LabelTool


class AreaTool(LabelTool):
    """Clicks are corners; a drag draws freehand, and is a whole area where it is not part of a longer outline."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corners: list[QgsPointXY] = []
        self._before = 0
        self._free = False
        self._any_free = False

    @property
    def busy(self) -> bool:  # noqa: D102
        return bool(self._corners)

    def press(self, pixel: QPoint) -> None:  # noqa: D102
        super().press(pixel)
        self._before, self._free = len(self._corners), False
        self._add(pixel)

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self._pressed is not None and (self._free or self.dragged(pixel)):
            self._free = self._any_free = True
            self._add(pixel)
        if self._corners:
            self._show([*self._corners, self.place(pixel)])

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        super().release(pixel)
        if self._free:
            self._add(pixel)
            if not self._before:
                self.finish()

    def finish(self) -> None:  # noqa: D102
        tolerance = self._pixel() if self._any_free else 0.0
        shape = polygon(self._corners, tolerance)
        if len(self._corners) >= 3 and shape.isEmpty() and tolerance:
            shape = polygon(self._corners)
        self.cancel()
        if not shape.isEmpty():
            self.drawn.emit(shape)

    def back(self) -> None:  # noqa: D102
        self._corners = self._corners[: self._before] if self._free else self._corners[:-1]
        self._free = False
        self._show(self._corners)

    def cancel(self) -> None:  # noqa: D102
        self._corners, self._before, self._free, self._any_free = [], 0, False, False
        super().cancel()

    def _add(self, pixel: QPoint) -> None:
        here = self.place(pixel)
        if not self._corners or here != self._corners[-1]:
            self._corners.append(here)

    def _show(self, corners: list[QgsPointXY]) -> None:
        if not corners:
            self.hide_band()
            return
        self.show_band(QgsGeometry.fromPolygonXY([[*corners, *corners[-1:] * (len(corners) < 3), corners[0]]]))

    def _pixel(self) -> float:
        """Half the length of a pixel, in the layer's units: what a hand does not mean."""
        return self.place(QPoint(0, 0)).distance(self.place(QPoint(1, 0))) / 2
