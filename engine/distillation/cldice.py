"""Thin structures: a loss on centre lines, where a gap of a few pixels costs as much as it does on a map."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import ranks
from ..types import IGNORE_INDEX
from .arithmetic import full

SMOOTH = 1.0


def cldice_loss(logits: Tensor, mask: Tensor, classes: list[int], iterations: int = 8) -> Tensor:
    """1 - clDice, mean over the classes that the mask has (Shit et al., arXiv 2003.07311, with soft skeletons).

    clDice is the harmonic mean of how much of the predicted skeleton lies on the truth, and of the true skeleton on the
    prediction, over all pixels of the batch. Pixels that do not count are background in both.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.
        classes: the thin ones, as channels.
        iterations: of the soft skeleton: half the widest structure, in pixels.

    Returns:
        scalar; zero where the mask has none of the classes.

    Examples:
        >>> road = torch.zeros(1, 9, 9, dtype=torch.long)
        >>> road[:, 4] = 1
        >>> gap = road.clone()
        >>> gap[:, :, 3:6] = 0
        >>> logits = [20.0 * torch.stack([1 - each, each], dim=1) for each in (road, gap)]
        >>> [round(cldice_loss(each, road, [1]).item(), 3) for each in logits]
        [0.0, 0.176]
    """
    counted = (mask != IGNORE_INDEX)[:, None]
    probabilities = torch.where(counted, full(logits), 0.0).softmax(dim=1) * counted
    wanted = [channel for channel in classes if ranks.number(int((mask == channel).any()))]
    if not wanted:
        return probabilities.sum() * 0.0
    truth = torch.stack([mask == channel for channel in wanted], dim=1).to(probabilities.dtype)
    return (1 - _cldice(probabilities[:, wanted], truth, iterations)).mean()


def soft_skeleton(values: Tensor, iterations: int) -> Tensor:
    """Skeleton (B, K, H, W) of values in 0 to 1, by repeated min and max pooling.

    Examples:
        >>> band = torch.zeros(1, 1, 7, 9)
        >>> band[:, :, 2:5] = 1
        >>> soft_skeleton(band, 4)[0, 0, :, 4].tolist()
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    """
    skeleton = F.relu(values - _opened(values))
    for _ in range(iterations):
        values = _eroded(values)
        delta = F.relu(values - _opened(values))
        skeleton = skeleton + F.relu(delta - skeleton * delta)
    return skeleton


def _cldice(predicted: Tensor, truth: Tensor, iterations: int) -> Tensor:
    """(K,) of (B, K, H, W)."""
    precision = _share_on(soft_skeleton(predicted, iterations), truth)
    sensitivity = _share_on(soft_skeleton(truth, iterations), predicted)
    return 2 * precision * sensitivity / (precision + sensitivity)


def _share_on(skeleton: Tensor, areas: Tensor) -> Tensor:
    on, whole = (ranks.summed(values.sum(dim=(0, 2, 3))) for values in (skeleton * areas, skeleton))
    return (on + SMOOTH) / (whole + SMOOTH)


def _eroded(values: Tensor) -> Tensor:
    rows = -F.max_pool2d(-values, (3, 1), 1, (1, 0))
    columns = -F.max_pool2d(-values, (1, 3), 1, (0, 1))
    return torch.minimum(rows, columns)


def _opened(values: Tensor) -> Tensor:
    return F.max_pool2d(_eroded(values), 3, 1, 1)
