"""Blocks of neck and heads, without norms, for one place's statistics are wrong in another; but see `SharedTower`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn


def separable(channels: int, bias: bool = True) -> nn.Sequential:
    """A depthwise-separable convolution: 3x3 a channel, then 1x1 across channels (arXiv 1704.04861)."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=bias),
        nn.Conv2d(channels, channels, 1, bias=bias),
    )


class SharedTower(nn.Module):
    """Convolutions shared by all levels, batch norms of each level's own, for levels differ in their statistics.

    That is EfficientDet's head (Tan et al., arXiv 1911.09070, section 4.2).

    Args:
        channels: of every level, in and out.
        convs: how many convolutions.
        levels: how many levels.
        light: depthwise-separable ones.
    """

    def __init__(self, channels: int, convs: int, levels: int, light: bool = False) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            separable(channels, bias=False) if light else nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            for _ in range(convs)
        )
        self.norms = nn.ModuleList(nn.ModuleList(nn.BatchNorm2d(channels) for _ in self.convs) for _ in range(levels))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Levels (B, D, H_l, W_l) of as many levels (B, D, H_l, W_l)."""
        levels = []
        for level, norms in zip(features, self.norms, strict=True):
            for conv, norm in zip(self.convs, cast("nn.ModuleList", norms), strict=True):
                level = F.relu(norm(conv(level)))
            levels.append(level)
        return levels
