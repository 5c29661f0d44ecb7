"""What all losses share: full precision, selection of what counts, means that survive an empty selection."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def full(values: Tensor) -> Tensor:
    """At least float32: losses are not computed in half precision."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def target(values: Tensor) -> Tensor:
    """A teacher's values in full precision, cut from its graph: no gradient ever reaches a teacher."""
    return full(values.detach())


def pixels(values: Tensor, valid: Tensor) -> Tensor:
    """The (P, K) rows of (B, K, H, W) at the pixels that count, (B, H, W) bool."""
    return values.permute(0, 2, 3, 1)[valid]


def mean_over(total: Tensor, count: Tensor | float) -> Tensor:
    """A sum over what counts as a mean; nothing counted gives zero with its graph intact."""
    return total / torch.as_tensor(count, dtype=total.dtype, device=total.device).clamp(min=1)


def pooled(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, H, W) averaged over the pixels of each cell of a coarser grid, (B, 1, *size)."""
    return F.adaptive_avg_pool2d(values[:, None], size)


def resized(features: Tensor, like: Tensor) -> Tensor:
    """Features (B, D, H, W) at the size of another level's, bilinear where the sizes differ."""
    if features.shape[-2:] == like.shape[-2:]:
        return features
    return F.interpolate(features, size=like.shape[-2:], mode="bilinear", align_corners=False)
