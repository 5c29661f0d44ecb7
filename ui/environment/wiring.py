"""What of environment and servers is in QGIS all the time: pages among the options, their window, an invitation."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QWidget

from ...jobs.environment.status import State, status
from ...jobs.translation import tr
from ..messages import Button, offer
from ..widgets import OptionsFactory, PageDialog, show_beside
from .page import EnvironmentPage

WIDTH = 620
ASKED_SETTING = "geodistil/environment/asked"
"""Setting: the state that the message bar has spoken of, so that it speaks of each once."""


class EnvironmentDialog(PageDialog):
    """The page, with a button that closes it; a set-up goes on without it."""

    def __init__(self, parent: QWidget | None = None, page: EnvironmentPage | None = None) -> None:
        super().__init__(tr("GeoDistil: engine environment"), "environment", parent)
        self.hold(page or EnvironmentPage(self))
        self.resize(WIDTH, 0)

    def event(self, event: QEvent) -> bool:
        """Grow and shrink with what the page has to say."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._fit()
        return handled

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.setMinimumHeight(self._needed())

    def _fit(self) -> None:
        self.setMinimumHeight(self._needed())
        self.resize(self.width(), self._needed())

    def _needed(self) -> int:
        """The height that wrapped text needs at this width; Qt's own minimum assumes another one."""
        return self.layout().totalHeightForWidth(self.width())


def show_environment(parent: QWidget | None = None) -> EnvironmentDialog:
    """Open the page."""
    return show_beside(EnvironmentDialog, parent)


def invite(iface: Any) -> None:
    """Offer the set-up in the message bar where there is no engine, or an older one; each once."""
    now, settings = status(), QgsSettings()
    state = now.state
    texts = {
        State.MISSING: tr("GeoDistil's engine is not set up yet."),
        State.OUTDATED: tr("There is an update for GeoDistil's engine."),
    }
    if state not in texts or not now.writable:
        settings.remove(ASKED_SETTING)
    elif settings.value(ASKED_SETTING, "", type=str) != state.value:
        settings.setValue(ASKED_SETTING, state.value)
        offer(iface, texts[state], Button(tr("Set up…"), lambda: show_environment(iface.mainWindow())))


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
    return EnvironmentPage(parent)


def _servers(parent: QWidget) -> QWidget:
    from ..servers_page import ServersPage

    return ServersPage(parent)
