"""A package's ONNX files in OpenVINO, on the CPU or on an Intel GPU."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import openvino
from openvino.preprocess import PrePostProcessor

from ...config import Card
from ...errors import DeviceError, PackageError
from .base import GraphBackend, cores, standardisation, streams

DEVICES = {"auto": "CPU", "cpu": "CPU", "xpu": "GPU"}
AHEAD = 1
"""Windows waiting inside OpenVINO beyond those at work, so that no stream waits for Python."""


class OpenVinoBackend(GraphBackend):
    """Runs a package's ONNX files in OpenVINO, in bfloat16 or float16 where the device computes with them.

    Args:
        folder: the package's folder.
        card: its card.
        device: auto, cpu, or xpu (an Intel GPU).

    Raises:
        PackageError: an ONNX file is missing or unreadable.
        DeviceError: OpenVINO has no such device here.
    """

    def __init__(self, folder: Path, card: Card, device: str = "auto") -> None:
        self.core = openvino.Core()
        self.device = DEVICES.get(device, device)
        if self.device not in self.core.available_devices:
            if self.device == "CPU":  # which every machine has: its library could not be loaded
                raise DeviceError(
                    "OpenVINO cannot use the processor here.", "Close other programs, or use onnxruntime."
                )
            raise DeviceError(f"OpenVINO has no device '{device}' here.", "Use auto or cpu.")
        super().__init__(folder, card)
        self.parallel = streams() + AHEAD
        precision = self.core.get_property(self.device, "INFERENCE_PRECISION_HINT").get_type_name()
        self.name = f"openvino {openvino.__version__.split('-')[0]} {self.device} {precision}"

    def load(self, path: Path) -> OpenVinoModel:
        """One file, compiled when the first window comes."""
        return OpenVinoModel(self.core, path, self.device, *standardisation(self.card))


class OpenVinoModel:
    """One ONNX file; standardisation and change of type are part of the compiled graph.

    Args:
        core: OpenVINO.
        path: the ONNX file.
        device: OpenVINO's name of it.
        mean: (C,) raw units.
        std: (C,) raw units.

    Raises:
        PackageError: the file is unreadable, or has operators that OpenVINO does not know.
    """

    def __init__(self, core: openvino.Core, path: Path, device: str, mean: np.ndarray, std: np.ndarray) -> None:
        self.core, self.path, self.device, self.mean, self.std = core, path, device, mean, std
        self._lock = threading.Lock()
        self._compiled: dict[tuple[Any, ...], SimpleQueue[Any]] = {}
        try:
            self.core.read_model(path)
        except RuntimeError as error:
            raise self._unreadable(error) from error

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs for (B, C, T, T) raw values, image by image."""
        idle = self._requests(images)
        request = idle.get()
        try:
            ports = request.model_outputs
            answers = [np.empty((len(images), *tuple(port.shape)[1:]), port.element_type.to_dtype()) for port in ports]
            for index, image in enumerate(images):
                # Shared, so that nothing is copied on the way in or out.
                request.set_input_tensor(openvino.Tensor(image[None], shared_memory=True))
                for place, answer in enumerate(answers):
                    request.set_output_tensor(place, openvino.Tensor(answer[index : index + 1], shared_memory=True))
                request.infer()
        finally:
            idle.put(request)
        return {port.any_name: answer for port, answer in zip(ports, answers, strict=True)}

    def _requests(self, images: np.ndarray) -> SimpleQueue[Any]:
        """Idle requests of the graph compiled for images of this type and size."""
        key = images.dtype, images.shape[1:]
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = self._compile(images)
            return self._compiled[key]

    def _compile(self, images: np.ndarray) -> SimpleQueue[Any]:
        try:
            model = self.core.read_model(self.path)
            model.reshape([1, *images.shape[1:]])
            compiled = self.core.compile_model(self._standardising(model, images.dtype), self.device, self._settings())
        except RuntimeError as error:
            raise self._unreadable(error) from error
        idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams() + AHEAD):
            idle.put(compiled.create_infer_request())
        return idle

    def _standardising(self, model: openvino.Model, dtype: np.dtype) -> openvino.Model:
        steps = PrePostProcessor(model)
        steps.input().tensor().set_element_type(openvino.Type(dtype)).set_layout(openvino.Layout("NCHW"))
        steps.input().model().set_layout(openvino.Layout("NCHW"))
        given = steps.input().preprocess().convert_element_type(openvino.Type.f32)
        given.mean(self.mean.tolist()).scale(self.std.tolist())
        for place, port in enumerate(model.outputs):
            if port.element_type.is_real():
                steps.output(place).tensor().set_element_type(openvino.Type.f32)
        return steps.build()

    def _settings(self) -> dict[str, object]:
        if self.device != "CPU":
            return {"PERFORMANCE_HINT": "THROUGHPUT"}
        return {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": streams(), "INFERENCE_NUM_THREADS": cores()}

    def _unreadable(self, error: RuntimeError) -> PackageError:
        reason = " ".join(str(error).split())[-200:]
        return PackageError(f"{self.path} is not an ONNX file that OpenVINO runs: {reason}.", "Use --backend torch.")
