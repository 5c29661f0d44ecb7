"""Losses on labels. Detection heads have their own, `engine.models.heads.DetectionHead.loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor

from .. import ranks
from ..types import IGNORE_INDEX
from .arithmetic import full, mean_over

FOCAL_GAMMA = 2.0
_dice = DiceLoss(mode="multiclass", ignore_index=IGNORE_INDEX)


def segmentation_cross_entropy(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy, mean over the pixels that count.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar; zero where every pixel is ignored.

    Examples:
        >>> mask = torch.tensor([[[0, IGNORE_INDEX]]])
        >>> round(segmentation_cross_entropy(torch.zeros(1, 2, 1, 2), mask).item(), 4)  # log 2, of one pixel
        0.6931
    """
    total = F.cross_entropy(full(logits), mask, ignore_index=IGNORE_INDEX, reduction="sum")
    return mean_over(total, (mask != IGNORE_INDEX).sum())


def weighted_cross_entropy(logits: Tensor, mask: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Cross-entropy, mean over the pixels that count, each weighing what its class does (as torch's with `weight`).

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.
        weights: of each class, at least 1.

    Returns:
        scalar; zero where every pixel is ignored.

    Examples:
        >>> logits, mask = torch.tensor([[20.0, 0.0], [0.0, 0.0]]).view(1, 2, 1, 2), torch.tensor([[[0, 1]]])
        >>> [round(weighted_cross_entropy(logits, mask, weights).item(), 4) for weights in ((1.0, 1.0), (1.0, 3.0))]
        [0.3466, 0.5199]
    """
    logits, counted = full(logits), mask != IGNORE_INDEX
    by_class = torch.tensor(weights, dtype=logits.dtype, device=logits.device)
    total = F.cross_entropy(logits, mask, by_class, ignore_index=IGNORE_INDEX, reduction="sum")
    return mean_over(total, by_class[mask.masked_fill(~counted, 0)].masked_fill(~counted, 0.0).sum())


def segmentation_focal(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy times (1 - p)^2, p the probability of the true class (Lin et al., arXiv 1708.02002), without alpha.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar, mean over the pixels that count; zero where every pixel is ignored.

    Examples:
        >>> mask = torch.tensor([[[0]]])
        >>> round(segmentation_focal(torch.zeros(1, 2, 1, 1), mask).item(), 4)  # (1 - 0.5)^2 log 2
        0.1733
    """
    each = F.cross_entropy(full(logits), mask, ignore_index=IGNORE_INDEX, reduction="none")
    return mean_over(((1 - (-each).exp()) ** FOCAL_GAMMA * each).sum(), (mask != IGNORE_INDEX).sum())


def dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """1 - Dice over the batch's pixels that count, mean over classes; classes absent from the mask give 0.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar (smp's `DiceLoss`, multiclass).

    Examples:
        >>> mask = torch.tensor([[[0, 1], [0, 1]]])
        >>> right = 50.0 * F.one_hot(mask, 2).movedim(-1, 1)
        >>> [round(dice_loss(logits, mask).item(), 4) for logits in (right, -right)]
        [0.0, 1.0]
    """
    return _dice(full(logits), mask) if ranks.alone() else _dice_of_all(full(logits), mask)


def _dice_of_all(logits: Tensor, mask: Tensor) -> Tensor:
    """The same of processes that train together, by sums over the batch of all."""
    counted = (mask != IGNORE_INDEX)[:, None]
    truth = F.one_hot(mask.masked_fill(~counted[:, 0], 0), logits.shape[1]).movedim(-1, 1) * counted
    predicted = logits.softmax(dim=1) * counted
    both, areas = ranks.summed(
        torch.stack([each.sum(dim=(0, 2, 3)) for each in (predicted * truth, predicted + truth)])
    )
    there = ranks.total(truth.sum(dim=(0, 2, 3))) > 0
    found: Tensor = ((1 - 2 * both / areas.clamp(min=_dice.eps)) * there).mean()
    return found
