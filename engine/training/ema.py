"""A moving average of a network's weights, which is what is validated and shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors = tuple[Tensor, ...] | list[Tensor]


def averaged(network: nn.Module, decay: float, warm_started: bool = False) -> AveragedModel:
    """An average that follows fast at first: its decay is min(decay, (1 + n) / (10 + n)) after n updates.

    That of a `warm_started` network, which arrives trained, has its full decay from the start: the learning rate begins
    anew, and what the network knew must not be lost with its first large steps.

    Batch-norm statistics are averaged with the weights; integer buffers are copied. It is in eval mode and frozen.
    """

    def average(means: Tensors, values: Tensors, updates: Tensor | int) -> None:
        weight = 1 - (decay if warm_started else min(decay, (1 + int(updates)) / (10 + int(updates))))
        if means[0].is_floating_point():
            torch._foreach_lerp_(means, values, weight)
        else:
            torch._foreach_copy_(means, values)

    model = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
    return model.eval().requires_grad_(False)
