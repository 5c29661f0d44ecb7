"""Losses on labels. Detection heads have their own, `engine.models.heads.DetectionHead.loss`."""

from __future__ import annotations

import torch.nn.functional as F
from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor

from ..types import IGNORE_INDEX
from .arithmetic import full, mean_over

_dice = DiceLoss(mode="multiclass", ignore_index=IGNORE_INDEX)


def segmentation_cross_entropy(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy, mean over the pixels that count.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar; zero where every pixel is ignored.
    """
    total = F.cross_entropy(full(logits), mask, ignore_index=IGNORE_INDEX, reduction="sum")
    return mean_over(total, (mask != IGNORE_INDEX).sum())


def dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """1 - Dice over the batch's pixels that count, mean over classes; classes absent from the mask give 0.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar (smp's `DiceLoss`, multiclass).
    """
    return _dice(full(logits), mask)
