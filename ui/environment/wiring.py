"""What of the environment is in QGIS all the time: a page among the options, and an invitation at the first start."""

from __future__ import annotations

from typing import Any

from .dialog import EnvironmentDialog, invite
from .settings_page import EnvironmentOptions


class EnvironmentWiring:
    """Adds both to QGIS.

    Args:
        iface: QGIS's interface.
    """

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._options = EnvironmentOptions()
        iface.registerOptionsWidgetFactory(self._options)
        invite(iface)

    def remove(self) -> None:
        """Take away what was added, open windows too; a set-up under way goes on."""
        self._iface.unregisterOptionsWidgetFactory(self._options)
        for dialog in self._iface.mainWindow().findChildren(EnvironmentDialog):
            dialog.close()
