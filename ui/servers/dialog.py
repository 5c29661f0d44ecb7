"""The page in a window of its own: for the menu and the wizard."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from ...jobs.help import help_url
from ...jobs.translation import tr
from .page import ServersPage


class ServersDialog(QDialog):
    """The page, with a button that closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("GeoDistilServersWindow")  # by which the plugin finds it when it is unloaded
        self.setWindowTitle(tr("GeoDistil: servers"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = ServersPage(self)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Help)
        buttons.rejected.connect(self.reject)
        buttons.helpRequested.connect(lambda: QDesktopServices.openUrl(QUrl(help_url("servers"))))
        layout = QVBoxLayout(self)
        layout.addWidget(self.page, 1)
        layout.addWidget(buttons)
        self.resize(620, 380)

    def done(self, result: int) -> None:
        """End a test under way, however the window is closed."""
        self.page.cancel()
        super().done(result)


def show_servers(parent: QWidget | None = None) -> ServersDialog:
    """Open the page beside the map, which stays usable; an open one comes to the front."""
    dialog = parent.findChild(ServersDialog) if parent is not None else None
    dialog = dialog or ServersDialog(parent)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog
