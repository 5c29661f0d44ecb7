"""Losses as pure functions; formulas in docs/methods.md."""

from ..models.heads import anchors_valid
from .centerness import soft_centerness
from .feature import Adaptors, feature_mse
from .pdf import pdf_detection, pdf_plus, pdf_segmentation
from .ramp import ramp_up
from .soft import soft_detection_classification, soft_detection_regression, soft_segmentation
from .sslkd import cross_supervision, feature_term, pseudo_labels, soft_term
from .supervised import dice_loss, segmentation_cross_entropy

__all__ = [
    "Adaptors",
    "anchors_valid",
    "cross_supervision",
    "dice_loss",
    "feature_mse",
    "feature_term",
    "pdf_detection",
    "pdf_plus",
    "pdf_segmentation",
    "pseudo_labels",
    "ramp_up",
    "segmentation_cross_entropy",
    "soft_centerness",
    "soft_detection_classification",
    "soft_detection_regression",
    "soft_segmentation",
    "soft_term",
]
