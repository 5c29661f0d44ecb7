import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import torch
from torch import nn

from engine.config import Card, CardClass, Network
from engine.errors import DeviceError, PackageError
from engine.inference.backends import Arrays, OnnxBackend, OpenVinoBackend, TorchBackend
from engine.inference.backends.base import VIEWS, Augmented
from engine.inference.backends.choice import MEMORY_FILE, Candidate, candidates, choose, rate
from engine.inference.predict import predict
from engine.models import Purpose, build
from engine.packages import complete_package, write_package
from engine.types import Outputs

IMAGES = np.random.default_rng(0).uniform(0, 255, (4, 3, 64, 64)).astype(np.float32)


def multi_task(card):
    purpose = Purpose(("detection", "segmentation"), card.mean, card.std, detection_classes=1, segmentation_channels=3)
    network = build(card.network, purpose, seed=0)
    torch.manual_seed(1)
    torch.nn.init.normal_(network.detection_head.head.classes.weight, std=0.3)  # an untrained head's scores are all one
    return network


@pytest.fixture
def card(make_card):
    network = Network(encoder="tu-test_efficientnet", width=32, detection_strides=[8, 16])
    return make_card(tasks=["detection", "segmentation"], network=network, score_threshold=0.05)


def test_a_network_gives_probabilities_and_objects(card):
    network = multi_task(card)
    arrays = TorchBackend(network, card, "cpu").run(IMAGES)
    assert arrays.segmentation.shape == (4, 3, 64, 64) and arrays.segmentation.dtype == np.float32
    assert np.allclose(arrays.segmentation.sum(axis=1), 1, atol=1e-3)
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(IMAGES)).segmentation.softmax(dim=1).numpy()
    assert np.abs(arrays.segmentation - expected).max() < 0.05, "bfloat16 is close to float32"
    assert len(arrays.objects) == 4
    assert all((each.scores > card.score_threshold).all() for each in arrays.objects)


class Hungry(nn.Module):
    """Runs out of memory for batches beyond a size, with the allocators' own errors."""

    def __init__(self, most, error):
        super().__init__()
        self.most, self.error, self.seen = most, error, []

    def forward(self, image):
        self.seen.append(len(image))
        if len(image) > self.most:
            raise self.error
        return Outputs(segmentation=image)


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_a_batch_that_does_not_fit_is_halved_for_good(make_card, error):
    hungry = Hungry(1, error)
    backend = TorchBackend(hungry, make_card(), "cpu")
    first, second = backend.run(IMAGES), backend.run(IMAGES)
    assert np.allclose(first.segmentation, torch.from_numpy(IMAGES).softmax(dim=1), atol=1e-6)
    assert (first.segmentation == second.segmentation).all()
    assert hungry.seen == [4, 2, 1, 1, 1, 1, 1, 1, 1, 1]


def test_one_window_that_does_not_fit_names_the_device_and_what_to_do(make_card):
    with pytest.raises(DeviceError, match=r"64 pixels does not fit into the memory of cpu.*smaller tile"):
        TorchBackend(Hungry(0, ERRORS[0]), make_card(), "cpu").run(IMAGES)


def test_other_errors_of_a_network_are_not_taken_for_lack_of_memory(make_card):
    with pytest.raises(RuntimeError, match="shape"):
        TorchBackend(Hungry(0, RuntimeError("shape mismatch")), make_card(), "cpu").run(IMAGES)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_a_device_that_is_not_there_is_named(make_card):
    with pytest.raises(DeviceError, match="'cuda' is not there"):
        TorchBackend(Hungry(1, ERRORS[0]), make_card(), "cuda")


