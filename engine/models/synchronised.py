"""Batch norms of processes that train together: statistics of the whole batch, as one process would have them.

PyTorch's own (`SyncBatchNorm`) is for graphics cards only, and a module of its own kind; this one is the function that
all batch norms call, whatever their class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .. import ranks
from ..types import given


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
