"""The scripts of docs/examples, run as they are written, on a small world and for a few steps."""

import sys
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio

from tests import forks

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def run(name, output, *options):
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), "--output", str(output), *options]
    done = forks.run(command, capture_output=True, text=True, cwd=EXAMPLES.parents[1])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def from_this_checkout(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parents[1]))


def test_a_network_is_trained_and_maps_another_place_from_python(tmp_path):
    said = run("train_and_predict", tmp_path, "--size", "384", "--steps", "6")
    score = float(said.split("no training saw: ")[1])
    assert 0 < score < 1
    with rasterio.open(tmp_path / "prediction" / "classes.tif") as classes:
        assert classes.shape == (384, 384) and set(np.unique(classes.read(1))) <= {0, 1, 2, 3}
    assert (tmp_path / "run" / "report.html").exists()


def test_a_student_of_two_teachers_does_both_tasks_in_both_places(tmp_path):
    said = run("distil_from_two_places", tmp_path, "--size", "384", "--steps", "9")
    for place in ("north_test", "south_test"):
        assert f"{place}: ap50 " in said and f"{place}: mean_iou " in said
        found = tmp_path / "predictions" / place
        assert (found / "classes.tif").exists() and pyogrio.read_info(found / "detections.gpkg")["layer_name"]


def test_every_example_is_run_here_and_linked_from_the_guide():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    page = (EXAMPLES.parent / "examples.md").read_text(encoding="utf-8")
    tests = Path(__file__).read_text(encoding="utf-8")
    assert names and all(f"(examples/{name}.py)" in page and f'run("{name}"' in tests for name in names)
