"""Networks: encoders, neck, heads, and the multi-task network."""

from .blocks import SynchronisedBatchNorm, single_precision_depthwise
from .devices import choose_device, cpu_has_bfloat16
from .encoders import FIRST_SIZES, SIZES, Size, parameters, resolve
from .heads import DetectionHead, anchors_valid, decide
from .interface import Purpose, TaskNetwork, TrainableNetwork
from .network import MultiTaskNetwork, SmpNetwork, build, build_from_card
from .storage import transfer
from .uncertainty import uncertain_statistics
from .weights import Loaded, load_encoder_weights

__all__ = [
    "FIRST_SIZES",
    "SIZES",
    "DetectionHead",
    "Loaded",
    "MultiTaskNetwork",
    "Purpose",
    "Size",
    "SmpNetwork",
    "SynchronisedBatchNorm",
    "TaskNetwork",
    "TrainableNetwork",
    "anchors_valid",
    "build",
    "build_from_card",
    "choose_device",
    "cpu_has_bfloat16",
    "decide",
    "load_encoder_weights",
    "parameters",
    "resolve",
    "single_precision_depthwise",
    "transfer",
    "uncertain_statistics",
]
