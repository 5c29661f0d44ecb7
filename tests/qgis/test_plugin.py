"""The plugin in QGIS: it loads by its name, is light, and leaves nothing behind."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest
import qgis.utils
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QMainWindow, QMenu

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "rasterio", "pydantic", "engine", "numpy.testing", "processing")


class Window:
    """What the plugin uses of QGIS's interface, with a real window and a real menu."""

    def __init__(self):
        self._window = QMainWindow()
        self.menu = QMenu("Plugins", self._window)

    def mainWindow(self):
        return self._window

    def addPluginToMenu(self, menu, action):
        self.menu.addAction(action)

    def removePluginMenu(self, menu, action):
        self.menu.removeAction(action)


@pytest.fixture
def window(qgis_app, monkeypatch):
    window = Window()
    monkeypatch.setattr(qgis.utils, "iface", window)
    monkeypatch.setattr(qgis.utils, "plugin_paths", [str(ROOT / "build" / "plugins")])
    return window


def registered():
    return QgsApplication.processingRegistry().providerById("geodistil")


def test_qgis_loads_and_unloads_the_plugin_twice_without_leaving_anything(window):
    qgis.utils.updateAvailablePlugins()
    assert "geodistil" in qgis.utils.available_plugins
    for _ in range(2):
        assert qgis.utils.loadPlugin("geodistil") and qgis.utils.startPlugin("geodistil")
        assert {algorithm.name() for algorithm in registered().algorithms()} == {
            "trainpartialmultitask",
            "trainsemisupervised",
            "predict",
            "evaluate",
            "areastolines",
            "areastopolygons",
            "boxesfromareas",
            "checksources",
            "distilmodel",
            "exportmodel",
            "trainsupervised",
        }
        assert len(window.menu.actions()) == 8
        assert qgis.utils.unloadPlugin("geodistil")
        assert registered() is None
        assert window.menu.actions() == []


def test_loading_the_plugin_imports_nothing_heavy():
    code = f"import sys; import geodistil.plugin; print([m for m in {HEAVY} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "build" / "plugins", capture_output=True, text=True, check=True
    )
    assert result.stdout.strip().endswith("[]")


def test_metadata_names_the_versions_and_an_icon_that_exists():
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    assert (general["qgisMinimumVersion"], general["qgisMaximumVersion"]) == ("3.22", "4.99")
    assert general["hasProcessingProvider"] == "yes"
    assert (ROOT / general["icon"]).is_file()


def test_plugin_and_engine_have_the_same_version():
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    source = (ROOT / "engine" / "__init__.py").read_text()
    assert f'__version__ = "{metadata["general"]["version"]}"' in source


def test_icons_draw_something_at_24_pixels(qgis_app):
    from geodistil.toolbox.base import icon

    for name in ("geodistil", "train", "predict", "evaluate"):
        image = icon(name).pixmap(24, 24).toImage()
        inked = sum(image.pixelColor(x, y).alpha() > 128 for x in range(24) for y in range(24))
        assert 60 < inked < 500, name
