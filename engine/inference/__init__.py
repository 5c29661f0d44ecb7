"""Map-scale prediction with bounded memory."""

from .backends import Arrays, Backend, OnnxBackend, TorchBackend
from .layers import Results
from .predict import Options, predict

__all__ = ["Arrays", "Backend", "OnnxBackend", "Options", "Results", "TorchBackend", "predict"]
