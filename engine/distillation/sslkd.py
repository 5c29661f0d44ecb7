"""SSLKD's terms (METHODS, section 2), with thresholds by class and the consistency of a mean teacher."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .. import ranks
from ..types import IGNORE_INDEX
from .arithmetic import full, mean_over, pixels, target, total, whole_mean
from .feature import feature_mse
from .soft import soft_segmentation
from .supervised import segmentation_cross_entropy

MEMORY = 0.99
"""Decay of the moving averages by step: the paper's 0.999 is for a million steps of single images, not for hundreds."""


class AdaptiveThresholds(nn.Module):
    """How sure an answer must be to count as a label, which moving averages over unlabelled pixels decide.

    tau(k) = tau share(k) / max share, where tau follows the mean of the pixels' highest probabilities, and share(k) the
    mean probability of class k; both begin at 1 / K. Their state is in buffers, and so in checkpoints.

    Args:
        classes: K.
        memory: decay of the moving averages.

    Examples:
        >>> thresholds, valid = AdaptiveThresholds(2, memory=0.0), torch.ones(1, 1, 4).bool()
        >>> answer = torch.tensor([[2.0, 2.0, 2.0, 0.0], [0.0, 0.0, 0.0, 2.0]]).view(1, 2, 1, 4)
        >>> [round(each, 3) for each in thresholds([answer], valid).tolist()]  # the rare class must reach less
        [0.881, 0.395]
    """

    __call__: Callable[..., Tensor]
    confidence: Tensor
    shares: Tensor

    def __init__(self, classes: int, memory: float = MEMORY) -> None:
        super().__init__()
        self.memory = memory
        self.register_buffer("confidence", torch.tensor(1 / classes))
        self.register_buffer("shares", torch.full((classes,), 1 / classes))

    def forward(self, answers: list[Tensor], valid: Tensor) -> Tensor:
        """The thresholds (K,) after the averages have followed these answers, which they do in training mode.

        Args:
            answers: logits (B, K, H, W) of each network, whose mean probabilities count; detached here.
            valid: (B, H, W) bool; where no pixel counts the averages stay.
        """
        if self.training:
            probabilities = total(target(each).softmax(dim=1) for each in answers) / len(answers)
            self._follow(probabilities.masked_fill(~valid[:, None], 0.0), valid.sum())
        return self.confidence * self.shares / self.shares.max()

    def _follow(self, probabilities: Tensor, count: Tensor) -> None:
        highest = whole_mean(probabilities.amax(dim=1).sum(), count)
        shares = whole_mean(probabilities.sum(dim=(0, 2, 3)), count)
        for average, mean in ((self.confidence, highest), (self.shares, shares)):
            average.lerp_(mean.to(average), (1 - self.memory) * (ranks.total(count) > 0).to(average))


def consistency(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """Mean over counted pixels and classes of (softmax(s_S) - softmax(s_T))^2 (mean teacher, arXiv 1703.01780).

    Args:
        student: logits (B, K, H, W).
        teacher: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool.

    Returns:
        scalar; zero where no pixel counts.

    Examples:
        >>> import torch
        >>> roof, road = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 20.0]).view(1, 2, 1, 1)
        >>> [round(consistency(roof, other, torch.ones(1, 1, 1).bool()).item(), 4) for other in (roof, road)]
        [0.0, 1.0]
    """
    mine, theirs = pixels(full(student), valid).softmax(dim=1), pixels(target(teacher), valid).softmax(dim=1)
    return mean_over((mine - theirs).square().sum(), mine.numel())


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
