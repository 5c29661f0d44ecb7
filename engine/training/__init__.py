"""One training loop for every recipe."""

from .device import device_name, enough_memory, make_fabric
from .joining import Place, check_place, joined, place
from .loop import Loop, Trained
from .metrics import MAIN, DetectionScore, SegmentationScore, main_score, segmentation_values
from .patience import check_patience
from .teachers import Settled, offer, settle

__all__ = [
    "MAIN",
    "DetectionScore",
    "Loop",
    "Place",
    "SegmentationScore",
    "Settled",
    "Trained",
    "check_patience",
    "check_place",
    "device_name",
    "enough_memory",
    "joined",
    "main_score",
    "make_fabric",
    "offer",
    "place",
    "segmentation_values",
    "settle",
]
