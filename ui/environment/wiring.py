"""What of environment and servers is in QGIS all the time: pages among the options, an invitation at first start."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QWidget

from ...jobs.translation import tr
from ..options_page import OptionsFactory
from ..page_dialog import PageDialog
from .dialog import invite


class EnvironmentOptions(OptionsFactory):
    """Makes the engine's page when the options dialog opens."""

    def __init__(self) -> None:
        super().__init__("GeoDistil", "GeoDistilEnvironment", _environment)


class ServersOptions(OptionsFactory):
    """Makes the servers' page when the options dialog opens."""

    def __init__(self) -> None:
        super().__init__(tr("GeoDistil servers"), "GeoDistilServers", _servers)


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


def _environment(parent: QWidget) -> QWidget:
    from .page import EnvironmentPage

    return EnvironmentPage(parent)


def _servers(parent: QWidget) -> QWidget:
    from ..servers.page import ServersPage

    return ServersPage(parent)
