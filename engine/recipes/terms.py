"""What a teacher's answer on a batch asks of a student, as weighted named scalars; weights of zero leave terms out."""

from __future__ import annotations

from torch import Tensor

from ..config import DistillationWeights
from ..distillation import (
    pdf_detection,
    pdf_segmentation,
    soft_detection_classification,
    soft_detection_regression,
    soft_segmentation,
)
from ..models import anchors_valid
from ..types import Batch, Outputs, Task


def soft_terms(
    task: Task, outputs: Outputs, teacher: Outputs, batch: Batch, weights: DistillationWeights, temperature: float
) -> dict[str, Tensor]:
    """The teacher's probabilities, and for detection its boxes.

    Args:
        task: detection or segmentation, which both must have.
        outputs: the student's on `batch.image`.
        teacher: the teacher's on the same.
        batch: says which pixels count.
        weights: of the terms.
        temperature: of the segmentation's softmax.
    """
    if task == "segmentation" and weights.soft_segmentation:
        term = soft_segmentation(outputs.segmentation, teacher.segmentation, batch.valid, temperature)
        return {"soft": weights.soft_segmentation * term}
    if task == "detection" and weights.soft_detection:
        return {key: weights.soft_detection * term for key, term in _soft_detection(outputs, teacher, batch).items()}
    return {}


def pdf_term(task: Task, adapted: list[Tensor], outputs: Outputs, teacher: Outputs, batch: Batch) -> Tensor:
    """PDF-Distil: the teacher's features (levels of (B, D, H_l, W_l)) where the answers differ."""
    if task == "segmentation":
        return pdf_segmentation(adapted, teacher.features, outputs.segmentation, teacher.segmentation, batch.valid)
    mine = outputs.detections
    return pdf_detection(
        adapted,
        teacher.features,
        mine.logits,
        teacher.detections.logits,
        mine.shapes,
        mine.per_location,
        anchors_valid(mine.anchors, batch.valid),
    )


def _soft_detection(outputs: Outputs, teacher: Outputs, batch: Batch) -> dict[str, Tensor]:
    mine, theirs = outputs.detections, teacher.detections
    valid = anchors_valid(mine.anchors, batch.valid)
    return {
        "soft": soft_detection_classification(mine.logits, theirs.logits, valid),
        "soft box": soft_detection_regression(mine.regression, theirs.regression, theirs.logits, valid),
    }
