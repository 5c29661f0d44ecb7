"""Panoptic FPN's segmentation head (Kirillov et al., arXiv 1901.02446)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import Conv2dNormActivation

from ..blocks import separable

GROUP_NORM = partial(nn.GroupNorm, 32)
"""The norm of design 1. Its statistics are those of a window, so that it cannot be folded into a convolution."""


class PanopticHead(nn.Module):
    """Every level is convolved up to stride 4, the levels are summed, and a 1x1 convolution classifies.

    smp has the same blocks, but resizes with aligned corners, so that what a pixel sees would depend on
    the size of the window around it.

    Args:
        channels: of the features.
        classes: K.
        levels: how many, of strides 4, 8, 16, ...
        norm: of its convolutions, or none.
    """

    def __init__(
        self, channels: int, classes: int, levels: int = 4, norm: Callable[[int], nn.Module] | None = None
    ) -> None:
        super().__init__()
        inner = -(-channels // 64) * 32  # half, in whole groups of 32
        self.branches = nn.ModuleList(_branch(channels, inner, doublings, norm) for doublings in range(levels))
        self.classify = nn.Conv2d(inner, classes, kernel_size=1)

    def forward(self, features: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Float32 logits (B, K, *size) of features (B, D, H_l, W_l), finest first."""
        merged = sum(branch(level) for branch, level in zip(self.branches, features, strict=True))
        logits = self.classify(merged).float()
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)


class LightHead(nn.Module):
    """One depthwise-separable block on the pyramid's finest level, which the top-down path has told of the others.

    Args:
        channels: of the features.
        classes: K.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.block = separable(channels)
        self.classify = nn.Conv2d(channels, classes, kernel_size=1)

    def forward(self, features: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Float32 logits (B, K, *size) of features (B, D, H_l, W_l), finest first."""
        logits = self.classify(F.relu(self.block(features[0]))).float()
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)


def _branch(channels: int, inner: int, doublings: int, norm: Callable[[int], nn.Module] | None) -> nn.Sequential:
    """A convolution at the level's own size, then as many more as it takes to reach stride 4."""
    layers: list[nn.Module] = []
    for index in range(max(1, doublings)):
        layers.append(Conv2dNormActivation(channels if not index else inner, inner, norm_layer=norm))
        if doublings:
            layers.append(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
    return nn.Sequential(*layers)
