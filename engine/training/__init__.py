"""One training loop for every recipe."""

from .clock import check_patience
from .device import device_name, enough_memory, make_fabric
from .loop import Loop
from .teachers import Settled, offer, settle
from .telling import Trained
from .together import joined
from .validation import MAIN, DetectionScore, SegmentationScore, main_score, segmentation_values

__all__ = [
    "MAIN",
    "DetectionScore",
    "Loop",
    "SegmentationScore",
    "Settled",
    "Trained",
    "check_patience",
    "device_name",
    "enough_memory",
    "joined",
    "main_score",
    "make_fabric",
    "offer",
    "segmentation_values",
    "settle",
]
