"""The view's tools: Predict this view, the swipe, and the entry in a raster's context menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from qgis.core import QgsMapLayerType, QgsMapRendererParallelJob, QgsMapSettings, QgsProject
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import QEvent, QObject, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QPainter, QPen
from qgis.PyQt.QtWidgets import QMenu, QToolBar, QToolButton

from ...jobs.given import given
from ...jobs.package_registry import current_model, known, set_current_model
from ...jobs.qt import QAction
from ...jobs.runs.files import MODEL_FOLDER
from ...jobs.translation import tr
from ..messages import tell
from ..widgets import icon
from .predictor import ViewPredictor

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


class ViewButtons(QObject):
    """The buttons and what they do.

    Args:
        iface: QGIS's interface.
        project: whose layers are predicted.
        show_models: opens the models window.
        bar: the toolbar that they come into.
    """

    def __init__(self, iface: Any, project: QgsProject, show_models: Callable[[], None], bar: QToolBar) -> None:
        super().__init__(iface.mainWindow())
        self._iface, self._project, self.bar = iface, project, bar
        self.predictor = ViewPredictor(iface, project, self)
        self._make_actions(show_models)
        self.tool = SwipeTool(iface.mapCanvas(), self._sides)
        self.tool.setAction(self.swipe)
        self._lay_out()
        self._canvas = iface.mapCanvas()
        self._before: Any = None
        self.predictor.changed.connect(self._show)

    def close(self) -> None:
        """Take everything away."""
        if self._canvas.mapTool() is self.tool:
            self._canvas.unsetMapTool(self.tool)
        self._iface.removeCustomActionForLayerType(self.once_here)
        self.predictor.close()
        for action in (self.follow, self.once, self.once_here, self.keep, self.remove, self.swipe, self.models):
            action.deleteLater()
        self.menu.deleteLater()
        self.deleteLater()

    def _make_actions(self, show_models: Callable[[], None]) -> None:
        window = self._iface.mainWindow()
        self.follow = QAction(icon("view"), tr("Predict this view"), window)
        self.follow.setCheckable(True)
        self.follow.setToolTip(
            tr("Predict what the map shows with the current model; pressed down, after each pan and zoom, too")
        )
        self.follow.toggled.connect(self.predictor.follow)
        self.once = QAction(tr("Predict this view once"), window)
        self.once.triggered.connect(lambda _=False: self.predictor.predict())
        self.once_here = QAction(icon("view"), tr("Predict this view"), window)
        self.once_here.triggered.connect(lambda _=False: self.predictor.predict(self._iface.activeLayer()))
        self.keep = QAction(tr("Keep the predicted view…"), window)
        self.keep.triggered.connect(lambda _=False: self.predictor.keep())
        self.remove = QAction(tr("Remove the predicted view"), window)
        self.remove.triggered.connect(lambda _=False: self.predictor.remove())
        self.swipe = QAction(icon("swipe"), tr("Swipe"), window)
        self.swipe.setCheckable(True)
        self.swipe.setToolTip(
            tr("Compare the predicted view, or the selected layers, with what lies below: drag the line over the map")
        )
        self.swipe.toggled.connect(self._swipe)
        self.models = QAction(icon("models"), tr("Models"), window)
        self.models.triggered.connect(lambda _=False: show_models())

    def _lay_out(self) -> None:
        self.bar.addAction(self.follow)
        self.menu = QMenu(self.bar)
        self.menu.aboutToShow.connect(self._fill_menu)
        button = self.bar.widgetForAction(self.follow)
        button.setMenu(self.menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.bar.addAction(self.swipe)
        self._iface.addCustomActionForLayerType(self.once_here, "", QgsMapLayerType.RasterLayer, True)

    def _fill_menu(self) -> None:
        """The models as they are now; paths only, no disk is looked at."""
        self.menu.clear()
        self.menu.addAction(self.once)
        self.menu.addAction(self.keep)
        self.menu.addAction(self.remove)
        shown = bool(self.predictor.shown())
        self.keep.setEnabled(shown)
        self.remove.setEnabled(shown)
        self.menu.addSection(tr("Current model"))
        current, models = current_model(), known()
        if current is not None and current not in [path for _, path in models]:
            models.insert(0, (current.parent.name if current.name == MODEL_FOLDER else current.stem, current))
        for name, path in models:
            entry = self.menu.addAction(name.replace("&", "&&"))
            entry.setToolTip(str(path))
            entry.setCheckable(True)
            entry.setChecked(path == current)
            entry.triggered.connect(partial(_choose, path))
        self.menu.addSeparator()
        self.menu.addAction(self.models)

    def _show(self) -> None:
        self.follow.blockSignals(True)
        self.follow.setChecked(self.predictor.following)
        self.follow.blockSignals(False)
        status = self._iface.statusBarIface()
        if self.predictor.busy:
            status.showMessage(tr("Predicting the view…"))
        else:
            status.clearMessage()

    # swipe

    def _swipe(self, on: bool) -> None:
        if not on:
            if self._canvas.mapTool() is self.tool:
                self._canvas.setMapTool(self._before) if self._before else self._canvas.unsetMapTool(self.tool)
        elif self._sides() is None:
            self.swipe.setChecked(False)
            sentence = tr("There is nothing to swipe: predict this view, or select layers that lie over others, first.")
            tell(self._iface, sentence)
        else:
            self._before = self._canvas.mapTool()
            self._canvas.setMapTool(self.tool)

    def _sides(self) -> tuple[Side, Side] | None:
        """What both sides show: two models, or the prediction, or the selected layers, and what lies below."""
        seen = {layer.id() for layer in self._project.layerTreeRoot().checkedLayers()}
        below = tr("below")
        shown = [(name, frozenset(each.id() for each in layers) & seen) for name, layers in self.predictor.shown()]
        shown = [(name, ids) for name, ids in shown if ids]
        if len(shown) > 1:
            (first, one), (second, two) = shown[:2]
            return Side(first, two), Side(second, one)
        if not shown:
            view = self._iface.layerTreeView()
            selected = frozenset(layer.id() for layer in view.selectedLayersRecursive()) & seen if view else frozenset()
            if not selected or selected == seen:
                return None
            name = self._project.mapLayer(next(iter(selected))).name() if len(selected) == 1 else tr("selected layers")
            shown = [(name, selected)]
        return Side(shown[0][0], frozenset()), Side(below, shown[0][1])


def _choose(path: Any, _checked: bool = False) -> None:
    set_current_model(path)