def test_a_device_that_does_not_exist_is_named(make_card):
    with pytest.raises(DeviceError, match="'gpu' is not a device"):
        TorchBackend(Hungry(1, ERRORS[0]), make_card(), "gpu")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package with both heads, and its network."""
    classes = {"segmentation_classes": [CardClass(name=name, color="#ff0000") for name in ("roof", "water")]}
    card = Card(
        name="tiny", tasks=["detection", "segmentation"], gsd=0.1, bands=[1, 2, 3], dtype="uint8", tile_size=64,
        mean=[100.0, 110.0, 120.0], std=[50.0, 40.0, 60.0], score_threshold=0.05, **classes,
        detection_classes=[CardClass(name="car", color="#00ff00")],
        network=Network(encoder="tu-test_efficientnet", width=32, detection_strides=[8, 16]),
    )  # fmt: skip
    network = multi_task(card)
    return write_package(tmp_path_factory.mktemp("package") / "model", network, card), network.eval(), card


BACKENDS = {
    "torch": lambda folder, network, card: TorchBackend(network, card, "cpu"),
    "onnxruntime": lambda folder, network, card: OnnxBackend(folder, card, "cpu"),
    "openvino": lambda folder, network, card: OpenVinoBackend(folder, card, "cpu"),
}
TOLERANCE = 0.05
"""Largest difference of probabilities and scores: half of the backends compute in bfloat16."""


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_every_backend_agrees_with_the_network_in_float32(package, name, dtype):
    folder, network, card = package
    images = np.random.default_rng(1).integers(0, 255, (2, 3, 64, 64)).astype(dtype)
    arrays = BACKENDS[name](folder, network, card).run(images)
    with torch.inference_mode():
        outputs = network(torch.from_numpy(images.astype(np.float32)))
        expected = outputs.segmentation.softmax(dim=1).numpy()
        found = network.detection_head.decode(outputs.detections, card.score_threshold, card.iou_threshold)
    assert np.abs(arrays.segmentation - expected).max() < TOLERANCE
    for seen, wanted in zip(arrays.objects, found, strict=True):
        assert len(wanted.boxes) and seen.scores[0] == pytest.approx(wanted.scores[0].item(), abs=TOLERANCE)
        if name == "onnxruntime":  # float32 too: the decisions are the same, one by one
            assert seen.boxes == pytest.approx(wanted.boxes.numpy(), abs=0.1)
            assert seen.labels.tolist() == wanted.labels.tolist()


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_threads_may_ask_a_backend_at_once(package, name):
    folder, network, card = package
    backend = BACKENDS[name](folder, network, card)
    images = np.random.default_rng(2).integers(0, 255, (12, 1, 3, 64, 64), dtype=np.uint8)
    alone = [backend.run(image).segmentation for image in images]
    with ThreadPoolExecutor(backend.parallel) as pool:
        together = [arrays.segmentation for arrays in pool.map(backend.run, images)]
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_predicts_lossy_imagery_beside_no_data(package, write_raster, tmp_path, name):
    values = np.random.default_rng(3).integers(40, 160, (3, 20, 25), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    values[:, :, :60] = 255
    raster = write_raster(values, nodata=255, compress="jpeg", photometric="ycbcr", interleave="pixel")
    folder, network, card = package
    results = predict(BACKENDS[name](folder, network, card), raster, tmp_path / "out")
    with rasterio.open(results.classes) as written:
        empty = written.read(1) == 255
    assert empty[:, :50].all() and not empty[:, 80:].any()


def test_prediction_without_pytorch_leaves_it_out_of_memory(package, write_raster, tmp_path):
    raster = write_raster(np.random.default_rng(0).integers(0, 255, (3, 100, 100), dtype=np.uint8))
    for backend in ("openvino", "onnxruntime"):
        code = (
            "import sys; from engine.cli.main import main; code = main(sys.argv[1:]);"
            "sys.exit(code or ('torch' in sys.modules and 3))"
        )
        command = ["predict", str(package[0]), raster, "--output", str(tmp_path / backend), "--backend", backend]
        done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / backend / "detections.gpkg").exists()


@pytest.mark.parametrize("views", ["flips", "all"])
def test_views_are_averaged_in_the_windows_own_pixels(blobs, views):
    class Place:
        """Says of each pixel how bright it is, and where bright blobs are."""

        card, name, batch_size, parallel = blobs.card, "place", 1, 1

        def run(self, images):
            return Arrays(images[:, :1].astype(np.float32), blobs.run(images).objects)

    image = np.zeros((1, 3, 64, 64), np.uint8)
    image[:, :, 5:20, 10:18] = 255
    arrays = Augmented(Place(), views).run(image)
    assert (arrays.segmentation[0, 0] == image[0, 0]).all()
    assert arrays.objects[0].boxes.tolist() == [[10, 5, 18, 20]]
    assert len(blobs.sizes) == len(VIEWS[views])


def test_the_fastest_backend_is_measured_once_and_remembered(tmp_path):
    wanted = [Candidate("openvino", "cpu"), Candidate("onnxruntime", "cpu"), Candidate("torch", "auto")]
    asked = []

    def measure(candidate):
        asked.append(candidate)
        return {"openvino": None, "onnxruntime": 2.0, "torch": 3.0}[candidate.backend]

    assert choose(wanted, "key", None, tmp_path) == wanted[0], "a short job is not worth measuring"
    assert choose(wanted, "key", measure, tmp_path) == wanted[2]
    assert choose(wanted, "key", measure, tmp_path) == choose(wanted, "key", None, tmp_path) == wanted[2]
    assert asked == wanted
    (tmp_path / MEMORY_FILE).write_text("damaged")
    assert choose(wanted, "key", measure, tmp_path) == wanted[2]


def test_a_backend_and_a_device_narrow_the_choice():
    assert {each.backend for each in candidates("auto", "cpu")} == {"openvino", "onnxruntime", "torch"}
    assert candidates("torch", "cuda:1") == [Candidate("torch", "cuda:1")]
    assert candidates("openvino", "mps") == []


def test_openvino_without_a_processor_says_so(package, monkeypatch):
    """Where memory is short it lists no device; `Use auto or cpu` would be no help then."""
    import openvino

    folder, network, card = package
    monkeypatch.setattr(openvino, "Core", lambda: SimpleNamespace(available_devices=[]))
    with pytest.raises(DeviceError, match="cannot use the processor") as refused:
        BACKENDS["openvino"](folder, network, card)
    assert "onnxruntime" in refused.value.hint


def test_a_processs_own_measuring_gives_a_rate(package):
    folder, network, card = package
    assert rate(BACKENDS["onnxruntime"](folder, network, card), card) > 0


@pytest.mark.parametrize("backend", [OnnxBackend, OpenVinoBackend])
def test_a_missing_onnx_file_is_named(make_card, tmp_path, backend):
    with pytest.raises(PackageError, match=r"segmentation\.onnx is missing"):
        backend(tmp_path, make_card())


@pytest.mark.parametrize("backend", [OnnxBackend, OpenVinoBackend])
def test_a_file_that_is_no_onnx_is_named(make_card, tmp_path, backend):
    (tmp_path / "segmentation.onnx").write_bytes(b"not a model")
    with pytest.raises(PackageError, match=r"segmentation\.onnx is not a.* ONNX file"):
        backend(tmp_path, make_card())


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory):
    """A package that detects two classes, and all that it finds from a low score on."""
    classes = [CardClass(name=name, color="#00ff00") for name in ("car", "bus")]
    card = Card(
        name="two", tasks=["detection"], gsd=0.1, bands=[1, 2, 3], dtype="uint8", tile_size=64, score_threshold=0.02,
        mean=[100.0, 110.0, 120.0], std=[50.0, 40.0, 60.0], detection_classes=classes,
        network=Network(encoder="resnet18", width=32, detection_strides=[8, 16]),
    )  # fmt: skip
    network = build(card.network, Purpose(("detection",), card.mean, card.std, 2, 0), seed=0)
    torch.manual_seed(1)
    torch.nn.init.normal_(network.detection_head.head.classes.weight, std=0.3)
    folder = write_package(tmp_path_factory.mktemp("two") / "model", network, card)
    complete_package(folder, network.eval(), card)
    return folder, network, card


@pytest.mark.parametrize("graph", ["joint", "of one task"])
@pytest.mark.parametrize("name", BACKENDS)
def test_each_class_is_reported_from_its_own_score(two_classes, tmp_path, name, graph):
    folder, network, card = two_classes
    if graph == "of one task":
        folder = shutil.copytree(folder, tmp_path / "model")
        (folder / "model.onnx").unlink()
    everything = BACKENDS[name](folder, network, card).run(IMAGES[:2]).objects
    counts = np.bincount(np.concatenate([each.labels for each in everything]), minlength=2)
    limits = [
        float(np.median(np.concatenate([each.scores[each.labels == label] for each in everything]))) for label in (0, 1)
    ]
    assert (counts > 10).all() and abs(limits[0] - limits[1]) > 1e-4, "the test needs both classes"
    own = card.model_copy(update={"score_threshold": limits[0], "score_thresholds": {"bus": limits[1]}})
    for seen, before in zip(BACKENDS[name](folder, network, own).run(IMAGES[:2]).objects, everything, strict=True):
        wanted = before.scores > np.array(limits)[before.labels]
        # equal scores, of which half precision has many, may come in another order
        pairs = zip(before.scores[wanted].tolist(), before.labels[wanted].tolist(), strict=True)
        assert sorted(zip(seen.scores.tolist(), seen.labels.tolist(), strict=True)) == sorted(pairs)
    common = own.with_threshold(0.02)
    for seen, before in zip(BACKENDS[name](folder, network, common).run(IMAGES[:2]).objects, everything, strict=True):
        assert seen.scores.tolist() == before.scores.tolist(), "one that a person sets counts for all classes"
