"""Packages of older and of future designs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import load_run
from engine.errors import PackageError
from engine.inference import TorchBackend
from engine.packages import load_card, load_package

FIRST = Path(__file__).parent / "design_1"
"""Written by the engine before networks had designs: two heads with group norms, an ONNX file a task."""


def test_a_package_of_the_first_design_answers_what_it_did():
    network, card = load_package(FIRST)
    expected = np.load(FIRST / "expected.npz")
    assert card.network.design == 1
    with torch.inference_mode():
        outputs = network(torch.from_numpy(expected["image"]))
        scores, boxes = network.detection_head.scores_and_boxes(outputs.detections)
    np.testing.assert_allclose(outputs.segmentation.numpy(), expected["segmentation"], atol=1e-4)
    np.testing.assert_allclose(scores.numpy(), expected["scores"], atol=1e-5)
    np.testing.assert_allclose(boxes.numpy(), expected["boxes"], atol=1e-3)


def test_a_package_without_thresholds_by_class_keeps_its_one(monkeypatch):
    monkeypatch.setattr("engine.inference.backends.pytorch.cpu_has_bfloat16", lambda: False)
    network, card = load_package(FIRST)
    assert card.thresholds() == [card.score_threshold] * len(card.detection_classes)
    image = np.load(FIRST / "expected.npz")["image"]
    with torch.inference_mode():
        outputs = network(torch.from_numpy(image))
        (expected,) = network.detection_head.decode(outputs.detections, card.score_threshold, card.iou_threshold)
    (found,) = TorchBackend(network, card, "cpu").run(image).objects
    assert len(found.scores) and found.scores == pytest.approx(expected.scores.numpy(), abs=1e-5)


def test_a_card_of_a_future_design_says_what_to_do(tmp_path):
    folder = Path(shutil.copytree(FIRST, tmp_path / "model"))
    item = json.loads((folder / "item.json").read_text())
    item["properties"]["geodistil:card"]["network"]["design"] = 99
    (folder / "item.json").write_text(json.dumps(item))
    with pytest.raises(PackageError, match=r"newer GeoDistil: .* design 99") as caught:
        load_card(folder)
    assert caught.value.hint == "Update GeoDistil."


@pytest.mark.parametrize(
    ("recipe", "preset", "encoders"),
    [
        ({"kind": "supervised"}, None, {"network": ("small", None)}),
        (
            {"kind": "semi_supervised", "student": {"size": "medium"}},
            None,
            {"student": ("medium", None), "first_teacher": ("large", None), "second_teacher": ("small", "mit_b0")},
        ),
        ({}, "igarss2024-sslkd", {"second_teacher": ("small", "mit_b0"), "first_teacher": ("large", None)}),
        ({}, "igarss2024-multitask", {"student": ("small", "resnet18"), "detection_teacher": ("large", "resnet50")}),
    ],
)
def test_run_files_of_the_first_version_mean_what_they_meant(tmp_path, recipe, preset, encoders):
    source = {"raster": "a.tif", "role": "segmentation", "labels": {"path": "b.gpkg"}}
    values = {
        "version": 1,
        "name": "old",
        "sources": [source],
        "segmentation_classes": [{"name": "roof"}],
        "recipe": recipe,
    }
    (tmp_path / "run.json").write_text(json.dumps(values | ({"preset": preset} if preset else {})))
    run = load_run(tmp_path)
    for name, (size, encoder) in encoders.items():
        network = getattr(run.recipe, name)
        assert (network.size, network.encoder) == (size, encoder)
        assert (network.design, network.weights, network.detection_strides) == (1, "none", [4, 8, 16, 32])
    assert run.training.statistics_noise == 0  # its checkpoints go on
