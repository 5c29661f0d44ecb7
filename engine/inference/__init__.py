"""Map-scale prediction with bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .backends import Arrays, Backend
from .layers import Results
from .opened import Options
from .predict import predict

if TYPE_CHECKING:
    from .backends import OnnxBackend, OpenVinoBackend, TorchBackend

__all__ = ["Arrays", "Backend", "OnnxBackend", "OpenVinoBackend", "Options", "Results", "TorchBackend", "predict"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import backends

    return getattr(backends, name)
