"""Segmentation answers compared by their relations instead of pixel by pixel: DIST and channel-wise distillation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import ranks
from .arithmetic import full, mean_over, pixels, target


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
