"""The page in QGIS's own options dialog."""

from __future__ import annotations

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ..icons import icon


class EnvironmentOptionsPage(QgsOptionsPageWidget):
    """The page among the options; its choices are kept as soon as they are made."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from .page import EnvironmentPage

        self.setObjectName("GeoDistilEnvironment")
        self.page = EnvironmentPage(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)

    def apply(self) -> None:
        """QGIS calls this when the dialog is accepted; nothing is left to do."""


class EnvironmentOptions(QgsOptionsWidgetFactory):
    """Makes the page when the options dialog opens."""

    def __init__(self) -> None:
        super().__init__("GeoDistil", icon("geodistil"))

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:  # noqa: D102
        return EnvironmentOptionsPage(parent)
