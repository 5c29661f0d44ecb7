"""QGIS itself, on a virtual screen, in an empty profile: the zip installed as a person does, menu, dialog, layers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, os, sys, time, traceback
from pathlib import Path
import processing, pyplugin_installer, qgis.utils
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QTimer, QUrl
from qgis.PyQt.QtWidgets import QApplication, QDialog
from qgis.utils import iface

OUTPUT = Path(os.environ["OUTPUT"])
found = {}

def dialogs():
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()]

def entries():
    menus = [action.menu() for action in iface.pluginMenu().actions() if action.text() == "GeoDistil"]
    return [action for menu in menus for action in menu.actions()]

def install():
    pyplugin_installer.instance().installFromZipFile(os.environ["PACKAGE"])
    found["active"] = "geodistil" in qgis.utils.active_plugins
    import geodistil
    from geodistil.jobs.help import help_url
    from geodistil.jobs.translation import install_translator, remove_translator, tr
    found["folder"] = str(Path(geodistil.__file__).parent)
    found["help"] = Path(QUrl(help_url("wizard")).toLocalFile()).read_text()
    translator = install_translator("de")
    found["german"] = tr("Model")
    remove_translator(translator)

def look():
    install()
    found["entries"] = [action.text() for action in entries()]
    next(action for action in entries() if action.text().startswith("Predict")).trigger()
    QApplication.processEvents()
    found["dialogs"] = [(dialog.windowTitle(), dialog.isModal()) for dialog in dialogs()]
    [dialog.close() for dialog in dialogs()]
    iface.newProject()
    town = iface.addRasterLayer(os.environ["TOWN"], "town")
    outputs = {"CLASSES": "TEMPORARY_OUTPUT", "DETECTIONS": "TEMPORARY_OUTPUT"}
    processing.runAndLoadResults(
        "geodistil:predict", {"MODEL": os.environ["MODEL"], "RASTER": town, "SCORE": 0.0, **outputs}
    )
    root = QgsProject.instance().layerTreeRoot()
    found["layers"] = {
        node.name(): [child.name() for child in node.children()] for node in root.children()
    }
    QgsProject.instance().setCrs(town.crs())
    iface.mapCanvas().setExtent(town.extent())
    end = time.monotonic() + 2
    while time.monotonic() < end:
        QApplication.processEvents()
    middle = iface.mapCanvas().grab().toImage().pixelColor(iface.mapCanvas().rect().center())
    found["middle"] = middle.name()
    found["heavy"] = [name for name in ("torch", "rasterio", "pydantic", "engine") if name in sys.modules]
    iface.mainWindow().grab().save(str(OUTPUT / "desktop.png"))
    found["reloaded"] = qgis.utils.reloadPlugin("geodistil")
    found["unloaded"] = qgis.utils.unloadPlugin("geodistil")
    found["left"] = [action.text() for action in entries()]

def main():
    try:
        look()
    except BaseException:
        found["error"] = traceback.format_exc()
    (OUTPUT / "found.json").write_text(json.dumps(found))
    os._exit(0)

QTimer.singleShot(500, main)
"""


@pytest.fixture(scope="module")
def desktop(trained, town, tmp_path_factory):
    """What the script saw in QGIS."""
    if not (shutil.which("xvfb-run") and shutil.which("qgis")):
        pytest.skip("no QGIS desktop or no xvfb-run here")
    folder = tmp_path_factory.mktemp("desktop")
    settings = folder / "profiles" / "default" / "QGIS" / "QGIS3.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text("[PythonPlugins]\nprocessing=true\n")
    made = subprocess.run(
        [sys.executable, ROOT / ".ci" / "package.py", "--output", folder], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    (folder / "script.py").write_text(SCRIPT)
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    environment |= {"PACKAGE": str(next(folder.glob("geodistil-*.zip"))), "OUTPUT": str(folder)}
    environment["GEODISTIL_PYTHON"] = str(ROOT / ".venv" / "bin" / "python")
    environment |= {"TOWN": str(town), "MODEL": trained["MODEL"], "XDG_RUNTIME_DIR": str(folder)}
    qgis = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(folder), "--code", str(folder / "script.py")]
    subprocess.run(["xvfb-run", "-a", *qgis], env=environment, capture_output=True, timeout=240)
    return json.loads((folder / "found.json").read_text())


def test_the_zip_installs_into_an_empty_profile_with_its_guide_and_its_german(desktop):
    assert "error" not in desktop, desktop["error"]
    assert desktop["active"]
    assert desktop["folder"].endswith("profiles/default/python/plugins/geodistil")
    assert "<h1" in desktop["help"] and desktop["german"] == "Modell"


def test_the_menu_opens_dialogs_that_leave_the_map_usable(desktop):
    assert "error" not in desktop, desktop["error"]
    assert len(desktop["entries"]) == 15
    ((title, is_modal),) = desktop["dialogs"]
    assert title.rpartition(" - ")[2] == "Predict" and not is_modal  # newer QGIS names the group, too


def test_predictions_come_onto_the_map_in_the_model_s_group_the_outlines_on_top(desktop):
    assert list(desktop["layers"].items()) == [("tiny", ["town: detections", "town: classes"]), ("town", [])]


def test_the_canvas_shows_them(desktop):
    assert desktop["middle"] != "#ffffff"


def test_predicting_brings_nothing_heavy_into_qgis(desktop):
    assert desktop["heavy"] == []


def test_reloading_and_unloading_leave_nothing_behind(desktop):
    assert desktop["reloaded"] and desktop["unloaded"]
    assert desktop["left"] == []
