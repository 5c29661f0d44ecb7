"""Necks: from the encoder's maps to a pyramid whose levels all have one width."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool

from .blocks import separable


def build_neck(
    kind: Literal["fpn", "pafpn"],
    channels: Sequence[int],
    width: int,
    extra: bool,
    light: bool = False,
) -> nn.Module:
    """A neck from an ordered dictionary of maps to one of pyramid levels, finest first.

    Args:
        kind: `fpn` (Lin et al., arXiv 1612.03144), or `pafpn` with a bottom-up path on top of it.
        channels: of the encoder's maps, finest first.
        width: of every level.
        extra: whether a level of twice the last stride follows, subsampled from it.
        light: of separable blocks; `fpn` only.
    """
    last = LastLevelMaxPool() if extra else None
    if light:
        return LightFeaturePyramid(channels, width, last)
    if kind == "pafpn":
        return PathAggregationNeck(channels, width, last)
    pyramid: nn.Module = FeaturePyramidNetwork(list(channels), width, extra_blocks=last)
    return pyramid


class LightFeaturePyramid(nn.Module):
    """A feature pyramid with one depthwise-separable block a level in the place of a 3x3 convolution.

    The coarsest map stands alone. Added to the finer ones, as in FPN, it has classes depend on what lies hundreds of
    pixels away, beyond a window's edge (docs/methods.md); and where no task reads its level, its stage need not be run.

    Args:
        channels: of the encoder's maps, finest first.
        width: of every level.
        extra: makes more levels of the last one, or none.
    """

    def __init__(self, channels: Sequence[int], width: int, extra: ExtraFPNBlock | None = None) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(count, width, 1) for count in channels)
        self.blocks = nn.ModuleList(separable(width) for _ in channels)
        self.extra = extra

    def forward(self, maps: OrderedDict[str, Tensor]) -> OrderedDict[str, Tensor]:
        """Levels (B, width, H_l, W_l) under the maps' names, and `pool` for the extra one."""
        *finer, coarsest = (lateral(each) for lateral, each in zip(self.laterals, maps.values(), strict=True))
        for index in range(len(finer) - 2, -1, -1):
            finer[index] = finer[index] + F.interpolate(finer[index + 1], size=finer[index].shape[-2:])
        levels = [F.relu(block(level)) for block, level in zip(self.blocks, [*finer, coarsest], strict=True)]
        names = list(maps)
        if self.extra is not None:
            levels, names = self.extra(levels, list(maps.values()), names)  # nosec B610 # torchvision's, not Django's
        return OrderedDict(zip(names, levels, strict=True))


class PathAggregationNeck(nn.Module):
    """PANet's neck (Liu et al., arXiv 1803.01534): N_1 = P_1, N_l+1 = conv3(conv3 of stride 2(N_l) + P_l+1).

    Args:
        channels: of the encoder's maps, finest first.
        width: of every level.
        extra: makes more levels of the last one, or none.
    """

    def __init__(
        self,
        channels: Sequence[int],
        width: int,
        extra: ExtraFPNBlock | None = None,
    ) -> None:
        super().__init__()
        self.top_down = FeaturePyramidNetwork(list(channels), width)
        steps = range(len(channels) - 1)
        self.down = nn.ModuleList(nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in steps)
        self.fuse = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in steps)
        self.extra = extra
        for each in (*self.down, *self.fuse):  # as torchvision's own
            nn.init.kaiming_uniform_(each.weight, a=1)
            nn.init.zeros_(each.bias)

    def forward(self, maps: OrderedDict[str, Tensor]) -> OrderedDict[str, Tensor]:
        """Levels (B, width, H_l, W_l) under the maps' names, and `pool` for the extra one."""
        pyramid = self.top_down(maps)
        first, *others = pyramid.values()
        levels = [first]
        for level, down, fuse in zip(others, self.down, self.fuse, strict=True):
            levels.append(fuse(down(levels[-1]) + level))
        names = list(pyramid)
        if self.extra is not None:
            levels, names = self.extra(levels, list(maps.values()), names)  # nosec B610 # torchvision's, not Django's
        return OrderedDict(zip(names, levels, strict=True))
