"""Scores of predicted layers against label layers."""

from .evaluate import evaluate_detection, evaluate_segmentation

__all__ = ["evaluate_detection", "evaluate_segmentation"]
