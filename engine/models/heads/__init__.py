"""Heads: dense detection (FCOS, RetinaNet) and segmentation."""

from collections.abc import Callable

from .detection import DetectionHead, HeadShape, anchors_valid, centers, decide, grid_anchors
from .fcos import FcosHead
from .retinanet import RetinaHead
from .segmentation import GROUP_NORM, LightHead, PanopticHead

DETECTION_HEADS: dict[str, Callable[[HeadShape], DetectionHead]] = {
    "fcos": FcosHead,
    "retinanet": RetinaHead,
}

__all__ = [
    "DETECTION_HEADS",
    "GROUP_NORM",
    "DetectionHead",
    "FcosHead",
    "HeadShape",
    "LightHead",
    "PanopticHead",
    "RetinaHead",
    "anchors_valid",
    "centers",
    "decide",
    "grid_anchors",
]
