"""The map tools that draw and select labels: areas, boxes, a frame; shapes in the layer's CRS."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication

from ...jobs.given import given
from ...jobs.labelling.editing import box, box_around, moved_to, polygon, rotated_box

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
