"""What all losses share: full precision, selection of what counts, means that survive an empty selection, ramps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import ranks


class Emphasis(NamedTuple):
    """How much a loss hears of each class and of each place, usually from 0 to 1; none: all 1.

    Attributes:
        classes: (K,).
        places: (B, H, W) of pixels, or (B, N) of anchors.
    """

    classes: Tensor | None = None
    places: Tensor | None = None


IN_FULL = Emphasis()


class Targets(NamedTuple):
    """What a teacher says of anchors, and its class logits (B, N, C), by which it means each of them.

    Attributes:
        values: boxes or regression (B, N, 4), or centerness logits (B, N).
        logits: of the classes.
    """

    values: Tensor
    logits: Tensor


class Pyramid(NamedTuple):
    """A network's features, a student's adapted to its teacher's channels, and its class logits.

    Attributes:
        features: of each level (B, D, H_l, W_l).
        logits: of anchors (B, N, C), or of pixels (B, K, H, W).
    """

    features: list[Tensor]
    logits: Tensor


def full(values: Tensor) -> Tensor:
    """At least float32: losses are not computed in half precision."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def target(values: Tensor) -> Tensor:
    """A teacher's values in full precision, cut from its graph: no gradient ever reaches a teacher.

    Examples:
        >>> import torch
        >>> target(torch.ones(2, dtype=torch.bfloat16, requires_grad=True))
        tensor([1., 1.])
    """
    return full(values.detach())


def pixels(values: Tensor, valid: Tensor) -> Tensor:
    """The (P, K) rows of (B, K, H, W) at the pixels that count, (B, H, W) bool.

    Examples:
        >>> import torch
        >>> values, valid = torch.arange(8.0).view(1, 2, 2, 2), torch.tensor([[[True, False], [False, True]]])
        >>> pixels(values, valid).tolist()
        [[0.0, 4.0], [3.0, 7.0]]
    """
    return values.permute(0, 2, 3, 1)[valid]


def total(values: Iterable[Tensor]) -> Tensor:
    """The sum of one tensor or more, as `sum` adds them up.

    Examples:
        >>> import torch
        >>> total([torch.tensor(1.0), torch.tensor(2.0)]).item()
        3.0
    """
    return cast("Tensor", sum(values))


def mean_over(summed: Tensor, count: Tensor | float) -> Tensor:
    """A sum over what counts as a mean; nothing counted gives zero with its graph intact.

    Of processes that train together each has its own sum and count; the mean of what they get is the mean over all.

    Examples:
        >>> import torch
        >>> mean_over(torch.tensor(6.0), 4).item(), mean_over(torch.tensor(0.0), 0).item()
        (1.5, 0.0)
    """
    return ranks.scaled(summed) / _counted(summed, count)


def whole_mean(summed: Tensor, count: Tensor | float) -> Tensor:
    """The mean over what counts, the same in all processes that train together; no gradients."""
    return ranks.total(summed) / _counted(summed, count)


def mean_by(summed: Tensor, weights: Tensor) -> Tensor:
    """As `mean_over`, of sums by weights whose sum may be less than 1.

    Examples:
        >>> import torch
        >>> mean_by(torch.tensor(0.25), torch.tensor(0.5)).item(), mean_over(torch.tensor(0.25), 0.5).item()
        (0.5, 0.25)
    """
    weights = ranks.total(weights)
    return ranks.scaled(summed) / torch.where(weights > 0, weights, 1.0)


def _counted(summed: Tensor, count: Tensor | float) -> Tensor:
    return ranks.total(torch.as_tensor(count, dtype=summed.dtype, device=summed.device)).clamp(min=1)


def pooled(values: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """(B, H, W) averaged over the pixels of each cell of a coarser grid, (B, 1, *size).

    Examples:
        >>> import torch
        >>> pooled(torch.tensor([[[1.0, 0.0], [1.0, 1.0]]]), (1, 1)).item()
        0.75
    """
    return F.adaptive_avg_pool2d(values[:, None], (size[0], size[1]))


def resized(features: Tensor, like: Tensor) -> Tensor:
    """Features (B, D, H, W) at the size of another level's, bilinear where the sizes differ.

    Examples:
        >>> import torch
        >>> resized(torch.arange(4.0).view(1, 1, 2, 2), torch.zeros(1, 9, 4, 4)).shape
        torch.Size([1, 1, 4, 4])
    """
    if features.shape[-2:] == like.shape[-2:]:
        return features
    return F.interpolate(features, size=like.shape[-2:], mode="bilinear", align_corners=False)


def ramp_up(progress: float, length: float) -> float:
    """The sigmoid-shaped ramp exp(-5 (1 - t)^2), t = progress / length (Laine and Aila, arXiv 1610.02242).

    Args:
        progress: of the stage, 0 to 1.
        length: share of the stage over which the strength rises; 0 means none.

    Returns:
        strength in (0, 1]; 1 from `length` on.

    Examples:
        >>> [round(ramp_up(progress, 0.4), 4) for progress in (0.0, 0.2, 0.4, 1.0)]
        [0.0067, 0.2865, 1.0, 1.0]
    """
    if progress >= length:
        return 1.0
    return math.exp(-5.0 * (1.0 - progress / length) ** 2)
