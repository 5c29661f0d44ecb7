"""What a person does in the two lives of QGIS in `test_killed.py`; played inside QGIS."""

import sys
from pathlib import Path

from desktop.hands import choose_entry, click
from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtWidgets import QTableView, QToolButton
from qgis.utils import iface

STATE = 1


def runs_dock():
    return iface.mainWindow().findChild(QgsDockWidget, "GeoDistilRuns")


def state(dock):
    index = dock.findChild(QTableView).model().index(0, STATE)
    return index.data() if index.isValid() else ""


def button(dock, text):
    return next(each for each in dock.findChildren(QToolButton) if each.text() == text)


def begin(values):
    """Open the dock, start the run, and do nothing until someone ends QGIS."""
    from geodistil.jobs.runs.files import remember

    remember(Path(values["run"]))
    yield from choose_entry(iface.mainWindow().menuBar(), "Plugins", "GeoDistil", "Runs")
    dock = runs_dock()
    yield lambda: state(dock) == "Not started"
    yield from click(button(dock, "Start"))
    yield (lambda: state(dock) == "Failed"), 300


def come_back(values):
    """The dock is there by itself, knows the end, and puts the result on the map."""
    yield lambda: runs_dock() is not None
    dock = runs_dock()
    yield lambda: state(dock) == "Finished"
    yield from click(button(dock, "Show predictions"))
    yield lambda: QgsProject.instance().mapLayers()
    group = QgsProject.instance().layerTreeRoot().children()[0]
    layers = [node.layer() for node in group.findLayers()]
    assert all(isinstance(layer, QgsMapLayer) and layer.isValid() for layer in layers)
    heavy = [name for name in ("torch", "rasterio", "pydantic", "engine") if name in sys.modules]
    return {"group": group.name(), "layers": [layer.name() for layer in layers], "heavy": heavy}
