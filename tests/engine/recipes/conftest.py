"""Packages of random networks, and runs that go on from them."""

import json

import pytest
from safetensors.torch import save_file

from engine.config import Card, Network
from engine.models import Purpose, build
from tests.networks import NARROW

MEAN, STD = [100.0, 90.0, 90.0], [50.0, 40.0, 40.0]
BOTH = ("detection", "segmentation")
ROOF, CAR = ({"name": name, "color": "#0000ff"} for name in ("roof", "car"))


@pytest.fixture
def make_package(tmp_path):
    """A function that writes a package of a random network: `make_package(tasks, name, **changes of the card)`."""

    def make(tasks=BOTH, name="package", network=NARROW, **changes):
        values = {
            "name": "town",
            "tasks": list(tasks),
            "gsd": 0.5,
            "bands": [1, 2, 3],
            "dtype": "uint8",
            "mean": MEAN,
            "std": STD,
            "segmentation_classes": [ROOF] if "segmentation" in tasks else [],
            "detection_classes": [CAR] if "detection" in tasks else [],
            "network": Network(**network),
        }
        card = Card(**{**values, **changes})
        counts = len(card.detection_classes), len(card.segmentation_channels())
        network = build(card.network.model_copy(update={"weights": "none"}), Purpose(tasks, MEAN, STD, *counts), seed=5)
        folder = tmp_path / name
        folder.mkdir()
        save_file(network.state_dict(), folder / "model.safetensors")
        item = {"properties": {"geodistil:card": card.model_dump(mode="json"), "geodistil:version": 1}}
        (folder / "item.json").write_text(json.dumps(item))
        return folder

    return make


@pytest.fixture
def make_start(make_run):
    """A function that writes a run folder which goes on from a package."""

    def make(package, roles=BOTH, kind="supervised", name="run", change=None, training=None, **recipe):
        folder = make_run({"kind": kind, "start_from": str(package), **recipe}, name, roles, **(training or {}))
        run = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps(run | (change or {})))
        return folder

    return make
