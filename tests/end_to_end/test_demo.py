"""The demo's whole way with a few steps: world, runs, scores, project, picture."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtGui import QImage

ROOT = Path(__file__).resolve().parents[2]
RUNS = ["detection", "segmentation", "vanilla", "distilled", "supervised", "sslkd"]


@pytest.fixture(scope="module")
def demo(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo"
    command = [str(engine), str(ROOT / "benchmarks/demo/run.py"), "--quick", "--size", "384", "--output", str(folder)]
    result = subprocess.run([*command, "--qgis-python", sys.executable], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    return folder, result.stdout


def test_every_way_of_training_is_scored_on_both_cities(demo):
    folder, printed = demo
    scores = json.loads((folder / "scores.json").read_text())
    assert list(scores) == RUNS
    assert all(set(run["scenes"]) == {"north_test", "south_test"} for run in scores.values())
    assert set(scores["distilled"]["scenes"]["north_test"]) == {"detection", "segmentation"}
    for title in ("single-task, detection", "vanilla multi-task", "distilled multi-task", "supervised only", "SSLKD"):
        assert f"| {title} |" in printed


def test_the_project_opens_with_every_layer_in_place(demo, project):
    folder, _ = demo
    assert project.read(str(folder / "demo.qgz"))
    layers = QgsProject.instance().mapLayers().values()
    assert len(layers) == 6
    assert all(layer.isValid() for layer in layers)
    imagery = next(layer for layer in layers if layer.name() == "imagery")
    maps = [layer for layer in layers if layer.name() == "classes" and layer.crs() == imagery.crs()]
    assert any(each.extent() == imagery.extent() for each in maps)


def test_the_picture_shows_imagery_beside_predictions(demo):
    folder, _ = demo
    picture = QImage(str(folder / "map.png"))
    assert picture.width() > 1500
    colours = {picture.pixelColor(x, y).name() for x in range(100, 800, 50) for y in range(150, 800, 50)}
    assert len(colours) > 20
