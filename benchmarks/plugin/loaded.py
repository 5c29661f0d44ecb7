"""Hundreds of predictions, then 50 runs in the dock; played inside QGIS by `load.py`."""

from __future__ import annotations

import gc
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import processing
from desktop.hands import Steps
from geodistil.jobs.runs.files import set_run_folders
from qgis.core import QgsProcessingFeedback, QgsProject, QgsRasterLayer
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtWidgets import QAction, QTableView
from qgis.utils import iface

WARM_PREDICTIONS = 8
"""After which everything that is loaded once has been."""
WARM_ROUNDS = 4
GROWN = 20
"""Events that each run gets in a round."""
SELECTED = 10
"""Runs that are selected in a round, one after the other."""
LIMIT = 600.0


def load(values: dict[str, Any]) -> Steps:
    """All of it; what was counted before and after."""
    yield 2.0
    predictions = yield from predict_often(values)
    dock = yield from watch_runs(values)
    return {"predictions": predictions, "dock": dock}


def counted(temporary: str) -> dict[str, float]:
    """What this process has at this moment."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "memory, MB": int(status["VmRSS"].split()[0]) / 1024,
        "handles": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
        "temporary files": sum(1 for _ in Path(temporary).rglob("*")),
        "layers": len(QgsProject.instance().mapLayers()),
    }


def predict_often(values: dict[str, Any]) -> Steps:
    """One prediction after the other, with its layers on the map until the next one."""
    outputs, before = Path(values["outputs"]), {}
    for index in range(values["predictions"]):
        if index == WARM_PREDICTIONS:
            yield 1.0
            before = counted(values["temporary"])
        outputs.mkdir()
        predict(values, outputs)
        yield 0.2
        QgsProject.instance().clear()
        shutil.rmtree(outputs)
        yield 0.1
    yield 1.0
    return before, counted(values["temporary"])


def predict(values: dict[str, Any], outputs: Path) -> None:
    """As a model or a script does: with the algorithm, whose results go onto the map."""
    imagery = QgsProject.instance().addMapLayer(QgsRasterLayer(values["raster"], "imagery"))
    given = {"MODEL": values["model"], "RASTER": imagery.id(), "DEVICE": "cpu", "BACKEND": "onnxruntime"}
    places = {"CLASSES": str(outputs / "classes.tif"), "DETECTIONS": str(outputs / "detections.gpkg")}
    processing.runAndLoadResults("geodistil:predict", {**given, **places}, feedback=QgsProcessingFeedback(False))
    assert len(QgsProject.instance().mapLayers()) == 1 + len(places)


def watch_runs(values: dict[str, Any]) -> Steps:
    """Open the dock; runs grow, and some are looked at."""
    folders = sorted(Path(values["runs"]).iterdir())
    set_run_folders([Path(values["runs"])])
    next(each for each in iface.mainWindow().findChildren(QAction) if each.text() == "Runs").trigger()
    yield lambda: iface.mainWindow().findChild(QgsDockWidget, "GeoDistilRuns") is not None
    table = iface.mainWindow().findChild(QgsDockWidget, "GeoDistilRuns").findChild(QTableView)
    yield (lambda: table.model().rowCount() == len(folders)), LIMIT
    before = {}
    for index in range(values["rounds"]):
        if index == WARM_ROUNDS:
            before = counted(values["temporary"])
        for folder in folders:
            grow(folder, index)
        for row in range(SELECTED):
            table.selectRow((SELECTED * index + row) % len(folders))
            yield 0.3
    yield 2.0
    return before, counted(values["temporary"])


def grow(folder: Path, index: int) -> None:
    """A few more events of a run."""
    with (folder / "events.jsonl").open("a") as log:
        for step in range(GROWN * index, GROWN * (index + 1)):
            losses = {"box": 1 / (step + 1), "mask": 2 / (step + 1)}
            event = {"kind": "progress", "stage": "training", "step": 5000 + step, "of": 100_000, "losses": losses}
            log.write(json.dumps({"time": time.time(), **event}) + "\n")
