"""Scores of predicted layers against label layers."""

from .centre_lines import evaluate_lines, pooled_lines
from .detections import readable_detections
from .error_layers import write_detection_errors, write_segmentation_errors
from .evaluate import Truth, compared_boxes, evaluate_detection, evaluate_segmentation
from .pooling import pooled_detection, pooled_segmentation

__all__ = [
    "Truth",
    "compared_boxes",
    "evaluate_detection",
    "evaluate_lines",
    "evaluate_segmentation",
    "pooled_detection",
    "pooled_lines",
    "pooled_segmentation",
    "readable_detections",
    "write_detection_errors",
    "write_segmentation_errors",
]
