"""What takes long, or touches a disk that may be far away, keeps QGIS usable: seen by a probe in its event loop."""

import shutil
import stat
import sys

import numpy as np
import pytest
from geodistil.toolbox.predict import PredictRasters
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRasterLayer,
)

from .cards import CARD, write_card
from .probe import STALL_SECONDS, Probe
from .waiting import let_qgis_work_until

RASTERS = 40
ENGINE = """#!{python}
import json, pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
outputs = [{{"raster": str(path), "classes": str(path)}} for path in sorted(folder.glob("*.tif"))]
with (folder / "events.jsonl").open("a") as log:
    log.write(json.dumps({{"time": 0, "kind": "finished", "outputs": outputs}}) + "\\n")
"""


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """A program in the engine's place, which says that it has predicted what is in the folder already."""
    program = tmp_path / "python"
    program.write_text(ENGINE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("GEODISTIL_PYTHON", str(program))


@pytest.fixture
def maps(make_raster, tmp_path):
    """A folder of class maps."""
    folder = tmp_path / "maps"
    folder.mkdir()
    one = make_raster(tmp_path / "one.tif", np.ones((1, 64, 64), "uint8"))
    for number in range(RASTERS):
        shutil.copy(one, folder / f"{number:03}.tif")
    return folder


def package_in(folder):
    folder.mkdir(parents=True)
    write_card(folder, CARD)
    return folder


def test_the_looks_of_many_predicted_rasters_do_not_hold_qgis_up(provider, project, engine, maps, tmp_path):
    context, feedback, ended = QgsProcessingContext(), QgsProcessingFeedback(), []
    context.setProject(project)
    values = {"MODEL": str(package_in(tmp_path / "model")), "FOLDER": str(maps), "OUTPUT": str(maps), "LOAD": False}
    algorithm = PredictRasters().create()
    task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
    task.executed.connect(lambda *outcome: ended.append(outcome))
    probe = Probe()
    QgsApplication.taskManager().addTask(task)
    let_qgis_work_until(lambda: ended, 120)
    assert ended[0][0], feedback.textLog()
    fresh = QgsRasterLayer(str(maps / "039.tif"), "fresh")
    assert [label for label, _ in fresh.legendSymbologyItems()] == ["background", "roof"]
    probe.turn()
    print(f"longest stall {1000 * probe.longest:.0f} ms, busiest turn {1000 * probe.busiest:.0f} ms")
    assert probe.busiest < STALL_SECONDS
