import numpy as np
import pytest
import torch
from torch import nn

from engine.config import Network
from engine.errors import DeviceError, PackageError
from engine.inference.backends import OnnxBackend, TorchBackend
from engine.models import build
from engine.types import Outputs

IMAGES = np.random.default_rng(0).uniform(0, 255, (4, 3, 64, 64)).astype(np.float32)


def multi_task(card):
    tasks = ("detection", "segmentation")
    return build(card.network, tasks, 3, card.mean, card.std, detection_classes=1, segmentation_channels=3, seed=0)


@pytest.fixture
def card(make_card):
    network = Network(encoder="resnet18", width=32, detection_strides=[8, 16])
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


def test_a_missing_onnx_file_is_named(make_card, tmp_path):
    with pytest.raises(PackageError, match=r"segmentation\.onnx is missing"):
        OnnxBackend(tmp_path, make_card())


def test_a_file_that_is_no_onnx_is_named(make_card, tmp_path):
    (tmp_path / "segmentation.onnx").write_bytes(b"not a model")
    with pytest.raises(PackageError, match=r"segmentation\.onnx is not a readable ONNX file"):
        OnnxBackend(tmp_path, make_card())
