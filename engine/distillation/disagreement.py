"""How far two networks' answers on the same chips are apart, chip by chip: docs/methods.md, section 2."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .arithmetic import target


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
    each = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
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


def _entropy(probabilities: Tensor) -> Tensor:
    """In bits, (B, H, W) of (B, K, H, W)."""
    return -torch.xlogy(probabilities, probabilities).sum(dim=1) / math.log(2)
