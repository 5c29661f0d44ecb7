"""The page in QGIS's own options dialog."""

from __future__ import annotations

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ...jobs.translation import tr
from ..icons import icon


class ServersOptionsPage(QgsOptionsPageWidget):
    """The page among the options; what is changed is kept at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from .page import ServersPage

        self.setObjectName("GeoDistilServers")
        self.page = ServersPage(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)

    def apply(self) -> None:
        """QGIS calls this when the dialog is accepted; nothing is left to do."""


class ServersOptions(QgsOptionsWidgetFactory):
    """Makes the page when the options dialog opens."""

    def __init__(self) -> None:
        super().__init__(tr("GeoDistil servers"), icon("geodistil"))

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:  # noqa: D102
        return ServersOptionsPage(parent)
