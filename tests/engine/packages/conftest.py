"""One small multi-task package, written once: exporting takes seconds."""

import shutil

import pytest
import torch

from engine.config import Card, CardClass, Network
from engine.models import build
from engine.packages import complete_package, write_package


@pytest.fixture(scope="session")
def make_card():
    return card_of


def card_of(**changes):
    values = {
        "name": "Häuser & cars",
        "tasks": ["detection", "segmentation"],
        "gsd": 0.13,
        "bands": [1, 2, 4],
        "dtype": "uint8",
        "mean": [100.0, 110.0, 120.0],
        "std": [30.0, 0.0, 32.0],
        "nodata": 0.0,
        "tile_size": 64,
        "segmentation_classes": [
            CardClass(name="roof", color="#ff8800"),
            CardClass(name="still water", color="#00f0ff"),
        ],
        "detection_classes": [CardClass(name="car", color="#00ff00"), CardClass(name="bus", color="#123456")],
        "network": Network(encoder="tu-resnet10t", width=32, detection_strides=[8, 16], weights="hub"),
        "score_threshold": 0.02,
        "created": "2026-05-01T12:00:00Z",
        "geometry": {"type": "Polygon", "coordinates": [[[7, 48], [8, 48], [8, 49], [7, 49], [7, 48]]]},
        "metrics": {"mean_iou": 0.5},
    }
    return Card(**{**values, **changes})


@pytest.fixture(scope="session")
def make_network():
    return network_of


def network_of(card, seed=0):
    spec = card.network.model_copy(update={"weights": "none"})
    return build(spec, card.tasks, 3, card.mean, card.std, 2, 3, seed).eval()


@pytest.fixture(scope="session")
def card():
    return card_of()


@pytest.fixture(scope="session")
def network(card):
    network = network_of(card)
    torch.manual_seed(1)
    # Scores that spread: an untrained head says next to nothing.
    torch.nn.init.normal_(network.detection_head.head.classes.weight, std=0.3)
    return network


@pytest.fixture(scope="session")
def package(tmp_path_factory, network, card):
    folder = tmp_path_factory.mktemp("packages") / "model"
    return write_package(folder, network, card, report=b"<html></html>", preview=b"\x89PNG")


@pytest.fixture(scope="session")
def exported(tmp_path_factory, package, network, card):
    """The package as `export` completes it for other programs."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    shutil.copytree(package, folder)
    complete_package(folder, network, card)
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))
