"""A network in PyTorch, on whatever device it finds."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...config import Card
from ...errors import DeviceError
from ...models import TaskNetwork, choose_device, cpu_has_bfloat16
from ...models.devices import channels_last, out_of_memory
from ...types import Objects, given
from .base import OBJECT_LIMIT, Arrays

DIRECT = {np.dtype(name) for name in ("uint8", "int16", "int32", "float32")}
"""Types that go to the device as they are; others become float32 first."""


class TorchBackend:
    """Runs a network in PyTorch, in bfloat16 where the device has it.

    Args:
        network: returns `engine.types.Outputs`, normalises inside, and has `detection_head.decode` where it detects.
        card: the network's card.
        device: auto, cpu, cuda, cuda:1, mps.
        compiled: let `torch.compile` turn the network into kernels of its own; it takes a minute or so.

    Raises:
        DeviceError: there is no such device.
    """

    parallel = 1

    def __init__(self, network: TaskNetwork, card: Card, device: str = "auto", compiled: bool = False) -> None:
        self.card = card
        self.device = choose_device(device)
        self.precision = _precision(self.device)
        self.batch_size = 4 if self.device.type == "cpu" else 16
        self.name = f"torch {torch.__version__} {self.device} {self.precision or torch.float32}"
        self.network = channels_last(network, self.device).eval()
        self._forward_network = torch.compile(self.network) if compiled else self.network
        self._most: int | None = None

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch; where it does not fit into memory, in halves, now and from then on."""
        size = min(len(images), self._most or len(images))
        try:
            return _joined([self._forward(images[start : start + size]) for start in range(0, len(images), size)])
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        if size == 1:
            raise DeviceError(
                f"One window of {images.shape[-1]} pixels does not fit into the memory of {self.device}.",
                "Close other programs, or use a smaller tile size or network.",
            )
        self._most = size // 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return self.run(images)

    @torch.inference_mode()
    def _forward(self, images: np.ndarray) -> Arrays:
        batch = torch.from_numpy(images if images.dtype in DIRECT else images.astype(np.float32))
        batch = batch.to(self.device).float().contiguous(memory_format=torch.channels_last)
        with self._autocast():
            outputs = self._forward_network(batch)
        arrays = Arrays()
        if outputs.segmentation is not None:
            arrays.segmentation = outputs.segmentation.float().softmax(dim=1).contiguous().cpu().numpy()
        if outputs.detections is not None:
            card = self.card
            found = given(self.network.detection_head).decode(
                outputs.detections, card.thresholds(), card.iou_threshold, OBJECT_LIMIT
            )
            arrays.objects = [_as_arrays(each) for each in found]
        return arrays

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(self.device.type, self.precision) if self.precision else contextlib.nullcontext()


def _as_arrays(found: Objects[Tensor]) -> Objects[np.ndarray]:
    return Objects(found.boxes.float().cpu().numpy(), found.labels.cpu().numpy(), found.scores.float().cpu().numpy())


def _precision(device: torch.device) -> torch.dtype | None:
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if device.type == "cpu" and cpu_has_bfloat16() else None


def _joined(parts: list[Arrays]) -> Arrays:
    segmentation = None if parts[0].segmentation is None else np.concatenate([part.segmentation for part in parts])
    objects = None if parts[0].objects is None else [found for part in parts for found in given(part.objects)]
    return Arrays(segmentation, objects)
