"""Blocks of networks: convolutions, the normalisation of raw values and of batches that processes share.

PyTorch's own (`SyncBatchNorm`) is for graphics cards only, and a module of its own kind; this one is the function that
all batch norms call, whatever their class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .. import ranks
from ..types import given


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


class SynchronisedBatchNorm(TorchFunctionMode):
    """A context in which batch norms in training mode take the statistics of all processes' chips."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Every function of PyTorch that is called inside comes by here."""
        if function is F.batch_norm:
            return _batch_norm(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))


def _batch_norm(
    values: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """As `torch.nn.functional.batch_norm`, of (B, C, ...) values."""
    if not training or ranks.alone():
        return F.batch_norm(values, running_mean, running_var, weight, bias, training, momentum, eps)
    with torch.no_grad():
        mean, var, count = _statistics(values)
        if running_mean is not None:
            running_mean.lerp_(mean, momentum)
            given(running_var).lerp_(var * (count / (count - 1)), momentum)
    found: Tensor = _Normalise.apply(values, weight, bias, mean, var, count, eps)
    return found


def _statistics(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (C,), variance (C,) and number of each channel's values in all processes (Chan et al., 1979)."""
    zeros = torch.zeros(values.shape[1], device=values.device)  # of float32, in which the statistics are then, too
    mean, var = torch.ops.aten.batch_norm_update_stats(values, zeros, zeros.clone(), 0.0)
    count = mean.new_full((1,), values.numel() // values.shape[1])
    means, spreads, counts = ranks.stacked(torch.cat([mean, var, count])).split([len(mean), len(var), 1], dim=1)
    everything = counts.sum()
    common = (counts * means).sum(dim=0) / everything
    return common, (counts * (spreads + (means - common).square())).sum(dim=0) / everything, everything


class _Normalise(torch.autograd.Function):
    """Values by statistics that depend on them, here and in other processes."""

    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        var: Tensor,
        count: Tensor,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(values, weight, mean, var, count)
        ctx.eps = eps
        return F.batch_norm(values, mean, var, weight, bias, False, 0.0, eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        values, weight, mean, var, count = ctx.saved_tensors
        factor = torch.ones_like(mean) if weight is None else weight
        found, by_weight, by_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, values, factor, mean, var, None, None, False, ctx.eps, [True, True, True]
        )
        # what values change through the statistics: gx - w / s (x^ mean(g x^) + mean(g)), x^ = (x - mean) / s
        means = ranks.total(torch.cat([by_weight, by_bias])) / count
        slope, offset = (factor * (var + ctx.eps).rsqrt() * each for each in means.chunk(2))
        found -= F.batch_norm(values, mean, var, slope, offset, False, 0.0, ctx.eps)
        learned = weight is not None
        return found, by_weight if learned else None, by_bias if learned else None, None, None, None, None
