"""What of environment and servers is in QGIS all the time: pages among the options, an invitation at first start."""

from __future__ import annotations

from typing import Any

from ..page_dialog import PageDialog
from ..servers.settings_page import ServersOptions
from .dialog import invite
from .settings_page import EnvironmentOptions


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
        for dialog in self._iface.mainWindow().findChildren(PageDialog):
            dialog.close()
