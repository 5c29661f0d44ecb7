"""Tools for boxes: between two corners, turned to the object, around a point, and a copy of the last one."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsGeometry, QgsPointXY
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QPoint

from ...jobs.labelling.geometry import box, box_around, moved_to, rotated_box
from ...jobs.types import given
from .tool import LabelTool


class BoxTool(LabelTool):
    """A box by two clicks on opposite corners, or by a drag from one to the other."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corner: QgsPointXY | None = None
        self._first_press = False

    @property
    def busy(self) -> bool:  # noqa: D102
        return self._corner is not None

    def press(self, pixel: QPoint) -> None:  # noqa: D102
        super().press(pixel)
        self._first_press = self._corner is None
        if self._first_press:
            self._corner = self.place(pixel)

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self._corner is not None:
            self.show_band(box(self._corner, self.place(pixel)))

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        ends = self._corner is not None and (not self._first_press or self.dragged(pixel))
        super().release(pixel)
        if ends:
            shape = box(self._corner, self.place(pixel))
            if shape.area() > 0:  # else a double click, which would leave a label that nobody sees
                self.cancel()
                self.drawn.emit(shape)

    def cancel(self) -> None:  # noqa: D102
        self._corner = None
        super().cancel()


class RotatedBoxTool(LabelTool):
    """A box by three clicks: along one side, then across."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._clicks: list[QgsPointXY] = []

    @property
    def busy(self) -> bool:  # noqa: D102
        return bool(self._clicks)

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        if self._clicks:
            self.show_band(self._shape(self.place(pixel)))

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        super().release(pixel)
        here = self.place(pixel)
        if len(self._clicks) < 2:
            if here not in self._clicks:
                self._clicks.append(here)
            return
        shape = self._shape(here)
        if shape.area() > 0:
            self.cancel()
            self.drawn.emit(shape)

    def back(self) -> None:  # noqa: D102
        self._clicks = self._clicks[:-1]
        self.hide_band()

    def cancel(self) -> None:  # noqa: D102
        self._clicks = []
        super().cancel()

    def _shape(self, here: QgsPointXY) -> QgsGeometry:
        if len(self._clicks) == 1:
            start = self._clicks[0]
            return QgsGeometry.fromPolygonXY([[start, here, here, start]])
        first, second = self._clicks
        return rotated_box(first, second, here)


class StampTool(LabelTool):
    """One click, one label: a shape that goes with the pointer.

    Args:
        canvas: the map.
        shape_at: what to draw at a place; none where there is nothing to draw.
    """

    def __init__(self, canvas: QgsMapCanvas, shape_at: Callable[[QgsPointXY], QgsGeometry | None]) -> None:
        super().__init__(canvas)
        self._shape_at = shape_at

    def move(self, pixel: QPoint) -> None:  # noqa: D102
        shape = self._shape_at(self.place(pixel))
        if shape is None:
            self.hide_band()
        else:
            self.show_band(shape)

    def release(self, pixel: QPoint) -> None:  # noqa: D102
        super().release(pixel)
        shape = self._shape_at(self.place(pixel))
        if shape is not None:
            self.drawn.emit(shape)


def point_tool(canvas: QgsMapCanvas, metres: Callable[[], float]) -> StampTool:
    """A box of this size around each click."""
    tool = StampTool(canvas, lambda place: box_around(place, metres(), given(tool._layer).crs()))
    return tool


def copy_tool(canvas: QgsMapCanvas, last: Callable[[], QgsGeometry | None]) -> StampTool:
    """The last shape once more at each click."""

    def shape_at(place: QgsPointXY) -> QgsGeometry | None:
        shape = last()
        return None if shape is None else moved_to(shape, place)

    return StampTool(canvas, shape_at)
