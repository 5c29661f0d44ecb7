"""Dense pseudo-labels: what a detection teacher says where it finds something (arXiv 2207.02541, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import generalized_box_iou_loss

from .arguments import IN_FULL, Emphasis, Targets
from .arithmetic import full, mean_over, target
from .soft import GAMMA, quality_focal

FOUND = 0.1
"""Class probability from which an anchor finds something. Focal losses start every anchor at 0.01."""


def dense_classification(
    student: Tensor,
    teacher: Tensor,
    valid: Tensor,
    found: float = FOUND,
    emphasis: Emphasis = IN_FULL,
) -> Tensor:
    """Sum over valid anchors and classes of |q - p_S|^2 BCE(z_S, q) / sum of max_c q, where q is p_T >= found, else 0.

    Beside `soft_detection_classification` nobody is asked to repeat how unsure the teacher is of background, and the
    divisor counts nothing but what is found, so that it is the supervised loss's number of positives.

    Args:
        student: logits z_S (B, N, C).
        teacher: logits z_T (B, N, C), detached here; p = sigmoid(z).
        valid: (B, N) bool.
        found: the least probability of a pseudo-label.
        emphasis: of the classes' summands (C,), and of the anchors' (B, N).

    Returns:
        scalar; the divisor is at least 1.

    Examples:
        >>> teacher, student = torch.tensor([[[3.0], [-9.0]]]), torch.tensor([[[0.0], [-9.0]]])
        >>> valid = torch.full((1, 2), True)
        >>> [round(dense_classification(each, teacher, valid).item(), 4) for each in (student, teacher)]
        [0.142, 0.0]
    """
    probabilities = _found(target(teacher)[valid].sigmoid(), found)
    each = quality_focal(full(student)[valid], probabilities, GAMMA)
    weights, places = emphasis
    each = each if weights is None else each * weights
    each = each if places is None else each * places[valid][:, None]
    return mean_over(each.sum(), probabilities.amax(dim=1).sum())


def dense_boxes(
    student: Tensor,
    teacher: Targets,
    valid: Tensor,
    found: float = FOUND,
    emphasis: Emphasis = IN_FULL,
) -> Tensor:
    """Weighted mean over the anchors that find something of 1 - GIoU(b_S, b_T), weighed by max_c p_T.

    Args:
        student: boxes b_S (B, N, 4), xyxy pixels.
        teacher: boxes b_T (B, N, 4) and class logits (B, N, C), detached here.
        valid: (B, N) bool.
        found: as for `dense_classification`.
        emphasis: of the classes (C,) and of the anchors (B, N), by which the anchors' summands are multiplied.

    Returns:
        scalar; the divisor is at least 1.

    Examples:
        >>> box, logits = torch.tensor([[[0.0, 0.0, 10.0, 10.0]]]), torch.full((1, 1, 1), 20.0)
        >>> moved = box + torch.tensor([5.0, 0.0, 5.0, 0.0])  # 1 - 50 / 150
        >>> teacher, valid = Targets(box, logits), torch.full((1, 1), True)
        >>> [round(dense_boxes(each, teacher, valid).item(), 4) for each in (box, moved)]
        [0.0, 0.6667]
    """
    confidence, classes = target(teacher.logits).sigmoid().max(dim=2)
    chosen = valid & (confidence >= found)
    anchors = confidence[chosen]
    losses = generalized_box_iou_loss(full(student)[chosen], target(teacher.values)[chosen], reduction="none")
    weights, places = emphasis
    summands = anchors * losses if weights is None else anchors * losses * weights[classes[chosen]]
    return mean_over((summands if places is None else summands * places[chosen]).sum(), anchors.sum())


def _found(probabilities: Tensor, found: float) -> Tensor:
    return torch.where(probabilities >= found, probabilities, 0.0)
