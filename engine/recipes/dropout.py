"""Channels of an encoder's maps dropped at random, on the way to neck and heads."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import ranks

DROPPED_LEVELS = 4
"""Of an encoder's maps, those of the last strides, which feature dropout takes channels from."""
DROPOUT = 0.5
WHOLE = 0.5
"""Share of the chips whose two views keep all channels."""


def dropped(encoded: list[Tensor]) -> list[Tensor]:
    """Half the channels of the last maps are set to zero."""
    first, last = encoded[:-DROPPED_LEVELS], encoded[-DROPPED_LEVELS:]
    if ranks.alone():
        return [*first, *(F.dropout2d(level, DROPOUT) for level in last)]
    return [*first, *(level * _drawn(level) for level in last)]


def _drawn(level: Tensor) -> Tensor:
    """(B, D, 1, 1) factors of a map's channels, 0 or 2, of processes that train together."""
    drawn = torch.empty(ranks.whole(len(level)), level.shape[1], 1, 1).bernoulli_(1 - DROPOUT) / (1 - DROPOUT)
    return ranks.mine(drawn).to(level)


def complementary(encoded: list[Tensor], views: slice) -> list[Tensor]:
    """Two views of the same chips keep complementary channels, each twice as strong (UniMatch V2, arXiv 2410.10777).

    Drawn on the CPU, whose generator's state is in checkpoints.

    Args:
        encoded: maps (B, D_l, H_l, W_l), of which the last `DROPPED_LEVELS` lose channels.
        views: the images that are first views of all chips and then second ones; others stay as they are, and so do
            both views of a random half of the chips.
    """
    first, last = encoded[:-DROPPED_LEVELS], encoded[-DROPPED_LEVELS:]
    chips = ranks.whole((views.stop - views.start) // 2)
    whole = torch.randperm(chips)[: int(WHOLE * chips)]
    return [*first, *(level * _kept(level, views, whole) for level in last)]


def _kept(level: Tensor, views: slice, whole: Tensor) -> Tensor:
    """(B, D, 1, 1) factors of a map's channels: 0, 1 or 2."""
    factors = torch.ones(level.shape[:2])
    chips = (views.stop - views.start) // 2
    first = 2.0 * (torch.rand(ranks.whole(chips), level.shape[1]) < DROPOUT)
    first[whole] = 1.0
    first = ranks.mine(first)
    factors[views] = torch.cat([first, 2.0 - first])
    return factors[:, :, None, None].to(level)
