"""One small multi-task package, written once: exporting takes seconds."""

import json
import shutil

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from engine.config import Card, CardClass, Network
from engine.models import Purpose, build
from engine.packages import Beside, complete_package, write_package
from tests.engine.once import made_once

TILE = 64
SEGMENTOR = {
    "model_type": "Segmentor",
    "class_names": {"0": "_background", "1": "field", "2": "forest"},
    "resolution": 50,
    "tiles_size": TILE,
    "standardization_mean": [0.4, 0.4, 0.4],
    "standardization_std": [0.2, 0.2, 0.2],
}


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
        "std": [30.0, 1.0, 32.0],
        "nodata": 0.0,
        "tile_size": 64,
        "segmentation_classes": [
            CardClass(name="roof", color="#ff8800"),
            CardClass(name="still water", color="#00f0ff"),
        ],
        "detection_classes": [CardClass(name="car", color="#00ff00"), CardClass(name="bus", color="#123456")],
        "network": Network(encoder="tu-test_resnet", width=32, detection_strides=[8, 16], weights="hub"),
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
    return build(spec, Purpose(card.tasks, card.mean, card.std, 2, 3), seed).eval()


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
    def make(folder):
        write_package(folder / "model", network, card, Beside(b"<html></html>", b"\x89PNG"))

    return made_once(tmp_path_factory, "package", make) / "model"


@pytest.fixture(scope="session")
def exported(tmp_path_factory, package, network, card):
    """The package as `export` completes it for other programs."""

    def make(folder):
        shutil.copytree(package, folder / "model")
        complete_package(folder / "model", network, card)

    return made_once(tmp_path_factory, "exported", make) / "model"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GEODISTIL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def save(tmp_path):
    """A function that writes an ONNX file: `save(nodes, outputs, constants, metadata)`."""

    def write(
        nodes, outputs, constants=(), metadata=None, size=TILE, bands=3, kind=TensorProto.FLOAT, opset=13, batch=1
    ):
        graph = helper.make_graph(
            nodes,
            "model",
            [helper.make_tensor_value_info("images", kind, [batch, bands, size, size])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
            [numpy_helper.from_array(values, name) for name, values in dict(constants).items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        helper.set_model_props(model, {key: json.dumps(value) for key, value in (metadata or {}).items()})
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return path

    return write


@pytest.fixture
def save_segmentor(save):
    """Logits that are linear in the bands; one, two or more channels."""

    def write(channels=3, metadata=SEGMENTOR, end="Identity", **options):
        weights = np.random.default_rng(0).normal(0, 2, (channels, 3, 1, 1)).astype(np.float32)
        size = options.get("size", TILE)
        nodes = [
            helper.make_node("Conv", ["images", "weights"], ["logits"]),
            helper.make_node(end, ["logits"], ["out"], **({"axis": 1} if end == "Softmax" else {})),
        ]
        shape = [options.get("batch", 1), channels, size, size]
        return save(nodes, {"out": shape}, {"weights": weights}, metadata, **options), weights[:, :, 0, 0]

    return write


@pytest.fixture
def save_detector(save):
    """A detector that always says the same, in any layout."""

    def write(answer, metadata, more=(), **options):
        nothing = helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0)
        nodes = [
            nothing,
            helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
            helper.make_node("Add", ["answer", "nothing"], ["out"]),
            *(helper.make_node("Identity", ["answer"], [f"more{index}"]) for index, _ in enumerate(more)),
        ]
        outputs = {"out": list(answer.shape), **{f"more{index}": list(answer.shape) for index, _ in enumerate(more)}}
        constants = {"answer": answer.astype(np.float32), "zero": np.zeros((), np.float32)}
        return save(nodes, outputs, constants, metadata, **options)

    return write
