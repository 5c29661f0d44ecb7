"""What QGIS loads: the Processing provider and a menu that opens its algorithms."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction

from .toolbox.provider import GeoDistilProvider

ROOT = Path(__file__).parent
MENU = "GeoDistil"
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

    def initProcessing(self) -> None:
        """Add the Processing provider; `qgis_process` calls this alone."""
        self._provider = GeoDistilProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Add the provider and the menu."""
        self.initProcessing()
        for name, text, icon in ENTRIES:
            self._add_action(text, icon, partial(self._open, f"geodistil:{name}"))
        self._add_action("Help", "geodistil.svg", self._help)

    def unload(self) -> None:
        """Take everything away that was added."""
        for action in self._actions:
            self._iface.removePluginMenu(MENU, action)
            action.deleteLater()
        self._actions = []
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None

    def _add_action(self, text: str, icon: str, slot: Callable[[], None]) -> None:
        action = QAction(QIcon(str(ROOT / "resources" / "icons" / icon)), text, self._iface.mainWindow())
        action.triggered.connect(lambda _checked=False: slot())
        self._iface.addPluginToMenu(MENU, action)
        self._actions.append(action)

    def _open(self, algorithm: str) -> None:
        try:
            import processing
        except ImportError:
            self._iface.messageBar().pushWarning(
                MENU, "Turn on the Processing plugin in Plugins > Manage and Install Plugins first."
            )
            return
        # Not execAlgorithmDialog: that one is modal, and a training takes long.
        processing.createAlgorithmDialog(algorithm, {}).show()

    def _help(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(ROOT / "README.md")))
