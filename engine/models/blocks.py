"""Blocks of neck and heads, without norms, for one place's statistics are wrong in another; but see `SharedTower`."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


def convolution(channels: int, out: int, kernel_size: int = 3, groups: int = 1, act: bool = True) -> nn.Sequential:
    """Convolution and, with `act`, ReLU; keeps (H, W)."""
    layers: list[nn.Module] = [nn.Conv2d(channels, out, kernel_size, padding=kernel_size // 2, groups=groups)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if act else nn.Sequential(*layers)


def separable(channels: int) -> nn.Sequential:
    """A depthwise-separable block: 3x3 a channel, then 1x1 across channels (arXiv 1704.04861)."""
    deep = convolution(channels, channels, groups=channels, act=False)
    return nn.Sequential(deep, convolution(channels, channels, 1))


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
        self.convs = nn.ModuleList(_kernel(channels, light) for _ in range(convs))
        self.norms = nn.ModuleList(nn.ModuleList(nn.BatchNorm2d(channels) for _ in self.convs) for _ in range(levels))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Levels (B, D, H_l, W_l) of as many levels (B, D, H_l, W_l)."""
        levels = []
        for level, norms in zip(features, self.norms, strict=True):
            for conv, norm in zip(self.convs, norms, strict=True):
                level = F.relu(norm(conv(level)))
            levels.append(level)
        return levels


def _kernel(channels: int, light: bool) -> nn.Module:
    if not light:
        return nn.Conv2d(channels, channels, 3, padding=1, bias=False)
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
    )
