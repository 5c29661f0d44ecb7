"""Networks: encoders, neck, heads, and the multi-task network."""

from .heads import DetectionHead, anchors_valid, decide
from .network import MultiTaskNetwork, build
from .sizes import SIZES, Size, parameters
from .smp_network import SmpNetwork
from .weights import Loaded, load_encoder_weights

__all__ = [
    "SIZES",
    "DetectionHead",
    "Loaded",
    "MultiTaskNetwork",
    "Size",
    "SmpNetwork",
    "anchors_valid",
    "build",
    "decide",
    "load_encoder_weights",
    "parameters",
]
