"""What QGIS loads: the Processing provider and a menu that opens its algorithms."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import Qt, QTimer, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction, QWizard

from .toolbox.provider import GeoDistilProvider

ROOT = Path(__file__).parent
MENU = "GeoDistil"
RUNS_SHOWN = "geodistil/runsShown"
"""Setting: whether the runs dock was open."""

ENTRIES = (
    ("trainpartialmultitask", "Train from boxes and areas…", "train.svg"),
    ("trainsemisupervised", "Train from few areas and much imagery…", "train.svg"),
    ("predict", "Predict…", "predict.svg"),
    ("evaluate", "Evaluate…", "evaluate.svg"),
)


class GeoDistilPlugin:
    """The plugin as QGIS sees it.

    Args:
        iface: QGIS's interface; none in `qgis_process`, which calls `initProcessing` only.
    """

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._provider = None
        self._actions = []
        self._runs = None
        self._environment = None

    def initProcessing(self) -> None:
        """Add the Processing provider; `qgis_process` calls this alone."""
        self._provider = GeoDistilProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Add the provider and the menu."""
        self.initProcessing()
        self._add_action("Train a model…", "train.svg", self._train)
        for name, text, icon in ENTRIES:
            self._add_action(text, icon, partial(self._open, f"geodistil:{name}"))
        self._add_action("Runs", "runs.svg", self._show_runs)
        self._add_action("Engine environment…", "environment.svg", self._show_environment)
        self._add_action("Help", "geodistil.svg", self._help)
        if QgsSettings().value(RUNS_SHOWN, False, type=bool):
            QTimer.singleShot(0, self._restore_runs)
        QTimer.singleShot(0, self._wire_environment)

    def unload(self) -> None:
        """Take everything away that was added."""
        for action in self._actions:
            self._iface.removePluginMenu(MENU, action)
            action.deleteLater()
        self._actions = []
        for wizard in self._iface.mainWindow().findChildren(QWizard, "GeoDistilTraining"):
            wizard.close()
        if self._runs is not None:
            self._close_runs()
        if self._environment is not None:
            self._environment.remove()
            self._environment = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None

    def _add_action(self, text: str, icon: str, slot: Callable[[], None]) -> None:
        action = QAction(QIcon(str(ROOT / "resources" / "icons" / icon)), text, self._iface.mainWindow())
        action.triggered.connect(lambda _checked=False: slot())
        self._iface.addPluginToMenu(MENU, action)
        self._actions.append(action)

    def _restore_runs(self) -> None:
        if self._actions:  # not unloaded meanwhile
            self._show_runs()

    def _show_runs(self) -> None:
        if self._runs is None:
            from .ui.runs.dock import RunsDock

            self._runs = RunsDock(self._iface, self._open)
            self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._runs)
            self._iface.mainWindow().restoreDockWidget(self._runs)
            # Also when QGIS ends: then the dock is still there, and comes back with the next start.
            self._runs.opened.connect(lambda: QgsSettings().setValue(RUNS_SHOWN, True))
            self._runs.closed.connect(lambda: QgsSettings().setValue(RUNS_SHOWN, False))
            self._runs.start()
        self._runs.setUserVisible(True)

    def _close_runs(self) -> None:
        self._runs.stop()
        self._iface.removeDockWidget(self._runs)
        self._runs.deleteLater()
        self._runs = None

    def _open(self, algorithm: str, parameters: dict[str, Any] | None = None) -> None:
        try:
            import processing
        except ImportError:
            self._iface.messageBar().pushWarning(
                MENU, "Turn on the Processing plugin in Plugins > Manage and Install Plugins first."
            )
            return
        # Not execAlgorithmDialog: that one is modal, and a training takes long.
        processing.createAlgorithmDialog(algorithm, parameters or {}).show()

    def _train(self) -> None:
        from .ui.wizard.wizard import open_wizard

        open_wizard(self._iface, show_runs=self._show_runs)

    def _wire_environment(self) -> None:
        if self._actions:  # not unloaded meanwhile
            from .ui.environment.wiring import EnvironmentWiring

            self._environment = EnvironmentWiring(self._iface)

    def _show_environment(self) -> None:
        from .ui.environment.dialog import show_environment

        show_environment(self._iface.mainWindow())

    def _help(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(ROOT / "README.md")))
