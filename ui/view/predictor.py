"""What a model says of the view: asked once or after each pan and zoom, shown as temporary layers."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog

from ...jobs.background import Background, start
from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.foreign import adopt, adopted, package_of
from ...jobs.given import given
from ...jobs.layers.styled import Result, add_prediction
from ...jobs.package_registry import CURRENT_MODEL, current_model, note_speed
from ...jobs.packages import is_foreign, package_path, read_card, reported
from ...jobs.tiles.fetching import KeptFetch
from ...jobs.tiles.mosaic import tiles_folder
from ...jobs.tiles.service import is_service
from ...jobs.translation import tr
from ...jobs.view.layers import GROUND, ON_GROUND, ViewLayers, keep
from ...jobs.view.warm_engine import Question, WarmEngine, is_imagery, question
from ..messages import tell

PAUSE_MILLISECONDS = 300
"""Without a pan or zoom for so long, the view is predicted."""

FATAL = ("environment", "package", "service")
"""Codes of errors that panning does not help against, or makes worse."""


class ViewPredictor(QObject):
    """Predicts the view.

    Args:
        iface: QGIS's interface.
        project: whose layers are predicted.
        parent: owns it.
    """

    changed = pyqtSignal()
    """It follows or does not, works or does not, or shows something else."""

    def __init__(self, iface: Any, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._iface, self._project = iface, project
        self._canvas: QgsMapCanvas = iface.mapCanvas()
        self.layers, self.ground = ViewLayers(project), ViewLayers(project, ON_GROUND, GROUND)
        self.engine = WarmEngine(self)
        self.following = False
        self.seconds = 0.0
        """From the last request to its layers."""
        self._pair: list[Path] = []
        self._raster = ""
        self._queue: list[Path] = []
        self._asked: tuple[Path, dict[str, Any], str] | None = None
        self._cards: dict[Path, tuple[Path, dict[str, Any]]] = {}
        self._fetch = KeptFetch(self)
        self._fetch.came.connect(self._come)
        self._fetch.failed.connect(self._fail)
        self._question: Question | None = None
        self._said = ""
        self._warm: tuple[Path, int] | None = None
        self._begun = 0.0
        self._megapixels = 0.0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._go)
        self.engine.finished.connect(self._show)
        self.engine.failed.connect(self._fail)
        self._wires = [
            (self._canvas.extentsChanged, self._moved),
            (self._canvas.destinationCrsChanged, self._moved),
            (CURRENT_MODEL.changed, self._other_model),
            (project.cleared, self._forget),
        ]
        for signal, slot in self._wires:
            signal.connect(slot)

    @property
    def busy(self) -> bool:
        """Whether something is being predicted."""
        return bool(self._queue)

    def predict(self, raster: QgsRasterLayer | None = None) -> None:
        """Predict the view once, of this raster or of the one that is seen."""
        self._raster = raster.id() if raster is not None else ""
        self._anew()

    def follow(self, on: bool) -> None:
        """Predict the view, and each next one, or no longer."""
        if on == self.following:
            return
        self.following = on
        if on:
            self._raster = ""
            self._anew()
        else:
            self._stop()
        self.changed.emit()

    def compare(self, models: list[Path]) -> None:
        """Predict the view with two models in the place of the current one, until another is chosen."""
        self._pair = list(models)
        self._anew()

    def keep(self) -> None:
        """Ask where the predicted view is to stay, and put it there."""
        results = [each for place in self._places for shown in place.shown.values() for each in shown.results.values()]
        if not results:
            self._complain(GeoDistilError("output", tr("No view is predicted yet."), tr("Predict this view first.")))
            return
        imagery = Path(results[0].origin.imagery)  # what was fetched of a service lies where nobody looks
        usual = self._project.homePath() if imagery.parent == tiles_folder() else str(imagery.parent)
        folder = QFileDialog.getExistingDirectory(
            self._iface.mainWindow(), tr("Keep the predicted view in this folder"), usual
        )
        if folder:
            self.keep_in(Path(folder))

    def keep_in(self, folder: Path) -> None:
        """Copy the predicted view into a folder, and show the copies in the place of the temporary layers."""
        shown = [(place, *each) for place in self._places for each in place.shown.items()]
        for place, package, one in shown:
            results = list(one.results.values())
            name = f"{Path(results[0].origin.imagery).stem}_{results[0].card['name']}"
            work = partial(_keep, results, folder, "".join(each if each.isalnum() else "_" for each in name))
            title = tr("Keep the predicted view")
            start(Background(title, work, partial(self._kept, place, package), self._complain, can_cancel=False))

    def remove(self) -> None:
        """Take the temporary layers away, and follow no longer."""
        self.follow(False)
        self._stop()
        for place in self._places:
            place.drop()
        self._pair = []
        self.changed.emit()

    def show_on_ground(self, shown: list[tuple[Path, dict[str, Any], Path, dict[str, str]]], raster: str) -> None:
        """Show what models predicted of ground that they were scored on, in the place of all else; Swipe compares it.

        Args:
            shown: of each model its package, its card, the folder that holds the files, and the engine's outputs.
            raster: id of the imagery's layer; where it has gone, nothing is shown.
        """
        self.remove()
        layer = self._project.mapLayer(raster)
        for package, card, folder, outputs in shown if layer is not None else []:
            self.ground.show(package, card, layer, folder, outputs)
            for one in self.ground.layers(package):
                if isinstance(one, QgsVectorLayer):  # the weak ones were predicted for the scores alone
                    one.setSubsetString(reported(card))
        self.changed.emit()

    def close(self) -> None:
        """End all."""
        self._pause.stop()
        self._cancel()
        self.engine.close()
        for place in self._places:
            place.drop()
        for signal, slot in self._wires:
            signal.disconnect(slot)

    def imagery(self) -> QgsRasterLayer | None:
        """The raster that is predicted: the one asked for, the active one, or the topmost that is seen, files first."""
        asked = self._project.mapLayer(self._raster) if self._raster else None
        seen = [layer for layer in self._canvas.layers() if is_imagery(layer)]
        active, files = self._iface.activeLayer(), [layer for layer in seen if not is_service(layer)]
        return asked or (active if active in seen else None) or next(iter(files or seen), None)

    # when

    def _anew(self) -> None:
        """A person asks: what was said is said again, and cards are read anew."""
        self._said = ""
        self._cards.clear()
        self._go()

    def _moved(self) -> None:
        if self.following:
            self._cancel()  # what is not seen any more
            self._queue = []
            self._pause.start()

    def _other_model(self) -> None:
        self._pair = []
        if self.following:
            self._pause.start(0)

    def _stop(self) -> None:
        self._pause.stop()
        self._queue, self._asked = [], None
        self._cancel()

    def _cancel(self) -> None:
        self._fetch.cancel()
        self.engine.cancel()

    def _forget(self) -> None:
        self._stop()
        for place in self._places:
            place.forget()
        self._pair, self._raster = [], ""
        self.changed.emit()

    # what

    def _go(self) -> None:
        self._stop()  # what was asked before
        model = current_model()
        self._queue = list(self._pair) or ([model] if model is not None else [])
        self._begun = time.monotonic()
        if not self._queue:
            self._fail(
                GeoDistilError(
                    "package",
                    tr("There is no model to predict this view with."),
                    tr("Train one, or add one in GeoDistil > Models."),
                )
            )
            return
        self._next()

    def _next(self) -> None:
        """Ask the first model of the queue; its card is read first, off the main thread."""
        self.changed.emit()
        if not self._queue:
            return
        model = self._queue[0]
        if model in self._cards:
            self._ask(model)
            return

        def known(found: tuple[Path, dict[str, Any]]) -> None:
            if sip.isdeleted(self):
                return
            self._cards[model] = found
            if self._queue[:1] == [model]:
                self._ask(model)

        def unknown(error: GeoDistilError) -> None:
            if not sip.isdeleted(self) and self._queue[:1] == [model]:
                self._fail(error)

        start(Background(tr("Look at the model"), lambda _: _package_and_card(model), known, unknown, can_cancel=False))

    def _ask(self, model: Path) -> None:
        package, card = self._cards[model]
        raster = self.imagery()
        try:
            if raster is None:
                raise GeoDistilError(
                    "raster",
                    tr("The map shows no imagery to predict."),
                    tr("Add imagery, or choose Predict this view in a raster's menu."),
                )
            asked = question(package, card, raster, self._canvas.mapSettings(), self._project)
            self._asked, self._megapixels = (model, card, raster.id()), asked.megapixels
            if asked.order is not None:
                self._question = asked
                self._fetch.start(asked.order)
            else:
                self.engine.ask(asked.arguments())
        except GeoDistilError as error:
            self._fail(error)
            return
        self.changed.emit()

    def _come(self, path: str) -> None:
        try:
            self.engine.ask(given(self._question).arguments(path))
        except GeoDistilError as error:
            self._fail(error)

    def _show(self, folder: Path, outputs: dict[str, str]) -> None:
        asked = self._asked
        raster = self._project.mapLayer(asked[2]) if asked else None
        if asked is None or raster is None or self._queue[:1] != [asked[0]]:
            self.engine.drop(folder)
            return
        model, card, _ = asked
        if not self._pair:
            self.layers.drop(keep=model)
        self.layers.show(model, card, raster, folder, outputs)
        self.seconds = time.monotonic() - self._begun
        if self._warm == (model, self.engine.pid):  # else it was loaded meanwhile
            note_speed(model, self._megapixels / max(self.seconds, 1e-3))
        self._warm = (model, self.engine.pid)
        self._said, self._asked = "", None
        self._queue = self._queue[1:]
        self._begun = time.monotonic()
        self._next()

    def _fail(self, error: GeoDistilError) -> None:
        self._queue, self._asked = [], None
        if error.code in FATAL and self.following:
            self.following = False
        self.changed.emit()
        self._complain(error)

    def _complain(self, error: GeoDistilError) -> None:
        """Say what is wrong, once as long as nothing else is."""
        if error.code != STOPPED and str(error) != self._said:
            self._said = str(error)
            tell(self._iface, str(error), Qgis.MessageLevel.Warning, error.explained())

    def _kept(self, place: ViewLayers, package: Path, results: list[Result]) -> None:
        for result in results:
            add_prediction(result, self._project)
        if package in place.shown:
            place.drop_one(package)
        names = ", ".join(Path(result.path).name for result in results)
        folder = Path(results[0].path).parent
        sentence = tr("The predicted view is kept in {folder}: {names}.").format(folder=folder, names=names)
        tell(self._iface, sentence, Qgis.MessageLevel.Success)
        self.changed.emit()

    def shown(self) -> list[tuple[str, list[QgsMapLayer]]]:
        """Of each model that is shown, its name and layers: of the view, else of ground that they were scored on."""
        return _named(self.layers) or _named(self.ground)

    @property
    def _places(self) -> tuple[ViewLayers, ViewLayers]:
        return self.layers, self.ground


def _named(layers: ViewLayers) -> list[tuple[str, list[QgsMapLayer]]]:
    return [
        (next(iter(each.results.values())).card["name"], layers.layers(package))
        for package, each in layers.shown.items()
        if each.results and layers.layers(package)
    ]


def _keep(results: list[Result], folder: Path, name: str, cancelled: Any) -> list[Result]:
    return keep(results, folder, name)


def _package_and_card(model: Path) -> tuple[Path, dict[str, Any]]:
    """A model's package and card; the engine tries an ONNX file that is new to it.

    Raises:
        GeoDistilError: it is no model, or cannot be used.
    """
    path = package_path(str(model))
    package = (adopted(path) or adopt(path)) if is_foreign(path) else package_of(str(path))
    return package, read_card(package)
