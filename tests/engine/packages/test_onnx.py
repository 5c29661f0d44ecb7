import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyogrio
import pytest
import rasterio
import torch

from engine.config import Network
from engine.inference.backends import OnnxBackend, TorchBackend
from engine.inference.predict import predict
from engine.models import build_from_card
from engine.packages.onnx import export_joint

pytestmark = pytest.mark.usefixtures("traced_anew")
IMAGE = np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32)


def as_deepness_does(path, image):
    """What Deepness feeds: value / 255, then its standardisation where the metadata has one."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    told = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    mean, std = (np.array(told[f"standardization_{name}"])[:, None, None] for name in ("mean", "std"))
    given = ((image / 255 - mean) / std).astype(np.float32)
    (answer,) = session.run(None, {session.get_inputs()[0].name: given})
    return session, told, answer


def test_segmentation_fed_as_other_plugins_do_gives_the_networks_probabilities(exported, network):
    session, told, answer = as_deepness_does(exported / "segmentation.onnx", IMAGE)
    with torch.inference_mode():
        expected = network(torch.from_numpy(IMAGE)).segmentation.softmax(dim=1).numpy()
    assert np.abs(answer - expected).max() < 1e-4
    assert session.get_inputs()[0].shape[1:] == [3, 64, 64]
    assert told["model_type"] == "Segmentor"
    assert told["class_names"] == {"0": "background", "1": "roof", "2": "still water"}
    assert (told["resolution"], told["tile_size"], told["seg_small_segment"]) == (13.0, 64, 0)


def test_detection_fed_as_other_plugins_do_gives_decoded_boxes(exported, network):
    session, told, answer = as_deepness_does(exported / "detection.onnx", IMAGE)
    with torch.inference_mode():
        detections = network(torch.from_numpy(IMAGE)).detections
        scores, boxes = network.detection_head.scores_and_boxes(detections)
    cx, cy, w, h = answer[0, :4]
    assert np.abs(np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1) - boxes[0].numpy()).max() < 1e-2
    assert np.abs(answer[0, 4:].T - scores[0].numpy()).max() < 1e-4
    assert session.get_outputs()[0].shape == [1, 6, 8 * 8 + 4 * 4], "Deepness refuses a free batch here"
    assert (told["model_type"], told["det_type"]) == ("Detector", "YOLO_Ultralytics")
    assert told["class_names"] == {"0": "car", "1": "bus"}


def test_graphs_say_nothing_of_the_machine_that_wrote_them(exported, package):
    for path in (*exported.glob("*.onnx"), *package.iterdir()):
        content = path.read_bytes()
        for place in (Path(__file__).parents[3], package.parent, Path.home() / ""):
            assert str(place).encode() not in content, path


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
def test_older_runtimes_can_read_the_graphs(exported, file):
    model = onnx.load(exported / file)
    onnx.checker.check_model(model)
    assert model.ir_version <= 8
    assert {entry.domain: entry.version for entry in model.opset_import}[""] <= 18


def written(path):
    """A file's metadata, as strictly as JSON asks for."""

    def refuse(constant):
        raise ValueError(constant)

    return {one.key: json.loads(one.value, parse_constant=refuse) for one in onnx.load(path).metadata_props}


COMMON = {
    "resolution": 13.0,
    "tile_size": 64,
    "tiles_size": 64,
    "tiles_overlap": 15,
    "standardization_mean": pytest.approx([100 / 255, 110 / 255, 120 / 255]),
    "standardization_std": pytest.approx([30 / 255, 1 / 255, 32 / 255]),
}


def test_the_segmentation_file_has_these_keys_and_no_others(exported):
    assert written(exported / "segmentation.onnx") == {
        **COMMON,
        "model_type": "Segmentor",
        "class_names": {"0": "background", "1": "roof", "2": "still water"},
        "seg_thresh": 0.0,
        "seg_small_segment": 0,
    }


def test_the_detection_file_has_these_keys_and_no_others(exported):
    assert written(exported / "detection.onnx") == {
        **COMMON,
        "model_type": "Detector",
        "class_names": {"0": "car", "1": "bus"},
        "det_type": "YOLO_Ultralytics",
        "det_conf": 0.02,
        "det_iou_thresh": 0.5,
    }


@pytest.mark.parametrize("file", ["segmentation.onnx", "detection.onnx"])
def test_the_input_is_square_nchw_of_floats(exported, file):
    (given,) = onnxruntime.InferenceSession(str(exported / file), providers=["CPUExecutionProvider"]).get_inputs()
    assert given.type == "tensor(float)" and given.shape[1:] == [3, 64, 64]


def test_the_other_plugins_way_to_a_class_map_gives_ours(exported, package, card):
    _, told, answer = as_deepness_does(exported / "segmentation.onnx", IMAGE)
    answer[answer < told["seg_thresh"]] = 0
    ours = OnnxBackend(package, card).run(IMAGE).segmentation
    assert (answer.argmax(1) == ours.argmax(1)).mean() > 0.999


def test_the_other_plugins_way_to_boxes_gives_ours(exported, package, card):
    """Candidates by their best class; ours may be of two, so compared where none is, above every second-best score."""
    _, told, answer = as_deepness_does(exported / "detection.onnx", IMAGE)
    rows = answer[0].T
    least = max(told["det_conf"], float(rows[:, 4:].min(1).max()) + 1e-4)
    rows = rows[rows[:, 4:].max(1) >= least]
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1)
    scores, labels = rows[:, 4:].max(1), rows[:, 4:].argmax(1)
    (ours,) = OnnxBackend(package, card.model_copy(update={"score_threshold": least})).run(IMAGE).objects
    one_class = [np.flatnonzero(labels == label) for label in range(2)]
    kept = np.concatenate([part[greedy(boxes[part], scores[part], told["det_iou_thresh"])] for part in one_class])
    assert len(kept) == len(ours.boxes) > 3
    for label, box in zip(labels[kept], boxes[kept], strict=True):
        same = np.asarray(ours.boxes)[np.asarray(ours.labels) == label]
        assert np.abs(same - box).max(axis=1).min() < 0.5


def greedy(boxes, scores, iou_threshold):
    """The best box, then the best of those that overlap it little, and so on."""
    order, kept = np.argsort(-scores), []
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low, high = np.maximum(boxes[best, :2], boxes[order, :2]), np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = (high - low).clip(0).prod(1)
        order = order[shared / (area[best] + area[order] - shared) <= iou_threshold]
    return np.array(kept, int)


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


def test_a_light_graph_holds_no_stage_that_no_task_reads(card, tmp_path):
    sizes = {}
    for strides in ([8], [8, 32]):
        spec = Network(size="small", weights="none", detection_strides=strides)
        mine = card.model_copy(update={"network": spec})
        export_joint(build_from_card(mine).eval(), mine, path := tmp_path / f"{len(strides)}.onnx")
        sizes[len(strides)] = path.stat().st_size
    assert sizes[1] < 0.6 * sizes[2]
