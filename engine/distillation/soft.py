"""Soft targets: what a teacher says, as probabilities (METHODS, section 1, "soft")."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from .arguments import IN_FULL, Emphasis, Targets
from .arithmetic import full, mean_over, pixels, target

SMOOTH_L1_BETA = 1 / 9
GAMMA = 2.0
"""Of the quality focal form, as in Generalized Focal Loss (Li et al., arXiv 2006.04388, equation 5)."""


def soft_segmentation(
    student: Tensor,
    teacher: Tensor,
    valid: Tensor,
    temperature: float = 1.0,
    emphasis: Emphasis = IN_FULL,
) -> Tensor:
    """T^2 mean over valid pixels of KL(softmax(s_T / T) || softmax(s_S / T)) (Hinton et al., arXiv 1503.02531).

    Args:
        student: logits (B, K, H, W).
        teacher: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool.
        temperature: T.
        emphasis: of classes (K,), a pixel then weighs what they are on average under the teacher's probabilities; of
            places (B, H, W), by which the pixels' divergence is multiplied.

    Returns:
        scalar; zero where no pixel counts.

    Examples:
        >>> import torch
        >>> teacher, student = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1), torch.zeros(1, 2, 1, 1)
        >>> round(soft_segmentation(student, teacher, torch.ones(1, 1, 1).bool()).item(), 4)  # log 2
        0.6931
    """
    mine = F.log_softmax(pixels(full(student), valid) / temperature, dim=1)
    theirs = F.log_softmax(pixels(target(teacher), valid) / temperature, dim=1)
    weights, places = emphasis
    if weights is None and places is None:
        divergence = F.kl_div(mine, theirs, log_target=True, reduction="sum")
    else:
        each = F.kl_div(mine, theirs, log_target=True, reduction="none").sum(dim=1)
        each = each if weights is None else each * (theirs.exp() @ weights.to(theirs))
        divergence = (each if places is None else each * places[valid]).sum()
    return temperature**2 * mean_over(divergence, len(mine))


def soft_detection_classification(
    student: Tensor,
    teacher: Tensor,
    valid: Tensor,
    reduction: Literal["objects", "mean"] = "objects",
    emphasis: Emphasis = IN_FULL,
) -> Tensor:
    """Sum over valid anchors and classes of |p_T - p_S|^2 BCE(z_S, p_T), the quality focal form, reduced.

    `objects` divides by what the teacher finds, the sum over anchors of max_c p_T (at least 1), as the
    supervised loss divides by positives: the term then keeps its size whatever the number of anchors.
    `mean` is the mean over anchors and classes, about a hundred times smaller.

    Args:
        student: logits z_S (B, N, C).
        teacher: logits z_T (B, N, C), detached here; p = sigmoid(z).
        valid: (B, N) bool.
        reduction: `objects` or `mean`.
        emphasis: of the classes' summands (C,), and of the anchors' (B, N).

    Returns:
        scalar; zero where no anchor counts.

    Examples:
        >>> import torch
        >>> teacher, student, valid = torch.full((1, 1, 1), 20.0), torch.zeros(1, 1, 1), torch.full((1, 1), True)
        >>> round(soft_detection_classification(student, teacher, valid).item(), 4)  # 0.5^2 log 2
        0.1733
    """
    mine, probabilities = full(student)[valid], target(teacher)[valid].sigmoid()
    count = probabilities.amax(dim=1).sum() if reduction == "objects" else mine.numel()
    each = quality_focal(mine, probabilities, GAMMA)
    weights, places = emphasis
    each = each if weights is None else each * weights
    return mean_over((each if places is None else each * places[valid][:, None]).sum(), count)


def quality_focal(logits: Tensor, probabilities: Tensor, gamma: float) -> Tensor:
    """|p - sigmoid(z)|^gamma BCE(z, p), of any shape; gradients flow through the weight too, as in its source.

    Examples:
        >>> import torch
        >>> logits = torch.tensor([0.0, 20.0])
        >>> [round(each, 4) for each in quality_focal(logits, torch.ones(2), gamma=2.0).tolist()]
        [0.1733, 0.0]
    """
    weight = (probabilities - logits.sigmoid()).abs().pow(gamma)
    return weight * F.binary_cross_entropy_with_logits(logits, probabilities, reduction="none")


def soft_detection_regression(
    student: Tensor,
    teacher: Targets,
    valid: Tensor,
    weight: Literal["confidence", "all"] = "confidence",
    emphasis: Emphasis = IN_FULL,
) -> Tensor:
    """Weighted mean over valid anchors of the smooth L1 of r_S to r_T, itself a mean over the four numbers.

    A teacher is trained on the boxes of objects only: what it says of a background anchor's box means
    nothing, and background is nearly everything. So each anchor weighs its teacher's highest class
    probability, and the sum is divided by the sum of the weights (at least 1).

    Args:
        student: regression (B, N, 4).
        teacher: regression (B, N, 4) and class logits (B, N, C), detached here.
        valid: (B, N) bool.
        weight: `confidence`, or `all` for the plain mean over all valid anchors.
        emphasis: of the classes (C,) and of the anchors (B, N), by which the anchors' summands are multiplied.

    Returns:
        scalar; zero where no anchor counts. Smooth L1 turns quadratic below 1/9.

    Examples:
        >>> import torch
        >>> boxes, valid = torch.zeros(1, 2, 4), torch.full((1, 2), True)
        >>> logits = torch.tensor([[[20.0], [-20.0]]])  # something, and background
        >>> shifted = boxes + torch.tensor([[1.0], [9.0]])
        >>> round(soft_detection_regression(shifted, Targets(boxes, logits), valid).item(), 4)  # 1 - 1 / 18
        0.9444
    """
    mine, theirs = full(student)[valid], target(teacher.values)[valid]
    confidence, classes = target(teacher.logits)[valid].sigmoid().max(dim=1)
    anchors = confidence if weight == "confidence" else confidence.new_ones(confidence.shape)
    distances = F.smooth_l1_loss(mine, theirs, beta=SMOOTH_L1_BETA, reduction="none").mean(dim=1)
    weights, places = emphasis
    summands = anchors * distances if weights is None else anchors * distances * weights[classes]
    return mean_over((summands if places is None else summands * places[valid]).sum(), anchors.sum())
