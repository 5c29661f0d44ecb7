"""Soft targets: what a teacher says, as probabilities, pixel by pixel, box by box and by their relations."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import generalized_box_iou_loss

from .. import ranks
from .arithmetic import IN_FULL, Emphasis, Targets, full, mean_over, pixels, target


def soft_centerness(
    student: Tensor,
    teacher: Targets,
    valid: Tensor,
    found: float = 0.0,
    places: Tensor | None = None,
) -> Tensor:
    """Weighted mean over valid locations of BCE(c_S, sigmoid(c_T)).

    Centerness is a factor of every score, and like boxes it is trained at objects only: so each location weighs its
    teacher's highest class probability, and the sum is divided by the sum of the weights (at least 1). It is not in
    the papers, whose students have boxes for it.

    Args:
        student: centerness logits c_S (B, N).
        teacher: centerness logits c_T (B, N) and class logits (B, N, C), detached here.
        valid: (B, N) bool.
        found: locations with a lower weight count nowhere.
        places: (B, N) of the locations, by which their summands are multiplied; none: all 1.

    Returns:
        scalar; zero where no location counts.

    Examples:
        >>> object_, background = torch.full((1, 2, 1), 20.0), torch.full((1, 2, 1), -20.0)
        >>> student, teacher, valid = torch.zeros(1, 2), torch.full((1, 2), 20.0), torch.full((1, 2), True)
        >>> said = [Targets(teacher, logits) for logits in (object_, background)]
        >>> [round(soft_centerness(student, each, valid).item(), 4) for each in said]
        [0.6931, 0.0]
    """
    weights = target(teacher.logits)[valid].sigmoid().amax(dim=1)
    weights = torch.where(weights >= found, weights, 0.0)
    wanted = target(teacher.values)[valid].sigmoid()
    losses = F.binary_cross_entropy_with_logits(full(student)[valid], wanted, reduction="none")
    summands = weights * losses
    return mean_over((summands if places is None else summands * places[valid]).sum(), weights.sum())


def dist_segmentation(student: Tensor, teacher: Tensor, valid: Tensor, temperature: float = 1.0) -> Tensor:
    """T^2 (inter + intra), DIST (Huang et al., arXiv 2205.10536, equations 7 to 9 with beta = gamma = 1).

    With Y = softmax(s / T) of the P counted pixels, (P, K), and rho Pearson's correlation: inter is the mean over
    pixels of 1 - rho(Y_S[i], Y_T[i]), intra the mean over classes of 1 - rho(Y_S[:, k], Y_T[:, k]). Two classes leave
    inter no freedom (it is 0 or 2), so it is left out there.

    Args:
        student: logits (B, K, H, W).
        teacher: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool.
        temperature: T.

    Returns:
        scalar; zero where no pixel counts.

    Examples:
        >>> teacher, valid = torch.randn(1, 3, 4, 4), torch.ones(1, 4, 4).bool()
        >>> abs(round(dist_segmentation(teacher, teacher, valid).item(), 4))
        0.0
    """
    mine = (pixels(full(student), valid) / temperature).softmax(dim=1)
    theirs = (pixels(target(teacher), valid) / temperature).softmax(dim=1)
    count, classes = mine.shape
    if not ranks.number(count):
        return mine.sum()
    intra = (1 - (_correlation(mine, theirs, dim=0) if ranks.alone() else _correlation_of_all(mine, theirs))).mean()
    inter = mean_over((1 - _correlation(mine, theirs, dim=1)).sum(), count) if classes > 2 else 0.0
    return temperature**2 * (inter + intra)


def channel_wise(student: Tensor, teacher: Tensor, valid: Tensor, temperature: float = 1.0) -> Tensor:
    """T^2 mean over images and classes of KL(phi_T || phi_S), phi a class's softmax over space (arXiv 2011.13256).

    Args:
        student: logits (B, K, H, W).
        teacher: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool; other pixels have no part in the softmax, images without any in the mean.
        temperature: T.

    Returns:
        scalar; zero where no pixel counts.

    Examples:
        >>> teacher, valid = torch.randn(1, 3, 4, 4), torch.ones(1, 4, 4).bool()
        >>> abs(round(channel_wise(teacher + 7.0, teacher, valid).item(), 4))  # only where in space counts
        0.0
    """
    some = valid.flatten(1).any(dim=1)
    counted = valid[some].flatten(1)[:, None]
    mine = _over_space(full(student)[some], counted, temperature)
    theirs = _over_space(target(teacher)[some], counted, temperature)
    divergence = torch.where(counted, theirs.exp() * (theirs - mine), 0.0).sum()
    return temperature**2 * mean_over(divergence, some.sum() * student.shape[1])


def _correlation(first: Tensor, second: Tensor, dim: int) -> Tensor:
    """Pearson's along a dimension; 0 where one of them is constant."""
    first, second = (values - values.mean(dim=dim, keepdim=True) for values in (first, second))
    return F.cosine_similarity(first, second, dim=dim)


def _correlation_of_all(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's along the rows of all processes, (K,) of (P, K)."""
    count = ranks.number(len(first))
    first, second = (values - ranks.summed(values.sum(dim=0)) / count for values in (first, second))
    pairs = (first * second, first.square(), second.square())
    products, one, other = ranks.summed(torch.stack([each.sum(dim=0) for each in pairs]))
    found: Tensor = products / (one * other).clamp(min=1e-16).sqrt()
    return found


def _over_space(logits: Tensor, counted: Tensor, temperature: float) -> Tensor:
    """Log-softmax (B, K, H W) over the pixels that count (B, 1, H W), 0 elsewhere."""
    logits = (logits.flatten(2) / temperature).masked_fill(~counted, -torch.inf)
    return logits.log_softmax(dim=2).masked_fill(~counted, 0.0)


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
