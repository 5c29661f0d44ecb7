"""Blocks of neck and heads. They have no norms: one place's statistics are wrong in another."""

from __future__ import annotations

from torch import nn


def convolution(channels: int, out: int, kernel_size: int = 3, groups: int = 1, act: bool = True) -> nn.Sequential:
    """Convolution and, with `act`, ReLU; keeps (H, W)."""
    layers: list[nn.Module] = [nn.Conv2d(channels, out, kernel_size, padding=kernel_size // 2, groups=groups)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if act else nn.Sequential(*layers)


def separable(channels: int) -> nn.Sequential:
    """A depthwise-separable block: 3x3 a channel, then 1x1 across channels (arXiv 1704.04861)."""
    deep = convolution(channels, channels, groups=channels, act=False)
    return nn.Sequential(deep, convolution(channels, channels, 1))


def tower(channels: int, convs: int, light: bool = False) -> nn.Sequential:
    """Convolutions for all levels of a pyramid; with `light`, depthwise-separable ones."""
    return nn.Sequential(*(separable(channels) if light else convolution(channels, channels) for _ in range(convs)))
