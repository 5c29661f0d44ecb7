"""SSLKD's terms: two teachers and a student on labelled and unlabelled imagery (METHODS, section 2)."""

from __future__ import annotations

from torch import Tensor

from ..types import IGNORE_INDEX
from .arithmetic import target, total
from .feature import feature_mse
from .soft import soft_segmentation
from .supervised import segmentation_cross_entropy

Confidence = float | Tensor
"""What a probability must reach to count: of all classes, or (K,) of each."""


def pseudo_labels(
    first: Tensor, second: Tensor, valid: Tensor, confidence: Confidence = 0.0, agreement: bool = False
) -> Tensor:
    """Both teachers' opinion as labels: the most probable class of the mean of their probabilities.

    Args:
        first: logits (B, K, H, W), detached here.
        second: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool.
        confidence: mean probabilities below it (of their class) are ignored.
        agreement: pixels where the teachers' most probable classes differ are ignored.

    Returns:
        (B, H, W) int64 with `IGNORE_INDEX`.

    Examples:
        >>> import torch
        >>> first, second = torch.tensor([[2.0, 3.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 2.0]])
        >>> first, second = (each.view(1, 2, 1, 2) for each in (first, second))
        >>> pseudo_labels(first, second, torch.ones(1, 1, 2).bool(), agreement=True).tolist()
        [[[0, 255]]]
    """
    first, second = target(first).softmax(dim=1), target(second).softmax(dim=1)
    probability, labels = ((first + second) / 2).max(dim=1)
    needed = confidence[labels] if isinstance(confidence, Tensor) else confidence
    counted = valid & (probability >= needed)
    if agreement:
        counted &= first.argmax(dim=1) == second.argmax(dim=1)
    return labels.masked_fill(~counted, IGNORE_INDEX)


def cross_supervision(
    first: Tensor,
    second: Tensor,
    valid: Tensor,
    confidence: Confidence | tuple[Confidence, Confidence] = 0.0,
    answers: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """CE(T1, argmax T2) + CE(T2, argmax T1), labels without gradient (CPS, Chen et al., arXiv 2106.01226).

    Args:
        first: logits (B, K, H, W).
        second: logits (B, K, H, W).
        valid: (B, H, W) bool.
        confidence: labels below this probability of their own teacher are ignored; of both teachers, or of each.
        answers: the two networks' logits that give the labels, where they are others: of weak views, of averages.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> import torch
        >>> roof, road, valid = torch.tensor([9.0, 0.0]), torch.tensor([0.0, 9.0]), torch.ones(1, 1, 1).bool()
        >>> roof, road = roof.view(1, 2, 1, 1), road.view(1, 2, 1, 1)
        >>> [round(cross_supervision(roof, other, valid).item(), 2) for other in (roof, road)]
        [0.0, 18.0]
    """
    needed = confidence if isinstance(confidence, tuple) else (confidence, confidence)
    pairs = zip(answers or (first, second), needed, strict=True)
    by_first, by_second = (pseudo_labels(each, each, valid, own) for each, own in pairs)
    return segmentation_cross_entropy(first, by_second) + segmentation_cross_entropy(second, by_first)


def soft_term(student: Tensor, teachers: list[Tensor], valid: Tensor, temperature: float = 1.0) -> Tensor:
    """L_dis^p = sum_j KL(softmax(T_j) || softmax(S)), each as `soft_segmentation`.

    Args:
        student: logits (B, K, H, W).
        teachers: logits (B, K, H, W) each, detached here.
        valid: (B, H, W) bool.
        temperature: T.

    Returns:
        scalar.

    Examples:
        >>> import torch
        >>> student, teacher = torch.zeros(1, 2, 1, 1), torch.tensor([20.0, 0.0]).view(1, 2, 1, 1)
        >>> round(soft_term(student, [teacher, student], torch.ones(1, 1, 1).bool()).item(), 4)  # log 2 + 0
        0.6931
    """
    return total(soft_segmentation(student, teacher, valid, temperature) for teacher in teachers)


def feature_term(pairs: list[tuple[Tensor, Tensor]], valid: Tensor) -> Tensor:
    """L_dis^f = sum_j MSE(a_j(F_S) resized, F_Tj) on the backbones' last features, each as `feature_mse`.

    Args:
        pairs: of each teacher (a_j(F_S), F_Tj), (B, D_j, H_j, W_j); the teacher's is detached here.
        valid: (B, H, W) bool.

    Returns:
        scalar.

    Examples:
        >>> import torch
        >>> student, teacher, valid = torch.zeros(1, 4, 2, 2), torch.ones(1, 4, 2, 2), torch.ones(1, 8, 8).bool()
        >>> feature_term([(student, teacher), (student, 2 * teacher)], valid).item()
        5.0
    """
    return total(feature_mse([student], [teacher], valid) for student, teacher in pairs)
