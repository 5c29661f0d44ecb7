"""How sure answers are (temperature scaling), and how far those on the same chips agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .arithmetic import target


def segmentation_agreement(answers: Sequence[Tensor]) -> Tensor:
    """1 - (H(mean_m p_m) - mean_m H(p_m)) / log(min(M, K)), p_m = softmax(s_m), H the entropy over classes.

    The difference is the generalised Jensen-Shannon divergence of the M answers (Lin, IEEE Transactions on Information
    Theory 37, 1991), in ensembles the doubt that comes of members, not of the pixel. It is at most log M, and as a part
    of an entropy at most log K.

    Args:
        answers: logits s_m (B, K, H, W), M of them.

    Returns:
        (B, H, W) from 0 to 1.

    Examples:
        >>> import torch
        >>> roof, road = torch.tensor([9.0, -9.0]).view(1, 2, 1, 1), torch.tensor([-9.0, 9.0]).view(1, 2, 1, 1)
        >>> [round(segmentation_agreement([roof, other]).item(), 3) for other in (roof, road)]
        [1.0, 0.0]
    """
    shares = torch.stack([target(each).softmax(dim=1) for each in answers])
    most = math.log(min(len(shares), shares.shape[2]))
    if not most:  # one answer, or one class
        return shares.new_ones(shares[0, :, 0].shape)
    divergence = _entropy(shares.mean(dim=0), dim=1) - _entropy(shares, dim=2).mean(dim=0)
    return (1 - divergence / most).clamp(0, 1)


def detection_agreement(answers: Sequence[Tensor]) -> Tensor:
    """1 - 2 max_c sigma_c, sigma_c the standard deviation over the M answers of p_m,c = sigmoid(z_m,c).

    Of numbers from 0 to 1 it is at most 1/2 (Popoviciu's inequality), where one half of the members is sure of what the
    other is sure is not there. Background, on which all agree, weighs 1.

    Args:
        answers: logits z_m (B, N, C), M of them.

    Returns:
        (B, N) from 0 to 1.

    Examples:
        >>> import torch
        >>> sure, not_there = torch.full((1, 1, 1), 9.0), torch.full((1, 1, 1), -9.0)
        >>> [round(detection_agreement([sure, other]).item(), 3) for other in (sure, not_there)]
        [1.0, 0.0]
    """
    scores = torch.stack([target(each).sigmoid() for each in answers])
    return (1 - 2 * scores.std(dim=0, correction=0).amax(dim=-1)).clamp(0, 1)


def _entropy(shares: Tensor, dim: int) -> Tensor:
    found: Tensor = torch.special.entr(shares).sum(dim=dim)
    return found


def divergence_of_areas(first: Tensor, second: Tensor, valid: Tensor) -> Tensor:
    """The Jensen-Shannon divergence of class probabilities in bits, mean over the pixels that count.

    JSD(p, q) = H((p + q) / 2) - (H(p) + H(q)) / 2, from 0 where they are equal to 1 where they have nothing in common.

    Args:
        first: logits (B, K, H, W), detached here.
        second: logits (B, K, H, W), detached here.
        valid: (B, H, W) bool.

    Returns:
        (B,), 0 of chips on which no pixel counts.

    Examples:
        >>> roof, road = torch.tensor([20.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 20.0]).view(1, 2, 1, 1)
        >>> [round(divergence_of_areas(roof, other, torch.ones(1, 1, 1).bool()).item(), 3) for other in (roof, road)]
        [0.0, 1.0]
    """
    p, q = target(first).softmax(dim=1), target(second).softmax(dim=1)
    each = _entropy_of_two((p + q) / 2) - (_entropy_of_two(p) + _entropy_of_two(q)) / 2
    total = each.clamp(min=0).masked_fill(~valid, 0.0).flatten(1).sum(dim=1)
    return total / valid.flatten(1).sum(dim=1).clamp(min=1)


def difference_of_scores(first: Tensor, second: Tensor, valid: Tensor) -> Tensor:
    """The largest difference of an anchor's class probabilities, mean over the anchors that count.

    Args:
        first: logits (B, N, C), detached here.
        second: logits (B, N, C), detached here.
        valid: (B, N) bool.

    Returns:
        (B,), 0 of chips on which no anchor counts.

    Examples:
        >>> there, unsure = torch.full((1, 2, 3), 20.0), torch.zeros(1, 2, 3)
        >>> difference_of_scores(there, unsure, torch.tensor([[True, False]])).item()
        0.5
    """
    each = (target(first).sigmoid() - target(second).sigmoid()).abs().amax(dim=-1)
    return each.masked_fill(~valid, 0.0).sum(dim=1) / valid.sum(dim=1).clamp(min=1)


def _entropy_of_two(probabilities: Tensor) -> Tensor:
    """In bits, (B, H, W) of (B, K, H, W)."""
    return -torch.xlogy(probabilities, probabilities).sum(dim=1) / math.log(2)


LEAST, MOST = 0.25, 4.0
"""Bounds of a temperature."""
_GOLDEN = (math.sqrt(5) - 1) / 2
_CLOSE = 1e-4
"""Width of the last interval of 1 / T."""


def segmentation_temperature(logits: Tensor, labels: Tensor) -> float:
    """The T in 0.25 to 4 with the least mean cross-entropy of softmax(s / T) to the labels.

    Args:
        logits: s (P, K) of pixels with a label.
        labels: (P,) int64.

    Examples:
        >>> import torch
        >>> logits = torch.tensor([[2 * math.log(3), 0.0]] * 4)  # as sure as 9 to 1, and right 3 times of 4
        >>> round(segmentation_temperature(logits, torch.tensor([0, 0, 0, 1])), 3)
        2.0
    """
    said = logits.double()

    def loss(inverse: float) -> float:
        return F.cross_entropy(inverse * said, labels).item()

    return _temperature(loss)


def detection_temperature(logits: Tensor, targets: Tensor) -> float:
    """The T in 0.25 to 4 with the least mean binary cross-entropy of sigmoid(z / T), without focal weights.

    Args:
        logits: z (A, C) of dense places that count.
        targets: (A, C), 1 where a place answers for an object of the class, else 0.

    Examples:
        >>> import torch
        >>> logits, targets = torch.full((4, 1), 2 * math.log(3)), torch.tensor([[1.0], [1.0], [1.0], [0.0]])
        >>> round(detection_temperature(logits, targets), 3)
        2.0
    """
    said, truth = logits.double(), targets.double()

    def loss(inverse: float) -> float:
        return F.binary_cross_entropy_with_logits(inverse * said, truth).item()

    return _temperature(loss)


def _temperature(loss: Callable[[float], float]) -> float:
    """Golden section over 1 / T, in which both losses are convex: a linear function's log-sum-exp less another's."""
    low, high = 1 / MOST, 1 / LEAST
    first, second = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    of_first, of_second = loss(first), loss(second)
    while high - low > _CLOSE:
        if of_first <= of_second:
            high, second, of_second = second, first, of_first
            first = high - _GOLDEN * (high - low)
            of_first = loss(first)
        else:
            low, first, of_first = first, second, of_second
            second = low + _GOLDEN * (high - low)
            of_second = loss(second)
    return min(MOST, max(LEAST, 2 / (low + high)))
