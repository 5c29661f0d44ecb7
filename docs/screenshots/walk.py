"""A new user's session, played inside QGIS by `session.py`: engine, layers, wizard, training, prediction, map."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

from desktop.hands import (
    Steps,
    choose,
    choose_entry,
    click,
    click_row,
    complaints,
    drop,
    screenshot,
    unfold,
    window_of,
    write,
)
from qgis.core import QgsMapLayer, QgsPalettedRasterRenderer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QComboBox, QPushButton, QTableView, QToolButton, QWidget, QWizard
from qgis.utils import iface

RASTERS = ("north_train", "south_train", "unlabelled", "south_test")
NAME = "town"
"""Of the run."""

LABELS = {"cars": "north_train_cars", "areas": "south_train_areas", "labelled_area": "south_train_labelled_area"}
HEAVY = ("torch", "torchvision", "rasterio", "pydantic", "engine")
SET_UP_LIMIT = 1800.0
TRAINING_LIMIT = 1800.0
PAUSE = 0.6
"""Seconds before a picture, so that everything is drawn."""


def session(values: dict[str, Any]) -> Steps:
    """The whole session; see `Walk`."""
    return (yield from Walk(values).all())


class Walk:
    """One session.

    Args:
        values: `world`, folder of the demo world; `python`, the engine's, none sets up a new one; `steps` of the
            training; `pictures`, folder for whole screens, and `guide`, for the guide's pictures, both may be empty.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._layers: dict[str, QgsMapLayer] = {}
        self._complaints: dict[str, list[str]] = {}
        self._number = 0
        self._window = iface.mainWindow()

    def all(self) -> Steps:
        """Everything a new user does, in order.

        Returns:
            What was reached: layers on the map, heavy modules in QGIS, what is cut off or scrolls.
        """
        self._window.setGeometry(0, 0, 1280, 800)
        yield from self.environment()
        yield from self.load_layers()
        wizard = yield from self.open_wizard()
        yield from self.fill_wizard(wizard)
        dock = yield from self.train()
        yield from self.drop_model()
        layers = yield from self.show_predictions(dock)
        layers += yield from self.predict(dock)
        heavy = [name for name in HEAVY if name in sys.modules]
        return {"layers": layers, "heavy": heavy, "complaints": self._complaints}

    def phase(self, name: str) -> None:
        """Called when something new begins."""

    def picture(self, name: str, widget: QWidget | None = None, file: str = "", scrolls: bool = False) -> Steps:
        """Save the screen, and what a widget shows of it for the guide; note what is cut off in the widget.

        Args:
            name: of the picture.
            widget: what it is about; none is the whole screen.
            file: of the guide's picture; empty is none.
            scrolls: whether the widget has more to show than fits, so that a scroll bar is right.
        """
        gc.collect()  # what only Python's collector keeps together falls apart here, and not on a user's machine
        yield PAUSE
        if widget is not None:
            found = [each for each in complaints(widget) if not (scrolls and each.startswith("a scroll bar"))]
            self._complaints.update({name: found} if found else {})
        self._number += 1
        if self._values["pictures"]:
            screenshot(Path(self._values["pictures"]) / f"{self._number:02}-{name}.png")
        if self._values["guide"] and file:
            screenshot(Path(self._values["guide"]) / file, widget)

    def environment(self) -> Steps:
        """Follow the message above the map, and point at a Python or set up a new environment."""
        self.phase("environment")
        button = yield from self._await(lambda: _button(iface.messageBar(), "Set up"))
        yield from self.picture("invitation")
        yield from click(button)
        dialog = yield from self._await(lambda: window_of("EnvironmentDialog"))
        page = dialog.page
        yield from self.picture("environment-first", dialog)
        if self._values["python"]:
            yield from unfold(page.own)
            yield from write(page.own.python.lineEdit(), self._values["python"])
            yield from self.picture("environment-own", dialog)
            yield from click(page.own.use)
        else:
            yield from click(page.main_button)
            yield lambda: page.bar.value() > 100, SET_UP_LIMIT
        yield from self.picture("environment-checking", dialog)
        yield lambda: not page.installation.is_running() and page.main_button.isVisible(), SET_UP_LIMIT
        assert page.installation.ending.get("outputs"), page.notice.text()
        yield from self.picture("environment-ready", dialog)
        yield from click(_button(dialog, "Close"))

    def load_layers(self) -> Steps:
        """The demo world's rasters and labels."""
        self.phase("loading the demo's layers (QGIS)")
        world = Path(self._values["world"])
        for name in RASTERS:
            self._layers[name] = iface.addRasterLayer(str(world / f"{name}.tif"), name)
        for name, file in LABELS.items():
            self._layers[name] = iface.addVectorLayer(str(world / f"{file}.gpkg"), name, "ogr")
        assert all(layer is not None and layer.isValid() for layer in self._layers.values()), self._layers
        yield 1.0  # QGIS looks at the first layer itself, a moment later
        self._look_at("north_train")
        yield from self.picture("layers")

    def open_wizard(self) -> Steps:
        """Through the menu."""
        self.phase("wizard: opening")
        yield from self._menu("Train a model")
        return (yield from self._await(lambda: _first(self._window.findChildren(QWizard, "GeoDistilTraining"))))

    def fill_wizard(self, wizard: Any) -> Steps:
        """Every page, forward."""
        for name in ("sources", "classes", "recipe", "check", "run"):
            self.phase(f"wizard: {name}")
            yield from getattr(self, f"_fill_{name}")(wizard)
            last = name == "run"
            button = wizard.button(QWizard.WizardButton.FinishButton if last else QWizard.WizardButton.NextButton)
            yield button.isEnabled  # the last page looks at the folder first
            yield from click(button)

    def train(self) -> Steps:
        """Watch the dock until the run has finished."""
        self.phase("training, dock open")
        dock = yield from self._await(lambda: self._window.findChild(QgsDockWidget, "GeoDistilRuns"))
        self._window.resizeDocks([dock], [470], Qt.Orientation.Horizontal)
        table = dock.findChild(QTableView)
        yield lambda: table.model().rowCount() == 1
        yield (lambda: self._fraction(table) > 0.5), TRAINING_LIMIT
        yield from self.picture("training", dock, scrolls=True)
        yield (lambda: self._state(table) in ("Finished", "Failed", "Interrupted")), TRAINING_LIMIT
        assert self._state(table) == "Finished", self._state(table)
        self.phase("finished")
        yield from self.picture("finished", dock, scrolls=True)
        return dock

    def drop_model(self) -> Steps:
        """Drag the model onto QGIS, which offers it from then on."""
        self.phase("package drop")
        yield from drop(self._window, Path.home() / "GeoDistil" / NAME / "model")
        yield lambda: any("registered" in each.text() for each in iface.messageBar().items())
        yield from self.picture("dropped")
        iface.messageBar().clearWidgets()

    def show_predictions(self, dock: QgsDockWidget) -> Steps:
        """Of the raster that was ticked in the wizard."""
        self.phase("waiting for the predictions, dock open")
        button = _tool(dock, "Show predictions")
        yield button.isEnabled, TRAINING_LIMIT
        self.phase("predictions loading from the dock")
        before = set(QgsProject.instance().mapLayers())
        yield from click(button)
        yield lambda: len(set(QgsProject.instance().mapLayers()) - before) == 2
        self._look_at("south_test")
        yield from self.picture("predictions")
        return self._new(before)

    def predict(self, dock: QgsDockWidget) -> Steps:
        """With the model from the dock, on a raster that no training saw; the layers come back styled."""
        self.phase("opening Predict (Processing)")
        before = set(QgsProject.instance().mapLayers())
        yield from click(_tool(dock, "Predict"))
        dialog = yield from self._await(lambda: window_of("AlgorithmDialog"))
        yield from choose((yield from self._await(lambda: _rasters(dialog))), "south_test")
        yield from self.picture("predict", dialog, "predict.png", scrolls=True)
        self.phase("predicting, layers loading")
        yield from click(_button(dialog, "Run"))
        yield lambda: len(set(QgsProject.instance().mapLayers()) - before) >= 2
        yield 1.0
        yield from click(_button(dialog, "Close"))
        self.phase("drawing the map (QGIS)")
        self._hide(*RASTERS[:3])
        self._hide_results(before)
        self._look_at("south_test")
        yield 1.5
        yield from self.picture("map", file="session.png")
        return self._new(before)

    def _fill_sources(self, wizard: Any) -> Steps:
        page = wizard.sources
        yield from click(page.add_all_button)
        yield lambda: page.table.rowCount() == len(RASTERS)
        yield from click_row(page.table, self._row(page.table, "south_test"))
        yield from click(page.remove_button)
        yield from self._label(page, "north_train", "Detection (boxes)", "cars")
        yield from self._label(page, "south_train", "Segmentation (areas)", "areas")
        yield from choose(page.editor.area, "Polygons of a layer")
        yield lambda: any(each.isVisible() for each in page.editor._problems.values())
        yield from self.picture("wizard-mistakes", wizard, "wizard-mistakes.png")
        yield from choose(page.editor.area_layer, "labelled_area")
        yield page.isComplete
        yield from self.picture("wizard-sources", wizard, "wizard-sources.png")

    def _label(self, page: Any, raster: str, role: str, labels: str) -> Steps:
        yield from click_row(page.table, self._row(page.table, raster))
        yield from choose(page.editor.role, role)
        yield from choose(page.editor.labels, labels)

    def _fill_classes(self, wizard: Any) -> Steps:
        page = wizard.classes
        yield page.isVisible
        cars = page.tables["detection"]
        yield from click_row(cars.table, 0, 3)
        yield from click_row(cars.table, 1, 3, Qt.KeyboardModifier.ControlModifier)
        yield from click(cars.merge_button)
        yield from self.picture("wizard-classes", wizard, "wizard-classes.png")

    def _fill_recipe(self, wizard: Any) -> Steps:
        page = wizard.recipe
        yield page.isVisible
        yield from choose(page.teacher, page.teacher.itemText(1))  # trained sooner than large ones
        yield from self.picture("wizard-recipe", wizard, "wizard-recipe.png")
        yield from unfold(page.advanced)
        yield from self.picture("wizard-advanced", wizard, "wizard-advanced.png", scrolls=True)
        yield from write(page.advanced.chip_size, "128")
        yield from write(page.advanced.batch_size, "4")

    def _fill_check(self, wizard: Any) -> Steps:
        page = wizard.check
        yield page.isComplete, 180
        yield (lambda: not wizard.measurement.running), 180
        yield from self.picture("wizard-check", wizard, "wizard-check.png")
        yield from click(page.split_button)
        self._hide(*LABELS)
        self._look_at("south_train")
        yield 1.5
        wizard.hide()
        yield from self.picture("wizard-split", iface.mapCanvas(), "wizard-split.png")
        wizard.show()

    def _fill_run(self, wizard: Any) -> Steps:
        page = wizard.run
        yield page.isVisible
        yield from write(page.name, NAME)
        yield from choose(page.budget_kind, "steps")
        yield from write(page.budget, str(self._values["steps"]))
        yield from click(page.estimate_button)
        yield page.estimate_button.isEnabled, 180
        rows = [page.predict.item(row) for row in range(page.predict.count())]
        item = next(each for each in rows if each.text() == "south_test")
        box = page.predict.visualItemRect(item)
        yield from click(page.predict.viewport(), box.topLeft() + QPoint(10, box.height() // 2))
        assert item.checkState() == Qt.CheckState.Checked, "the raster was not ticked"
        yield from self.picture("wizard-run", wizard, "wizard-run.png")

    def _menu(self, entry: str) -> Steps:
        yield from choose_entry(self._window.menuBar(), "Plugins", "GeoDistil", entry)

    def _await(self, find: Any) -> Steps:
        yield lambda: find() is not None
        return find()

    def _hide(self, *names: str) -> None:
        for name in names:
            QgsProject.instance().layerTreeRoot().findLayer(self._layers[name]).setItemVisibilityChecked(False)

    def _hide_results(self, names: set[str]) -> None:
        """Of layers by their ids, those that the user did not load, so that the map does not show them twice."""
        own = {layer.id() for layer in self._layers.values()}
        for name in names - own:
            QgsProject.instance().layerTreeRoot().findLayer(name).setItemVisibilityChecked(False)

    def _look_at(self, name: str) -> None:
        iface.setActiveLayer(self._layers[name])
        iface.zoomToActiveLayer()

    def _new(self, before: set[str]) -> list[str]:
        """Styled layers that came since then."""
        found = set(QgsProject.instance().mapLayers()) - before
        return sorted(filter(None, (_styled(QgsProject.instance().mapLayer(name)) for name in found)))

    def _row(self, table: Any, text: str) -> int:
        return next(row for row in range(table.rowCount()) if table.item(row, 0).text() == text)

    def _state(self, table: QTableView) -> str:
        return table.model().index(0, 1).data()

    def _fraction(self, table: QTableView) -> float:
        return float(table.model().index(0, 2).data().split()[0]) / 100


def _first(found: list[Any]) -> Any:
    return next((each for each in found if each.isVisible()), None)


def _button(window: QWidget, text: str) -> QPushButton | None:
    found = window.findChildren(QPushButton)
    return _first([each for each in found if each.text().replace("&", "").startswith(text)])


def _tool(dock: QWidget, text: str) -> QToolButton:
    return next(each for each in dock.findChildren(QToolButton) if each.text().startswith(text))


def _rasters(window: QWidget) -> QComboBox | None:
    # By the name of its class: Python knows it as a QComboBox only.
    combos = window.findChildren(QComboBox)
    return _first([each for each in combos if each.metaObject().className() == "QgsMapLayerComboBox"])


def _styled(layer: QgsMapLayer) -> str:
    """A result layer's name, where it has the classes' names and colours; empty for others."""
    renderer = layer.renderer()
    if isinstance(layer, QgsRasterLayer) and isinstance(renderer, QgsPalettedRasterRenderer):
        return layer.name() if any(entry.label == "roof" for entry in renderer.classes()) else ""
    if isinstance(layer, QgsVectorLayer) and renderer.type() == "categorizedSymbol":
        return layer.name()
    return ""
