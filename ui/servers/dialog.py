"""The page in a window of its own: for the menu and the wizard."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QWidget

from ...jobs.translation import tr
from ..page_dialog import PageDialog, show_beside
from .page import ServersPage


class ServersDialog(PageDialog):
    """The page, with a button that closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("GeoDistil: servers"), "servers", parent)
        self.hold(ServersPage(self))
        self.resize(620, 380)

    def done(self, result: int) -> None:
        """End a test under way, however the window is closed."""
        self.page.cancel()
        super().done(result)


def show_servers(parent: QWidget | None = None) -> ServersDialog:
    """Open the page."""
    return show_beside(ServersDialog, parent)
