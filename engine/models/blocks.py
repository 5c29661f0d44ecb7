"""Blocks of encoders, neck and heads: normalisation of raw values, depthwise and plain convolutions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Normalised(nn.Module):
    """A network with the training area's band statistics as buffers.

    Args:
        mean: of each band, raw units.
        std: of each band, raw units; a constant band's 0 counts as 1.
    """

    mean: Tensor
    std: Tensor
    if TYPE_CHECKING:

        @property
        def encoder(self) -> nn.Module:
            """What has the batch norms, of those whose statistics may be frozen."""

    frozen_statistics = False
    """Whether the encoder's batch norms keep the statistics they came with, also in training."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        given = torch.as_tensor(std, dtype=torch.float32)
        self.register_buffer("std", torch.where(given > 0, given, 1.0))

    def train(self, mode: bool = True) -> Normalised:
        """As every module's, but for batch norms whose statistics are frozen."""
        super().train(mode)
        if self.frozen_statistics:
            for module in self.encoder.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def restandardise(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Take other statistics, raw units."""
        self.mean.copy_(torch.as_tensor(mean))
        self.std.copy_(torch.as_tensor(std))

    def normalise(self, image: Tensor) -> Tensor:
        """(image - mean) / std in float32, for an image (B, C, H, W) of raw values."""
        return (image.float() - self.mean[:, None, None]) / self.std[:, None, None]


@contextmanager
def single_precision_depthwise(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Networks whose wide and strided depthwise convolutions leave a processor's autocast while gradients are wanted.

    oneDNN has bfloat16 kernels for the gradients of 3x3 depthwise convolutions of stride 1 only; for others it falls
    back to a reference that takes ten times as long as float32 (`benchmarks/depthwise.py`). Elsewhere, without
    gradients or without autocast nothing changes.

    Args:
        networks: to train; as they were afterwards.
    """
    changed: list[tuple[nn.Module, Any]] = [
        (module, type(module)) for network in networks for module in network.modules() if _slow(module)
    ]
    for module, kind in changed:
        module.__class__ = _single_precision(kind)  # not `forward`, which a copy of the module would share
    try:
        yield
    finally:
        for module, kind in changed:
            module.__class__ = kind


def _slow(module: nn.Module) -> bool:
    if not isinstance(module, nn.Conv2d) or isinstance(module, _SinglePrecision):
        return False
    return module.groups == module.in_channels > 1 and (max(module.stride) > 1 or max(module.kernel_size) > 3)


class _SinglePrecision(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        if image.device.type != "cpu" or not torch.is_grad_enabled() or not torch.is_autocast_enabled("cpu"):
            plain: Tensor = super().forward(image)
            return plain
        with torch.autocast("cpu", enabled=False):
            precise: Tensor = super().forward(image.float())
            return precise


@cache
def _single_precision(kind: type[nn.Conv2d]) -> type[nn.Conv2d]:
    return type(kind.__name__, (_SinglePrecision, kind), {})


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
