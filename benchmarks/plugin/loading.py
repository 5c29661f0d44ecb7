"""Loads the plugin as QGIS does at its start, with a watch on it; played inside QGIS by `startup.py`."""

from __future__ import annotations

from typing import Any

from desktop.clock import own_time
from desktop.hands import Steps
from qgis import utils
from qgis.PyQt.QtWidgets import QApplication

NAME = "geodistil"


def load(values: dict[str, Any]) -> Steps:
    """Import the plugin, start it, and let it do what it has put off; milliseconds of each."""
    yield 1.0
    assert NAME not in utils.plugins, "QGIS has loaded the plugin already"
    utils.updateAvailablePlugins()
    imported, _ = _timed(lambda: utils.loadPlugin(NAME))
    started, succeeded = _timed(lambda: utils.startPlugin(NAME))
    assert succeeded, "the plugin did not start"
    later, _ = _timed(QApplication.processEvents)
    return {"import": imported, "start": started, "later": later}


def _timed(work: Any) -> tuple[float, Any]:
    before = own_time()
    result = work()
    return 1000 * (own_time() - before), result
