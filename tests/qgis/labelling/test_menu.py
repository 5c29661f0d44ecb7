"""The menu's entry: it opens the dock, and nothing of it stays when the plugin goes."""

import pytest
from geodistil.plugin import GeoDistilPlugin
from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtWidgets import QApplication, QDockWidget


@pytest.fixture
def plugin(window):
    """The plugin in the window, with its menu."""
    menu = []
    for name, does in {
        "addPluginToMenu": lambda _, action: menu.append(action),
        "removePluginMenu": lambda _, action: menu.remove(action),
        "registerCustomDropHandler": lambda _: None,
        "unregisterCustomDropHandler": lambda _: None,
        "registerOptionsWidgetFactory": lambda _: None,
        "unregisterOptionsWidgetFactory": lambda _: None,
    }.items():
        setattr(type(window), name, staticmethod(does))
    made = GeoDistilPlugin(window)
    made.initGui()
    made.menu = menu
    yield made
    if made._actions:
        made.unload()


def docks(window):
    return [dock for dock in window.findChildren(QDockWidget) if dock.objectName() == "GeoDistilLabel"]


def test_the_dock_opens_on_the_projects_labels_and_goes_with_the_plugin(plugin, window, make, wait):
    layer = make()
    window.show()
    (entry,) = [action for action in plugin.menu if action.text() == "Label…"]
    entry.trigger()
    wait(lambda: docks(window) and docks(window)[0].isVisible())
    (dock,) = docks(window)
    assert dock.session.layer is layer
    dock.take(layer)
    dock.close()
    assert plugin._labelling is dock and window.canvas.mapTool() is None
    entry.trigger()
    wait(dock.isVisible)
    plugin.unload()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert docks(window) == [] and plugin.menu == []
    layer.setName("still there")  # nobody listens any more
