"""Table (f): speed of real packages, beside accuracies of all seeds."""

import json
from itertools import product

import numpy as np
import onnx
import pytest
import rasterio
from rasterio.transform import from_origin

from benchmarks.accuracy import speed

from ..packages.conftest import card, network, package  # noqa: F401 # fixtures

SIDE = 96


def test_every_library_runs_windows_of_one_size_whatever_the_card_says(package, tmp_path, monkeypatch):  # noqa: F811
    for name, value in {"SIDE": SIDE, "ROUNDS": 1, "WINDOWS": 2}.items():
        monkeypatch.setattr(speed, name, value)
    windows = np.random.default_rng(0).integers(0, 255, (1, 3, SIDE, SIDE)).astype(np.float32)
    found = speed.speeds_of({"a row": package}, windows, tmp_path)
    assert set(found) == set(speed.LIBRARIES) and all(each["a row"] > 0 for each in found.values())
    (graph,) = tmp_path.rglob("*.onnx")
    assert [dim.dim_value for dim in onnx.load(graph).graph.input[0].type.tensor_type.shape.dim][2:] == [SIDE, SIDE]
    assert f"windows of {SIDE} px of Banepa" in speed.markdown([])


def test_windows_are_of_real_ground_at_the_networks_scale(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "SIDE", 4)
    image = np.arange(3 * 9 * 13, dtype="uint16").reshape(3, 9, 13)
    profile = {"driver": "GTiff", "count": 3, "height": 9, "width": 13, "dtype": "uint16", "crs": "EPSG:32632"}
    with rasterio.open(tmp_path / "town.tif", "w", **profile, transform=from_origin(5e5, 5e6, 1, 1)) as raster:
        raster.write(image)
    found = speed.windows_of(tmp_path / "town.tif", 1.0)
    assert found.shape == (6, 3, 4, 4)
    for window, (row, column) in zip(found, product((0, 4), (0, 4, 8)), strict=True):
        np.testing.assert_array_equal(window, image[:, row : row + 4, column : column + 4])
    coarse = speed.windows_of(tmp_path / "town.tif", 2.0)
    assert coarse.shape == (1, 3, 4, 4) and np.ptp(coarse[0, 0]) > np.ptp(found[0, 0])


def test_a_score_that_is_undefined_is_in_no_mean_of_seeds():
    scores = [{"segmentation": {"mean_iou": value}, "detection": {"ap50": None}} for value in (0.5, None, 0.7)]
    assert speed.accuracy({seed: {"scores": each} for seed, each in enumerate(scores)}) == {
        "mean_iou": pytest.approx(0.6)
    }


def test_a_measured_speed_stays_in_the_repository_and_comes_back_where_nothing_was_measured(tmp_path):
    here, elsewhere, kept = tmp_path / "here", tmp_path / "elsewhere", tmp_path / "speed-small.json"
    rates = {f"{name}_megapixels_per_second": 1.25 for name in speed.LIBRARIES}
    for folder in (here, elsewhere):
        folder.mkdir()
    speed.keep_speed(elsewhere, kept)
    assert not list(elsewhere.iterdir()) and not kept.exists()
    (here / speed.FILE).write_text(json.dumps([{"network": "A", "parameters": 3e6, "megabytes": 12.0, **rates}]))
    speed.keep_speed(here, kept)
    speed.keep_speed(elsewhere, kept)
    for folder in (here, elsewhere):
        assert "| A |  |  | 3.0 | 12.0 | 1.25 | 1.25 | 1.25 |" in (folder / "speed.md").read_text()
