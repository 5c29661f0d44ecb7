"""Buttons of the toolbar: predict this view, swipe; and the entry in a raster's context menu."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

from qgis.core import QgsMapLayerType, QgsProject
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QMenu, QToolBar, QToolButton

from ...jobs.package_registry import current_model, known, set_current_model
from ...jobs.qt import QAction
from ...jobs.runs.files import MODEL_FOLDER
from ...jobs.translation import tr
from ..messages import tell
from ..widgets import icon
from .predictor import ViewPredictor
from .swipe import Side, SwipeTool


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
