"""The plugin in QGIS: it loads by its name, is light, and leaves nothing behind."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch", "rasterio", "pydantic", "engine", "numpy.testing", "processing", "geodistil.ui",
    "geodistil.jobs.environment.status", "geodistil.jobs.labelling.link", "geodistil.jobs.runs.history",
    "geodistil.jobs.runs.waiting", "geodistil.jobs.servers.following", "geodistil.jobs.servers.ssh",
    "geodistil.jobs.sources.counting", "geodistil.jobs.tiles.fetching", "geodistil.jobs.tiles.plan",
)  # fmt: skip
"""No windows either: they, and what only some algorithms do, are loaded when they are asked for."""


ALGORITHMS = {
    "trainpartialmultitask",
    "trainsemisupervised",
    "trainsupervised",
    "distilmodel",
    "predict",
    "predictrasters",
    "evaluate",
    "areastolines",
    "areastopolygons",
    "boxesfromareas",
    "checksources",
    "exportmodel",
    "exportchips",
    "importlabels",
    "fetchimagery",
    "reviewpredictions",
}

LIFE = """
import json, sys
import qgis.utils
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtWidgets import QApplication, QMainWindow, QMenu, QToolBar

plugins, profile = sys.argv[1:]
sys.path[:0] = [plugins, "/usr/share/qgis/python/plugins"]
application = QgsApplication([], True, profile)
application.initQgis()

class Window:  # what the plugin uses of QGIS's interface, with a real window and a real menu
    def __init__(self):
        self._window = QMainWindow()
        self.menu = QMenu("Plugins", self._window)

    def mainWindow(self):
        return self._window

    def addPluginToMenu(self, menu, action):
        self.menu.addAction(action)

    def removePluginMenu(self, menu, action):
        self.menu.removeAction(action)

    def addToolBar(self, name):
        return self._window.addToolBar(name)

window = qgis.utils.iface = Window()
qgis.utils.plugin_paths = [plugins]
qgis.utils.updateAvailablePlugins()
registry, found = QgsApplication.processingRegistry(), []
for _ in range(2):
    loaded = qgis.utils.loadPlugin("geodistil") and qgis.utils.startPlugin("geodistil")
    algorithms = [algorithm.name() for algorithm in registry.providerById("geodistil").algorithms()]
    entries = [action.text() for action in window.menu.actions()]
    bars = window.mainWindow().findChildren(QToolBar)
    buttons = [[action.text(), not action.icon().isNull()] for bar in bars for action in bar.actions()]
    unloaded = qgis.utils.unloadPlugin("geodistil")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [action.text() for action in window.menu.actions()] + [registry.providerById("geodistil") is not None]
    left += [bar.windowTitle() for bar in window.mainWindow().findChildren(QToolBar)]
    found.append({"loaded": loaded, "algorithms": algorithms, "entries": entries, "unloaded": unloaded, "left": left})
    found[-1]["buttons"] = buttons
print("FOUND" + json.dumps(found), flush=True)
"""


def test_qgis_loads_and_unloads_the_plugin_twice_without_leaving_anything(tmp_path):
    """In a QGIS of its own: unloading takes the plugin's modules away, which other tests still use."""
    command = [sys.executable, "-c", LIFE, str(ROOT / "build" / "plugins"), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "FOUND" in result.stdout, result.stderr
    for life in json.loads(result.stdout.split("FOUND")[1].splitlines()[0]):
        assert life["loaded"] and life["unloaded"]
        assert set(life["algorithms"]) == ALGORITHMS
        assert len(life["entries"]) == 15
        assert life["buttons"] == [[text, True] for text in ("Train a model…", "Predict…", "Label…", "Models", "Runs")]
        assert life["left"] == [False]


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
