"""A moving average of a network's weights, which is what is validated and shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """An average that follows fast at first: its decay is min(decay, (1 + n) / (10 + n)) after n updates.

    Batch-norm statistics are averaged with the weights; integer buffers are copied.
    """

    def average(means: list[Tensor], values: list[Tensor], updates: Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(updates)) / (10 + int(updates)))
        if means[0].is_floating_point():
            torch._foreach_lerp_(means, values, weight)
        else:
            torch._foreach_copy_(means, values)

    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)
