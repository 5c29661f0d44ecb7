"""A package's ONNX files in onnxruntime, on the CPU or on an NVIDIA GPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    NotImplemented,
    RuntimeException,
)

from ...config import Card
from ...config.validation import WORDS, shown
from ...errors import DeviceError, PackageError
from ...telemetry import session_options
from .base import GraphBackend, cores, streams

RUNNING = (Fail, InvalidArgument, InvalidGraph, NotImplemented, RuntimeException)
"""What onnxruntime raises of a graph that does not work; they share no base."""
UNREADABLE = (*RUNNING, InvalidProtobuf, NoSuchFile, ValueError, KeyError, RecursionError)
"""What onnxruntime and a wrong file's metadata raise."""
NO_MEMORY = ("failed to allocate memory", "out of memory", "bad_alloc")
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxBackend(GraphBackend):
    """Runs a package's ONNX files in onnxruntime, in float32.

    Args:
        folder: the package's folder.
        card: its card.
        device: auto, cpu or cuda.

    Raises:
        PackageError: an ONNX file is missing or unreadable.
        DeviceError: onnxruntime has no such device here.
    """

    def __init__(self, folder: Path, card: Card, device: str = "auto") -> None:
        self.device = usable_device(device)
        self.name = f"onnxruntime {onnxruntime.__version__} {self.device} float32"
        super().__init__(folder, card)

    def load(self, path: Path) -> OnnxModel:
        """A session of one file."""
        return OnnxModel(path, self.device)


class OnnxModel:
    """One ONNX file with the standardisation that its metadata asks for.

    Raises:
        PackageError: the file is missing, unreadable, or without that metadata.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        if not path.is_file():
            raise PackageError(f"{path} is missing; export the model again.")
        self.path = path
        try:
            self.session = onnxruntime.InferenceSession(str(path), _options(), [PROVIDERS[device]])
            self.metadata = _metadata(self.session)
            self.mean, self.std = (
                255 * np.asarray(self.metadata[f"standardization_{name}"], np.float32)[:, None, None]
                for name in ("mean", "std")
            )
        except UNREADABLE as error:
            raise PackageError(f"{path} is not a readable ONNX file of GeoDistil: {shown(error, WORDS)}.") from error

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """As `run`."""
        return self.run(images)

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs for (B, C, T, T) raw values; image by image where the graph has a fixed batch of one.

        Raises:
            PackageError: the graph fails on them.
            DeviceError: they do not fit into memory.
        """
        given = self.session.get_inputs()[0]
        size = 1 if given.shape[0] == 1 else len(images)
        standardised = images - self.mean
        standardised /= self.std
        parts = [standardised[start : start + size] for start in range(0, len(images), size)]
        answers = zip(*(self._answer({given.name: part}) for part in parts), strict=True)
        names = (output.name for output in self.session.get_outputs())
        return {
            name: values[0] if len(values) == 1 else np.concatenate(values)
            for name, values in zip(names, answers, strict=True)
        }

    def _answer(self, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        try:
            found: list[np.ndarray] = self.session.run(None, given)
            return found
        except RUNNING as error:
            if any(words in str(error).lower() for words in NO_MEMORY):
                raise DeviceError("The memory is full.", "Lower --batch-size.") from error
            raise PackageError(
                f"{self.path} fails on an image: {' '.join(str(error).split()).rstrip('.')}.", "Export the model again."
            ) from error


def usable_device(device: str) -> str:
    """The device that onnxruntime runs on where this one is asked for: auto, cpu or cuda.

    Raises:
        DeviceError: it has no such device here.
    """
    there = [name for name, provider in PROVIDERS.items() if provider in _available()]
    chosen = ("cuda" if "cuda" in there else "cpu") if device == "auto" else device
    if chosen not in there:
        raise DeviceError(f"onnxruntime has no device '{device}' here.", f"Use auto, {' or '.join(there)}.")
    return chosen


def _options() -> onnxruntime.SessionOptions:
    options = session_options()
    options.intra_op_num_threads = max(1, cores() // streams())
    return options


def _available() -> list[str]:
    found: list[str] = onnxruntime.get_available_providers()
    return found


def _metadata(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
