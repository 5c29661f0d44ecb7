"""Backends: whatever maps a batch of raw windows to probabilities and objects."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf, NotImplemented
from torch import Tensor, nn
from torchvision.ops import box_convert

from ..config import Card
from ..errors import DeviceError, PackageError
from ..models import choose_device, cpu_has_bfloat16, decide
from ..types import Objects

UNREADABLE = (Fail, InvalidGraph, InvalidProtobuf, NotImplemented, ValueError, KeyError)
"""What onnxruntime and a wrong file's metadata raise; they share no base."""
OBJECT_LIMIT = 1000
"""Most objects of one window."""


@dataclass
class Arrays:
    """What a backend returns for a batch.

    Args:
        segmentation: (B, K, T, T) float32 probabilities that sum to one over K, or none.
        objects: the decided detections of each image, or none.
    """

    segmentation: np.ndarray | None = None
    objects: list[Objects] | None = None


class Backend(Protocol):
    """Anything that runs a model on windows.

    Args:
        card: what the model expects and returns; its thresholds decide on the detections.
    """

    card: Card

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch.

        Args:
            images: (B, C, T, T) float32, raw values; T divisible by 32.

        Raises:
            DeviceError: one image alone does not fit into the device's memory.
        """
        ...


class TorchBackend:
    """Runs a network in PyTorch, in bfloat16 where the device has it.

    Args:
        network: returns `engine.types.Outputs`, normalises inside, and has `detection_head.decode` where it detects.
        card: the network's card.
        device: auto, cpu, cuda, cuda:1, mps.

    Raises:
        DeviceError: there is no such device.
    """

    def __init__(self, network: nn.Module, card: Card, device: str = "auto") -> None:
        self.card = card
        self.device = choose_device(device)
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()
        self._most: int | None = None

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch; where it does not fit into memory, in halves, now and from then on."""
        size = min(len(images), self._most or len(images))
        try:
            return _joined([self._forward(images[start : start + size]) for start in range(0, len(images), size)])
        except RuntimeError as error:
            if not _out_of_memory(error):
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
        batch = torch.from_numpy(images).to(self.device).contiguous(memory_format=torch.channels_last)
        with _precision(self.device):
            outputs = self.network(batch)
        arrays = Arrays()
        if outputs.segmentation is not None:
            arrays.segmentation = outputs.segmentation.float().softmax(dim=1).cpu().numpy()
        if outputs.detections is not None:
            card = self.card
            arrays.objects = self.network.detection_head.decode(
                outputs.detections, card.score_threshold, card.iou_threshold, OBJECT_LIMIT
            )
        return arrays


class OnnxBackend:
    """Runs a package's ONNX files on the CPU.

    Args:
        folder: the package's folder.
        card: its card.

    Raises:
        PackageError: an ONNX file is missing or unreadable.
    """

    def __init__(self, folder: Path, card: Card) -> None:
        self.card = card
        self.sessions = {task: OnnxModel(Path(folder) / f"{task}.onnx") for task in card.tasks}

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch."""
        arrays = Arrays()
        if "segmentation" in self.sessions:
            arrays.segmentation = self.sessions["segmentation"].run(images)
        if "detection" in self.sessions:
            dense = self.sessions["detection"].run(images)
            arrays.objects = [self._decided(torch.from_numpy(image)) for image in dense]
        return arrays

    def _decided(self, dense: Tensor) -> Objects:
        """Objects of (4 + C, N): cx, cy, w, h in pixels, and C scores, as other QGIS plugins read them."""
        boxes = box_convert(dense[:4].T, "cxcywh", "xyxy")
        return decide(dense[4:].T, boxes, self.card.score_threshold, self.card.iou_threshold, OBJECT_LIMIT)


class OnnxModel:
    """One ONNX file with the standardisation that its metadata asks for.

    Raises:
        PackageError: the file is missing, unreadable, or without that metadata.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise PackageError(f"{path} is missing; export the model again.")
        try:
            self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            self.metadata = _metadata(self.session)
            self.mean, self.std = (
                255 * np.asarray(self.metadata[f"standardization_{name}"], np.float32)[:, None, None]
                for name in ("mean", "std")
            )
        except UNREADABLE as error:
            raise PackageError(f"{path} is not a readable ONNX file of GeoDistil: {error}.") from error

    def run(self, images: np.ndarray) -> np.ndarray:
        """The only output for (B, C, T, T) raw values; image by image where the graph has a fixed batch of one."""
        given = self.session.get_inputs()[0]
        size = 1 if given.shape[0] == 1 else len(images)
        standardised = ((images - self.mean) / self.std).astype(np.float32)
        parts = [standardised[start : start + size] for start in range(0, len(images), size)]
        return np.concatenate([self.session.run(None, {given.name: part})[0] for part in parts])


def _precision(device: torch.device) -> contextlib.AbstractContextManager:
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)
    if device.type == "cpu" and cpu_has_bfloat16():
        return torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext()


def _out_of_memory(error: RuntimeError) -> bool:
    # The CPU's allocator raises a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError) or ("alloc" in str(error) and "memory" in str(error))


def _joined(parts: list[Arrays]) -> Arrays:
    segmentation = None if parts[0].segmentation is None else np.concatenate([part.segmentation for part in parts])
    objects = None if parts[0].objects is None else [found for part in parts for found in part.objects]
    return Arrays(segmentation, objects)


def _metadata(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
