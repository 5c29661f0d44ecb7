"""Losses as pure functions; formulas in docs/methods.md."""

from ..models.heads import anchors_valid
from .agreement import detection_agreement, difference_of_scores, divergence_of_areas, segmentation_agreement
from .arithmetic import IN_FULL, Emphasis, Pyramid, Targets, ramp_up
from .calibration import detection_temperature, segmentation_temperature
from .cldice import cldice_loss
from .feature import Adaptors, feature_mse, pkd, spatial_cosine
from .pdf import pdf_detection, pdf_plus, pdf_segmentation
from .soft import (
    FOUND,
    channel_wise,
    dense_boxes,
    dense_classification,
    dist_segmentation,
    soft_centerness,
    soft_detection_classification,
    soft_detection_regression,
    soft_segmentation,
)
from .sslkd import (
    AdaptiveThresholds,
    Confidence,
    consistency,
    cross_supervision,
    feature_term,
    pseudo_labels,
    soft_term,
)
from .supervised import (
    bounded_areas,
    dice_loss,
    outside_boxes,
    segmentation_cross_entropy,
    segmentation_focal,
    weighted_cross_entropy,
)

__all__ = [
    "FOUND",
    "IN_FULL",
    "AdaptiveThresholds",
    "Adaptors",
    "Confidence",
    "Emphasis",
    "Pyramid",
    "Targets",
    "anchors_valid",
    "bounded_areas",
    "channel_wise",
    "cldice_loss",
    "consistency",
    "cross_supervision",
    "dense_boxes",
    "dense_classification",
    "detection_agreement",
    "detection_temperature",
    "dice_loss",
    "difference_of_scores",
    "dist_segmentation",
    "divergence_of_areas",
    "feature_mse",
    "feature_term",
    "outside_boxes",
    "pdf_detection",
    "pdf_plus",
    "pdf_segmentation",
    "pkd",
    "pseudo_labels",
    "ramp_up",
    "segmentation_agreement",
    "segmentation_cross_entropy",
    "segmentation_focal",
    "segmentation_temperature",
    "soft_centerness",
    "soft_detection_classification",
    "soft_detection_regression",
    "soft_segmentation",
    "soft_term",
    "spatial_cosine",
    "weighted_cross_entropy",
]
