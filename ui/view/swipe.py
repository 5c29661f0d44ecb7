"""A line over the map, moved with the mouse: what is left of it shows one thing, what is right of it another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from qgis.core import QgsMapRendererParallelJob, QgsMapSettings, QgsProject
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import QEvent, QObject, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QPainter, QPen

from ...jobs.given import given

OVER_MAP = -9.0
"""The map itself lies at -10, everything that is drawn over it at 0 and higher."""

STEP = 0.05
"""Share of the map's width that a key moves the line."""

MARGIN = 6
BACK, INK = QColor(0, 0, 0, 150), QColor(255, 255, 255)


class Side(NamedTuple):
    """What one side of the line shows.

    Args:
        name: what people call it.
        hidden: ids of the layers that this side does not show.
    """

    name: str
    hidden: frozenset[str]


ENDING: list[QgsMapRendererParallelJob] = []
"""Jobs that were given up and have not ended: one that is let go of before holds QGIS up until it has."""


class SwipeItem(QgsMapCanvasItem):
    """Two pictures of the map, each drawn on its side of the line; moving the line draws no layer anew.

    Args:
        canvas: the map.
        left: what is seen left of the line.
        right: what is seen right of it.
    """

    def __init__(self, canvas: QgsMapCanvas, left: Side, right: Side) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.sides = (left, right)
        self.share = 0.5
        """Where the line is, as a share of the map's width."""
        self._images: list[QImage | None] = [None, None]
        self._jobs: list[QgsMapRendererParallelJob] = []
        self._turn = 0
        self.setZValue(OVER_MAP)

    @property
    def ready(self) -> bool:
        """Whether both pictures are there."""
        return all(image is not None for image in self._images)

    def boundingRect(self) -> QRectF:
        """All of the map."""
        return QRectF(0, 0, self._canvas.width(), self._canvas.height())

    def updatePosition(self) -> None:
        """It lies over the map as it is seen, wherever that is."""
        self.setPos(0, 0)

    def forget(self) -> None:
        """The map shows something else: the pictures are of the past."""
        self._give_up()
        self._images = [None, None]
        self.update()

    def draw(self) -> None:
        """Have both pictures made, beside the main thread; those that are there stay until then."""
        self._give_up()
        for index, side in enumerate(self.sides):
            settings = QgsMapSettings(self._canvas.mapSettings())
            settings.setLayers([layer for layer in settings.layers() if layer.id() not in side.hidden])
            job = QgsMapRendererParallelJob(settings)
            # A slot that held its job would keep both for ever.
            job.finished.connect(lambda index=index, turn=self._turn: self._take(index, turn))
            self._jobs.append(job)
            job.start()

    def move(self, share: float) -> None:
        """Put the line elsewhere."""
        self.share = min(max(share, 0.0), 1.0)
        self.update()

    def paint(self, painter: QPainter, option: object = None, widget: object = None) -> None:
        """Draw what is there; called by the map."""
        if not self.ready:
            return
        whole = self.boundingRect()
        middle = whole.width() * self.share
        parts = (QRectF(0, 0, middle, whole.height()), QRectF(middle, 0, whole.width() - middle, whole.height()))
        for image, part, side in zip(self._images, parts, self.sides):
            painter.save()
            painter.setClipRect(part)
            painter.drawImage(whole, image, QRectF(given(image).rect()))
            self._name(painter, part, side.name, right=part is parts[1])
            painter.restore()
        for color, width in ((BACK, 4), (INK, 2)):
            painter.setPen(QPen(color, width))
            painter.drawLine(round(middle), 0, round(middle), round(whole.height()))

    def _name(self, painter: QPainter, part: QRectF, name: str, right: bool) -> None:
        metrics = QFontMetrics(painter.font())
        width, height = metrics.horizontalAdvance(name) + 2 * MARGIN, metrics.height() + MARGIN
        left = part.right() - width - MARGIN if right else part.left() + MARGIN
        box = QRectF(left, part.top() + MARGIN, width, height)
        painter.fillRect(box, BACK)
        painter.setPen(INK)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _give_up(self) -> None:
        for job in self._jobs:
            job.cancelWithoutBlocking()
        ENDING[:] = [job for job in [*ENDING, *self._jobs] if job.isActive()]
        self._jobs = []
        self._turn += 1

    def _take(self, index: int, turn: int) -> None:
        if turn == self._turn:
            self._images[index] = self._jobs[index].renderedImage()
            self.update()


class SwipeTool(QgsMapTool):
    """Moves the line: pressing or dragging the left button puts it there, Ctrl with the arrow keys too.

    Args:
        canvas: the map.
        sides: says what both sides show, each time the map has changed; none ends the swipe.
    """

    def __init__(self, canvas: QgsMapCanvas, sides: Callable[[], Sequence[Side] | None]) -> None:
        super().__init__(canvas)
        self._canvas, self._sides = canvas, sides
        self.item: SwipeItem | None = None
        self._keys = _Keys(self)
        self.setCursor(Qt.CursorShape.SplitHCursor)

    def activate(self) -> None:
        """Show the line."""
        super().activate()
        self._canvas.mapCanvasRefreshed.connect(self._draw)
        self._canvas.extentsChanged.connect(self._forget)
        QgsProject.instance().layersRemoved.connect(self._lose)
        self._canvas.installEventFilter(self._keys)
        self._draw()

    def deactivate(self) -> None:
        """Take it away."""
        if self.item is not None:
            self._canvas.mapCanvasRefreshed.disconnect(self._draw)
            self._canvas.extentsChanged.disconnect(self._forget)
            QgsProject.instance().layersRemoved.disconnect(self._lose)
            self._canvas.removeEventFilter(self._keys)
            self.item.forget()
            self._canvas.scene().removeItem(self.item)
            self.item = None
        super().deactivate()

    def step(self, way: int) -> None:
        """Move the line by a key."""
        if self.item is not None:
            self.item.move(self.item.share + way * STEP)

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        self._move(event)

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: D102
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(event)

    def _move(self, event: QgsMapMouseEvent) -> None:
        if self.item is not None:
            self.item.move(event.pos().x() / max(self._canvas.width(), 1))

    def _draw(self) -> None:
        sides = self._sides()
        if self.item is None:
            left, right = sides or (Side("", frozenset()), Side("", frozenset()))
            self.item = SwipeItem(self._canvas, left, right)
        if sides is None:
            self.item.forget()
            return
        left, right = sides
        self.item.sides = (left, right)
        self.item.draw()

    def _forget(self) -> None:
        if self.item is not None:
            self.item.forget()

    def _lose(self, *_: object) -> None:
        """Layers are gone, also from the pictures, which are made when the map is."""
        self._forget()
        self._canvas.refresh()


class _Keys(QObject):
    """The map takes the arrow keys for itself; these come before."""

    WAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}  # noqa: RUF012

    def __init__(self, tool: SwipeTool) -> None:
        super().__init__(tool)
        self._tool = tool

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl with an arrow key."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        way = self.WAYS.get(event.key())
        if way is None or event.modifiers() != Qt.KeyboardModifier.ControlModifier:
            return False
        if event.type() == QEvent.Type.KeyPress:
            self._tool.step(way)
        event.accept()
        return True
