"""What of environment and servers is in QGIS all the time: pages among the options, an invitation at first start."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QDialog

from ..servers.settings_page import ServersOptions
from .dialog import EnvironmentDialog, invite
from .settings_page import EnvironmentOptions

SERVERS = "GeoDistilServersWindow"
"""Name of the window of servers, which is loaded only when it is asked for."""


class EnvironmentWiring:
    """Adds them to QGIS.

    Args:
        iface: QGIS's interface.
    """

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._options = (EnvironmentOptions(), ServersOptions())
        for factory in self._options:
            iface.registerOptionsWidgetFactory(factory)
        invite(iface)

    def remove(self) -> None:
        """Take away what was added, open windows too; a set-up under way goes on."""
        for factory in self._options:
            self._iface.unregisterOptionsWidgetFactory(factory)
        window = self._iface.mainWindow()
        for dialog in (*window.findChildren(EnvironmentDialog), *window.findChildren(QDialog, SERVERS)):
            dialog.close()
