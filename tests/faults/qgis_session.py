"""What a person does in each life of a QGIS that is killed; played inside QGIS."""

import sys
from pathlib import Path

from desktop.hands import choose_entry, click
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtWidgets import QTableView, QToolButton
from qgis.utils import iface

STATE = 1
BEGIN = ("Start", "Resume")


def go_on(values):
    """See to it that the run is trained, and wait for its end."""
    from geodistil.jobs.runs.files import remember

    remember(Path(values["run"]))
    if dock() is None or not dock().isVisible():
        yield from choose_entry(iface.mainWindow().menuBar(), "Plugins", "GeoDistil", "Runs")
    yield lambda: state() not in ("", "Waiting")
    while state() != "Finished":
        if state() in ("Not started", "Interrupted", "Stopped"):
            begin = next(each for each in dock().findChildren(QToolButton) if each.text() in BEGIN)
            yield from click(begin)
        yield 0.5
        assert state() != "Failed", "the run failed"
    assert not {"torch", "rasterio", "pydantic", "engine"} & sys.modules.keys()
    return {"state": state()}


def dock():
    return iface.mainWindow().findChild(QgsDockWidget, "GeoDistilRuns")


def state():
    index = dock().findChild(QTableView).model().index(0, STATE)
    return index.data() if index.isValid() else ""
