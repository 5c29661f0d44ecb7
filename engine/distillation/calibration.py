"""Temperature scaling (Guo et al., arXiv 1706.04599): one number makes a finished network as sure as it is right."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

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
