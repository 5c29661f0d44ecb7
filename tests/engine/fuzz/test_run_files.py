"""Run files of strangers, and of people who mistype: each is read, and found fit by `check`, or is one sentence.

The long form: GEODISTIL_FUZZ=400 python -m pytest tests/engine/fuzz
"""

import copy
import json
import warnings

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from engine.cli.check import describe
from engine.config import Run, load_run, save_run
from tests.engine.fuzz.mutating import cases, damaged, mutated, said, seeded
from tests.networks import TINY

SIDE = 192
CHECKED = 6
"""Every so many cases are checked as `check` does, which takes longer; in the long form all that can be read."""
NETWORK = {**TINY, "weights": "none", "detection_strides": [8, 16]}
RECIPES = {
    "supervised": {"network": NETWORK, "dice": 1.0, "thin_classes": ["roof"]},
    "partial_multitask": {
        "student": NETWORK, "detection_teacher": NETWORK, "segmentation_teacher": NETWORK,
        "distillation": ["soft", "pdf"], "weak_labels": True, "weak_classes": {"car": "roof"},
    },
    "semi_supervised": {
        "student": NETWORK, "first_teacher": NETWORK, "weights": {"soft": 1.0},
        "second_teacher": {"encoder": "tu-test_efficientnet", "weights": "none", "architecture": "unet"},
    },
    "baseline": {"method": "fixmatch", "student": NETWORK, "confidence": 0.5},
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A raster with labels of both kinds."""
    folder = tmp_path_factory.mktemp("place")
    transform = from_origin(500_000, 5_300_000, 1, 1)
    values = np.random.default_rng(0).integers(1, 200, (3, SIDE, SIDE), np.uint8)
    with rasterio.open(
        folder / "image.tif", "w", driver="GTiff", width=SIDE, height=SIDE, count=3, dtype="uint8", crs="EPSG:32632",
        transform=transform,
    ) as raster:  # fmt: skip
        raster.write(values)
    corners = [(500_005 + x, 5_300_000 - 11 - y) for x in range(0, SIDE - 16, 16) for y in range(0, SIDE - 16, 16)]
    boxes = np.array([shapely.box(x, y, x + 7, y + 6) for x, y in corners])
    for name in ("car", "roof"):
        pyogrio.raw.write(
            folder / f"{name}.gpkg", shapely.to_wkb(boxes), [np.array([name] * len(boxes), object)], ["kind"],
            geometry_type="Polygon", crs="EPSG:32632", driver="GPKG",
        )  # fmt: skip
    return folder


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    warnings.simplefilter("ignore")


def run_of(place, kind):
    labels = {
        "detection": {"path": str(place / "car.gpkg"), "field": "kind", "ignore_values": ["lorry"]},
        "segmentation": {"path": str(place / "roof.gpkg"), "field": "kind", "where": "kind = 'roof'"},
    }
    roles = {"supervised": ["detection", "segmentation"], "partial_multitask": ["detection", "segmentation"]}
    sources = [
        {
            "raster": str(place / "image.tif"),
            "role": role,
            "labels": labels[role],
            "area": {"kind": "raster"},
            "bands": [1, 2, 3],
        }
        for role in roles.get(kind, ["segmentation"])
    ]
    unlabelled = {"raster": str(place / "image.tif"), "role": "unlabelled", "nodata": 0.0, "name": "more"}
    detects = "detection" in roles.get(kind, ())
    return {
        "version": 2,
        "name": "run",
        "gsd": 1.0,
        "bands": [1, 2, 3],
        "sources": [*sources, unlabelled],
        "detection_classes": [{"name": "car", "color": "#ff0000", "values": ["car"]}] if detects else [],
        "segmentation_classes": [{"name": "roof", "color": "#00ff00", "values": ["roof"]}],
        "background": True,
        "recipe": {"kind": kind, **copy.deepcopy(RECIPES[kind])},
        "split": {"validation": 0.3, "block_size": 48.0, "buffer": 4.0, "seed": 1},
        "training": {
            "budget": {"steps": 20},
            "batch_size": 2,
            "chip_size": 64,
            "learning_rate": 0.001,
            "weight_decay": 0.01,
            "clip_norm": 5.0,
            "validations": 2,
            "validation_chips": 8,
            "patience": 1,
            "device": "cpu",
            "precision": "32-true",
            "workers": 0,
            "seed": 3,
            "warmup": 0.05,
            "augmentation": {"scale": 0.25, "mosaic": 0.1},
        },
    }


def survives(folder, place, tmp_path):
    """Read, written, read again the same."""
    run = load_run(folder)
    save_run(run, tmp_path / "again")
    again = load_run(tmp_path / "again")
    assert repr(again) == repr(run)


def checked(run, folder):
    """What `check` does, but where a network would be large, which is no question of the file."""
    text = repr(run)
    if not any(word in text for word in ("size='large'", "width=1024", "encoder=None")):
        describe(folder)


@pytest.mark.parametrize("kind", RECIPES)
def test_the_runs_themselves_are_sound(place, tmp_path, kind):
    (tmp_path / "run.json").write_text(json.dumps(run_of(place, kind)))
    assert said(lambda: survives(tmp_path, place, tmp_path)) == "ok"
    assert said(lambda: describe(tmp_path)) == "ok"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"gsd": 0.05}, "0.05 m per pixel, and image has 1: that is slow"), ({}, "cuda:99")],
)
def test_what_would_be_slow_or_fail_later_is_said_by_check(place, tmp_path, change, words):
    run = run_of(place, "supervised") | change
    run["training"]["device"] = "cpu" if change else "cuda:99"
    (tmp_path / "run.json").write_text(json.dumps(run))
    assert any(words in warning for warning in describe(tmp_path)["warnings"])


@pytest.mark.parametrize("seed", cases(40))
def test_settings(place, tmp_path, seed):
    rng = seeded("run", seed)
    values = mutated(run_of(place, rng.choice(list(RECIPES))), rng, 1 if rng.random() < 0.6 else None)
    (tmp_path / "run.json").write_text(json.dumps(values))
    read = []
    outcome = said(lambda: read.append(load_run(tmp_path)))
    if outcome == "ok":
        assert isinstance(read[0], Run)
        assert said(lambda: survives(tmp_path, place, tmp_path)) == "ok"
        if seed % CHECKED == 0 or len(cases(40)) > 40:
            said(lambda: checked(read[0], tmp_path))


@pytest.mark.parametrize("seed", cases(20))
def test_settings_of_older_versions_and_presets(place, tmp_path, seed):
    rng = seeded("older", seed)
    values = run_of(place, rng.choice(list(RECIPES)))
    values |= rng.choice(
        [{"version": 1}, {"preset": "igarss2024-multitask"}, {"version": 1, "preset": "igarss2024-sslkd"}]
    )
    del values["recipe"]["kind"]
    (tmp_path / "run.json").write_text(json.dumps(mutated(values, rng)))
    said(lambda: load_run(tmp_path))


@pytest.mark.parametrize("seed", cases(20))
def test_bytes(place, tmp_path, seed):
    rng = seeded("run bytes", seed)
    (tmp_path / "run.json").write_bytes(damaged(json.dumps(run_of(place, "supervised")).encode(), rng))
    said(lambda: load_run(tmp_path))
