"""One training loop for every recipe."""

from .device import device_name, enough_memory, make_fabric
from .joining import joined
from .loop import Loop
from .metrics import MAIN, DetectionScore, SegmentationScore, main_score, segmentation_values
from .outcome import Trained
from .patience import check_patience
from .teachers import Settled, offer, settle

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
