"""Backends: whatever maps a batch of raw windows to probabilities and objects.

Each library is imported when its backend is asked for: PyTorch alone would take half of a prediction's memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .base import Arrays, Backend

if TYPE_CHECKING:
    from .onnx import OnnxBackend, OnnxModel
    from .openvino import OpenVinoBackend
    from .pytorch import TorchBackend

__all__ = ["Arrays", "Backend", "OnnxBackend", "OnnxModel", "OpenVinoBackend", "TorchBackend"]

_MODULES = {"OnnxBackend": "onnx", "OnnxModel": "onnx", "OpenVinoBackend": "openvino", "TorchBackend": "pytorch"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __package__), name)
