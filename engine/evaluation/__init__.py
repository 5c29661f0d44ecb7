"""Scores of predicted layers against label layers."""

from .error_layers import write_detection_errors, write_segmentation_errors
from .evaluate import evaluate_detection, evaluate_segmentation

__all__ = ["evaluate_detection", "evaluate_segmentation", "write_detection_errors", "write_segmentation_errors"]
