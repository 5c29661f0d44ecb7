"""What QGIS loads: the Processing provider and a menu that opens its algorithms."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from qgis.core import Qgis, QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtCore import Qt, QTimer, QTranslator, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QToolBar, QWizard

from .jobs.background import NOTICES
from .jobs.given import given
from .jobs.qt import QAction
from .jobs.translation import remove_translator, tr
from .toolbox.provider import GeoDistilProvider

if TYPE_CHECKING:
    from .ui.environment.wiring import EnvironmentWiring
    from .ui.labelling.dock import LabelDock
    from .ui.model_widget import PackageDrops
    from .ui.models.window import ModelsWindow
    from .ui.runs.dock import RunsDock
    from .ui.view.tools import ViewButtons

ROOT = Path(__file__).parent
MENU = "GeoDistil"
RUNS_SHOWN = "geodistil/runsShown"
"""Setting: whether the runs dock was open."""
WAITING_MILLISECONDS = 10_000
"""Between two looks whether a run waits, while there is no dock that would start it."""

ENTRIES = (
    ("trainpartialmultitask", tr("Train from boxes and areas…"), "train.svg"),
    ("trainsemisupervised", tr("Train from few areas and much imagery…"), "train.svg"),
    ("predict", tr("Predict…"), "predict.svg"),
    ("predictrasters", tr("Predict many rasters…"), "predict.svg"),
    ("evaluate", tr("Evaluate…"), "evaluate.svg"),
    ("distilmodel", tr("Distil a model…"), "distil.svg"),
    ("areastopolygons", tr("Class map to polygons…"), "polygons.svg"),
    ("fetchimagery", tr("Fetch imagery…"), "fetch.svg"),
)
IN_TOOLBAR = {"predict"}
"""Those of them that the toolbar has too."""


class GeoDistilPlugin:
    """The plugin as QGIS sees it.

    Args:
        iface: QGIS's interface; none in `qgis_process`, which calls `initProcessing` only.
        translator: of the user's language, where there is one; it lives as long as the plugin.
    """

    def __init__(self, iface: Any, translator: QTranslator | None = None) -> None:
        self._iface = iface
        self._translator = translator
        self._actions: list[QAction] = []
        self._provider: GeoDistilProvider | None = None
        self._toolbar: QToolBar | None = None
        self._runs: RunsDock | None = None
        self._labelling: LabelDock | None = None
        self._environment: EnvironmentWiring | None = None
        self._drops: PackageDrops | None = None
        self._view: ViewButtons | None = None
        self._models: ModelsWindow | None = None
        self._waiting: QTimer | None = None

    def initProcessing(self) -> None:
        """Add the Processing provider; `qgis_process` calls this alone."""
        provider = GeoDistilProvider()
        if QgsApplication.processingRegistry().addProvider(provider):  # QGIS deletes one that it refuses
            self._provider = provider

    def initGui(self) -> None:
        """Add the provider, the menu and the toolbar."""
        self.initProcessing()
        self._toolbar = self._iface.addToolBar(MENU)
        self._toolbar.setObjectName("GeoDistilToolBar")  # by which QGIS remembers its place
        self._add_action(tr("Train a model…"), "train.svg", self._train, in_toolbar=True)
        for name, text, icon in ENTRIES:
            self._add_action(text, icon, partial(self._open, f"geodistil:{name}"), name in IN_TOOLBAR)
        self._add_action(tr("Label…"), "label.svg", self._label, in_toolbar=True)
        self._add_action(tr("Models"), "models.svg", self._show_models, in_toolbar=True)
        self._add_action(tr("Runs"), "runs.svg", self._show_runs, in_toolbar=True)
        self._add_action(tr("Engine environment…"), "environment.svg", self._show_environment)
        self._add_action(tr("Servers…"), "environment.svg", self._show_servers)
        self._add_action(tr("Help"), "geodistil.svg", self._help)
        if QgsSettings().value(RUNS_SHOWN, False, type=bool):
            QTimer.singleShot(0, self._restore_runs)
        QTimer.singleShot(0, self._serve_waiting)
        self._waiting = QTimer(self._iface.mainWindow())
        self._waiting.timeout.connect(self._serve_waiting)
        self._waiting.start(WAITING_MILLISECONDS)
        QTimer.singleShot(0, self._wire_environment)
        QTimer.singleShot(0, self._wire_drops)
        QTimer.singleShot(0, self._wire_view)
        NOTICES.warned.connect(self._warn)

    def unload(self) -> None:
        """Take everything away that was added."""
        NOTICES.warned.disconnect(self._warn)
        for action in self._actions:
            self._iface.removePluginMenu(MENU, action)
            action.deleteLater()
        self._actions = []
        given(self._waiting).stop()
        given(self._waiting).deleteLater()
        self._waiting = None
        for wizard in self._iface.mainWindow().findChildren(QWizard, "GeoDistilTraining"):
            wizard.close()
        if self._runs is not None:
            self._close_runs()
        if self._labelling is not None:
            self._labelling.stop()
            self._iface.removeDockWidget(self._labelling)
            self._labelling.deleteLater()
            self._labelling = None
        if self._models is not None:
            self._models.ground.cancel()
            self._models.close()
            self._models.deleteLater()
            self._models = None
        if self._view is not None:
            self._view.close()
            self._view = None
        self._iface.mainWindow().removeToolBar(self._toolbar)
        given(self._toolbar).deleteLater()
        self._toolbar = None
        if self._environment is not None:
            self._environment.remove()
            self._environment = None
        if self._drops is not None:
            self._iface.unregisterCustomDropHandler(self._drops)
            self._drops = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        remove_translator(self._translator)
        self._translator = None

    def _add_action(self, text: str, icon: str, slot: Callable[[], None], in_toolbar: bool = False) -> None:
        action = QAction(QIcon(str(ROOT / "resources" / "icons" / icon)), text, self._iface.mainWindow())
        action.triggered.connect(lambda _checked=False: slot())
        self._iface.addPluginToMenu(MENU, action)
        if in_toolbar:
            given(self._toolbar).addAction(action)
        self._actions.append(action)

    def _restore_runs(self) -> None:
        if self._actions:  # not unloaded meanwhile
            self._show_runs()

    def _show_runs(self) -> None:
        if self._runs is None:
            self._make_runs()
        window = self._iface.mainWindow()
        if window.dockWidgetArea(self._runs) == Qt.DockWidgetArea.NoDockWidgetArea:
            self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._runs)
            window.restoreDockWidget(self._runs)
        given(self._runs).setUserVisible(True)

    def _make_runs(self) -> None:
        """The dock at work, but not seen yet."""
        from .ui.runs.dock import RunsDock

        self._runs = RunsDock(self._iface, self._open)
        self._runs.hide()  # else it would come with the window
        # Also when QGIS ends: then the dock is still there, and comes back with the next start.
        self._runs.opened.connect(lambda: _note_shown(True))
        self._runs.closed.connect(lambda: _note_shown(False))
        self._runs.start()

    def _serve_waiting(self) -> None:
        """See that runs which wait are started, and those on servers followed: the dock does so, seen or not."""
        if self._actions and self._runs is None:
            from .jobs.runs.files import followed_runs
            from .jobs.runs.waiting import WaitingList, list_folder

            if WaitingList(list_folder()).runs() or followed_runs():
                import_module(".ui.runs.dock", __package__)  # loaded in one turn of the event loop, made in the next
                QTimer.singleShot(0, self._make_unseen)

    def _make_unseen(self) -> None:
        if self._actions and self._runs is None:
            self._make_runs()

    def _close_runs(self) -> None:
        given(self._runs).stop()
        self._iface.removeDockWidget(self._runs)
        given(self._runs).deleteLater()
        self._runs = None

    def _open(self, algorithm: str, parameters: dict[str, Any] | None = None) -> None:
        try:
            import processing
        except ImportError:
            from .ui.messages import tell

            sentence = tr("Turn on the Processing plugin in Plugins > Manage and Install Plugins first.")
            return tell(self._iface, sentence, Qgis.MessageLevel.Warning)
        from .toolbox.first_values import first_values

        canvas = self._iface.mapCanvas()
        values = first_values(algorithm, self._iface.activeLayer(), QgsProject.instance(), canvas.mapSettings())
        # Not execAlgorithmDialog: that one is modal, and a training takes long.
        processing.createAlgorithmDialog(algorithm, {**values, **(parameters or {})}).show()

    def _train(self) -> None:
        from .ui.opening import open_training

        open_training(self._iface, show_runs=self._show_runs)

    def _label(self) -> None:
        from .ui.opening import load_labelling

        load_labelling(self._show_labelling)

    def _show_labelling(self) -> None:
        if not self._actions:  # unloaded meanwhile
            return
        if self._labelling is None:
            from .ui.labelling.dock import LabelDock

            self._labelling = LabelDock(self._iface, QgsProject.instance())
            self._labelling.learner.learned.connect(self._predict_again)
            self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._labelling)
        self._labelling.setUserVisible(True)

    def _predict_again(self, _model: str) -> None:
        """Show what was learned, on the raster that is labelled."""
        self._make_view()
        session = given(self._labelling).session
        given(self._view).predictor.predict(session.raster if session is not None else None)

    def _wire_view(self) -> None:
        from .ui.opening import load_view

        load_view(self._make_view)

    def _make_view(self) -> None:
        if self._actions and self._view is None:  # not unloaded meanwhile
            from .ui.view.tools import ViewButtons

            self._view = ViewButtons(self._iface, QgsProject.instance(), self._show_models, self._toolbar)

    def _show_models(self) -> None:
        from .ui.opening import load_models

        load_models(self._open_models)

    def _open_models(self) -> None:
        if not self._actions:  # unloaded meanwhile
            return
        self._make_view()
        if self._models is None:
            from .ui.models.window import ModelsWindow

            self._models = ModelsWindow(self._iface, self._open, given(self._view).predictor, given(self._view).swipe)
        self._models.open_again()

    def _wire_environment(self) -> None:
        if self._actions:  # not unloaded meanwhile
            from .ui.environment.wiring import EnvironmentWiring

            self._environment = EnvironmentWiring(self._iface)

    def _wire_drops(self) -> None:
        if self._actions:  # not unloaded meanwhile
            from .ui.model_widget import PackageDrops

            self._drops = PackageDrops(self._iface, self._open)
            self._iface.registerCustomDropHandler(self._drops)

    def _warn(self, sentence: str, details: str) -> None:
        from .ui.messages import tell

        tell(self._iface, sentence, Qgis.MessageLevel.Warning, details)

    def _show_environment(self) -> None:
        from .ui.environment.wiring import show_environment

        show_environment(self._iface.mainWindow())

    def _show_servers(self) -> None:
        from .ui.servers_page import show_servers

        show_servers(self._iface.mainWindow())

    def _help(self) -> None:
        from .jobs.help import help_url

        QDesktopServices.openUrl(QUrl(help_url("index")))


def _note_shown(shown: bool) -> None:
    settings = QgsSettings()
    settings.setValue(RUNS_SHOWN, shown)
    settings.sync()  # a QGIS that is killed must not lose it
