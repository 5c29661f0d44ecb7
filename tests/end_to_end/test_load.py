"""The short form of `benchmarks/plugin/load.py`: what one QGIS holds does not grow with what it has done."""

import gc
import operator
import os
from pathlib import Path

import processing
from qgis.core import QgsProcessingUtils, QgsRasterLayer

from ..qgis.waiting import let_qgis_work_until

WARM, MORE = 2, 6
IDLE_SECONDS = 40
"""Qt's pools let a thread that has nothing to do go after 30 s."""


def held():
    """Handles, threads and temporary files of this process."""
    gc.collect()
    temporary = Path(QgsProcessingUtils.tempFolder())
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), sum(1 for _ in temporary.rglob("*"))


def test_nothing_grows_with_what_was_done(trained, town, project, tmp_path, provider):
    for index in range(WARM + MORE):
        layer = project.addMapLayer(QgsRasterLayer(str(town), "town"))
        outputs = {"CLASSES": str(tmp_path / f"{index}.tif"), "DETECTIONS": str(tmp_path / f"{index}.gpkg")}
        model = {"MODEL": trained["MODEL"], "RASTER": layer.id(), "DEVICE": "cpu", "BACKEND": "onnxruntime"}
        processing.runAndLoadResults("geodistil:predict", {**model, **outputs})
        assert len(project.mapLayers()) == 3
        project.clear()
        if index == WARM - 1:
            warm = held()
    try:
        let_qgis_work_until(lambda: all(map(operator.le, held(), warm)), IDLE_SECONDS)
    finally:
        print(f"handles, threads, temporary files: {warm} when warm, {held()} at the end")
