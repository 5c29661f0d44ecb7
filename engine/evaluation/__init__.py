"""Scores of predicted layers against label layers."""

from .centre_lines import evaluate_lines, pooled_lines
from .detections import readable_detections
from .evaluate import (
    Truth,
    compared_boxes,
    evaluate_detection,
    evaluate_segmentation,
    pooled_detection,
    pooled_segmentation,
    write_detection_errors,
    write_segmentation_errors,
)

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
