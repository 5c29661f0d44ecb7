"""Click to segment: clicks on the object and beside it, or a box around it, until the area is the one meant."""

from __future__ import annotations

from typing import NamedTuple

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsVertexMarker
from qgis.PyQt.QtCore import QPoint, pyqtSignal
from qgis.PyQt.QtGui import QColor

from ...jobs.labelling.clicking import Prompt
from ...jobs.labelling.geometry import box
from .tool import LabelTool

INSIDE, OUTSIDE = "#2e9e5b", "#e6194b"
MARKER_PIXELS = 9


class Step(NamedTuple):
    """A click or a box: where it is in the layer's CRS, whether it is inside, and its mark on the map."""

    place: QgsPointXY | QgsRectangle
    inside: bool
    marker: QgsVertexMarker | None


class ClickTool(LabelTool):
    """A click means what is there, one with Shift what is not; a drag is a box around it. See `show_area`."""

    asked = pyqtSignal(object)
    """A `Prompt`, after each step."""
    found = pyqtSignal(QgsGeometry)
    """The area is accepted."""
    dropped = pyqtSignal()
    """Nothing is meant any more."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._steps: list[Step] = []
        self._area: QgsGeometry | None = None
        self._accepts = False

    @property
    def busy(self) -> bool:  # noqa: D102
        return bool(self._steps)

    def show_area(self, area: QgsGeometry) -> None:
        """The answer to the last prompt, in the layer's CRS; empty where there is none."""
        if not self._steps:
            return
        self._area = None if area.isEmpty() else area
        self.hide_band()
        if self._area is not None:
            self.show_band(self._area)
            if self._accepts:
                self.finish()
        self._accepts = False

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self.dragged(pixel):
            self.show_band(box(self.place(self._pressed), self.place(pixel)))

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        drawn, start = self.dragged(pixel), self._pressed
        super().release(pixel)
        if drawn:
            self._steps.append(Step(box(self.place(start), self.place(pixel)).boundingBox(), True, None))
        else:
            inside = not self.shifted
            self._steps.append(Step(self.place(pixel), inside, self._marker(pixel, inside)))
        self._ask()

    def finish(self) -> None:
        """Accept the area; one that is still awaited is accepted when it is there."""
        if self._area is None:
            self._accepts = bool(self._steps)
            return
        area = self._area
        self.cancel()
        self.found.emit(area)

    def back(self) -> None:  # noqa: D102
        self._unmark(self._steps.pop())
        if self._prompt().means_something:
            self._ask()
        else:
            self.cancel()

    def cancel(self) -> None:  # noqa: D102
        begun = bool(self._steps)
        while self._steps:
            self._unmark(self._steps.pop())
        self._area, self._accepts = None, False
        super().cancel()
        if begun:
            self.dropped.emit()

    def _ask(self) -> None:
        self._area, self._accepts = None, False
        self.asked.emit(self._prompt())

    def _prompt(self) -> Prompt:
        points = [each for each in self._steps if each.marker is not None]
        boxes = [each.place for each in self._steps if each.marker is None]
        inside, outside = (tuple(each.place for each in points if each.inside is way) for way in (True, False))
        return Prompt(inside, outside, boxes[-1] if boxes else None)

    def _marker(self, pixel: QPoint, inside: bool) -> QgsVertexMarker:
        marker = QgsVertexMarker(self._canvas)
        kind = QgsVertexMarker.IconType
        marker.setIconType(kind.ICON_CIRCLE if inside else kind.ICON_X)
        marker.setIconSize(MARKER_PIXELS)
        marker.setPenWidth(2)
        marker.setColor(QColor(INSIDE if inside else OUTSIDE))
        marker.setCenter(self.toMapCoordinates(pixel))
        return marker

    def _unmark(self, step: Step) -> None:
        if step.marker is not None:
            self._canvas.scene().removeItem(step.marker)
