import json

import numpy as np
import onnx
import onnxruntime
import pyogrio
import pytest
import rasterio
import torch

from engine.inference.backends import OnnxBackend, TorchBackend
from engine.inference.predict import predict
from engine.packages.onnx import metadata

IMAGE = np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32)


def as_deepness_does(path, image):
    """What Deepness feeds: value / 255, then its standardisation where the metadata has one."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    told = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    mean, std = (np.array(told[f"standardization_{name}"])[:, None, None] for name in ("mean", "std"))
    given = ((image / 255 - mean) / std).astype(np.float32)
    (answer,) = session.run(None, {session.get_inputs()[0].name: given})
    return session, told, answer


def test_segmentation_fed_as_other_plugins_do_gives_the_networks_probabilities(package, network):
    session, told, answer = as_deepness_does(package / "segmentation.onnx", IMAGE)
    with torch.inference_mode():
        expected = network(torch.from_numpy(IMAGE)).segmentation.softmax(dim=1).numpy()
    assert np.abs(answer - expected).max() < 1e-4
    assert session.get_inputs()[0].shape[1:] == [3, 64, 64]
    assert told["model_type"] == "Segmentor"
    assert told["class_names"] == {"0": "background", "1": "roof", "2": "still water"}
    assert (told["resolution"], told["tile_size"], told["seg_small_segment"]) == (13.0, 64, 0)


def test_detection_fed_as_other_plugins_do_gives_decoded_boxes(package, network):
    session, told, answer = as_deepness_does(package / "detection.onnx", IMAGE)
    with torch.inference_mode():
        detections = network(torch.from_numpy(IMAGE)).detections
        scores, boxes = network.detection_head.scores_and_boxes(detections)
    cx, cy, w, h = answer[0, :4]
    assert np.abs(np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1) - boxes[0].numpy()).max() < 1e-2
    assert np.abs(answer[0, 4:].T - scores[0].numpy()).max() < 1e-4
    assert session.get_outputs()[0].shape == [1, 6, 8 * 8 + 4 * 4], "Deepness refuses a free batch here"
    assert (told["model_type"], told["det_type"]) == ("Detector", "YOLO_Ultralytics")
    assert told["class_names"] == {"0": "car", "1": "bus"}


def test_segmentation_takes_batches_of_any_size(package, card):
    backend = OnnxBackend(package, card)
    images = np.concatenate([IMAGE, IMAGE[:, ::-1], IMAGE[:, :, ::-1]])
    together = backend.run(images)
    alone = [backend.run(image[None]) for image in images]
    assert np.allclose(together.segmentation, np.concatenate([each.segmentation for each in alone]), atol=1e-5)
    assert len(together.objects) == 3


def test_both_backends_find_the_same(package, network, card):
    by_onnx, by_torch = OnnxBackend(package, card).run(IMAGE), TorchBackend(network, card, "cpu").run(IMAGE)
    assert np.abs(by_onnx.segmentation - by_torch.segmentation).max() < 0.05  # one of them in bfloat16
    assert abs(len(by_onnx.objects[0].boxes) - len(by_torch.objects[0].boxes)) <= 0.2 * len(by_torch.objects[0].boxes)
    assert len(by_onnx.objects[0].boxes) > 0


@pytest.mark.parametrize("file", ["segmentation.onnx", "detection.onnx"])
def test_older_runtimes_can_read_the_graphs(package, file):
    model = onnx.load(package / file)
    onnx.checker.check_model(model)
    assert model.ir_version <= 8
    assert {entry.domain: entry.version for entry in model.opset_import}[""] <= 18


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_every_metadata_value_is_json_without_nan(card, task):
    for value in metadata(card, task).values():
        json.dumps(value, allow_nan=False)


def test_both_backends_predict_a_raster_alike(package, network, card, tmp_path):
    coarse = np.random.default_rng(1).integers(0, 255, (4, 10, 14), dtype=np.uint8)
    values = coarse.repeat(16, axis=1).repeat(16, axis=2)
    with rasterio.open(
        tmp_path / "raster.tif",
        "w",
        driver="GTiff",
        width=224,
        height=160,
        count=4,
        photometric="minisblack",
        alpha="no",
        dtype="uint8",
        crs="EPSG:32632",
        transform=rasterio.transform.from_origin(691000, 5335000, 0.13, 0.13),
    ) as raster:
        raster.write(values)
    maps, counts = [], []
    for name, backend in (("onnx", OnnxBackend(package, card)), ("torch", TorchBackend(network, card, "cpu"))):
        results = predict(backend, str(tmp_path / "raster.tif"), tmp_path / name)
        with rasterio.open(results.classes) as written:
            maps.append(written.read(1))
        counts.append(pyogrio.read_info(results.detections, layer="detections")["features"])
    assert (maps[0] == maps[1]).mean() > 0.97  # one of them in bfloat16
    assert counts[0] > 0 and counts[1] == pytest.approx(counts[0], rel=0.2)
