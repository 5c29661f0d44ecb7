"""Thresholds of pseudo-labels by class and over time (FreeMatch, arXiv 2205.07246): docs/methods.md, section 2."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .. import ranks
from .arithmetic import target, total, whole_mean

MEMORY = 0.99
"""Decay of the moving averages by step: the paper's 0.999 is for a million steps of single images, not for hundreds."""


class AdaptiveThresholds(nn.Module):
    """How sure an answer must be to count as a label, which moving averages over unlabelled pixels decide.

    tau(k) = tau share(k) / max share, where tau follows the mean of the pixels' highest probabilities, and share(k) the
    mean probability of class k; both begin at 1 / K. Their state is in buffers, and so in checkpoints.

    Args:
        classes: K.
        memory: decay of the moving averages.

    Examples:
        >>> thresholds, valid = AdaptiveThresholds(2, memory=0.0), torch.ones(1, 1, 4).bool()
        >>> answer = torch.tensor([[2.0, 2.0, 2.0, 0.0], [0.0, 0.0, 0.0, 2.0]]).view(1, 2, 1, 4)
        >>> [round(each, 3) for each in thresholds([answer], valid).tolist()]  # the rare class must reach less
        [0.881, 0.395]
    """

    __call__: Callable[..., Tensor]
    confidence: Tensor
    shares: Tensor

    def __init__(self, classes: int, memory: float = MEMORY) -> None:
        super().__init__()
        self.memory = memory
        self.register_buffer("confidence", torch.tensor(1 / classes))
        self.register_buffer("shares", torch.full((classes,), 1 / classes))

    def forward(self, answers: list[Tensor], valid: Tensor) -> Tensor:
        """The thresholds (K,) after the averages have followed these answers, which they do in training mode.

        Args:
            answers: logits (B, K, H, W) of each network, whose mean probabilities count; detached here.
            valid: (B, H, W) bool; where no pixel counts the averages stay.
        """
        if self.training:
            probabilities = total(target(each).softmax(dim=1) for each in answers) / len(answers)
            self._follow(probabilities.masked_fill(~valid[:, None], 0.0), valid.sum())
        return self.confidence * self.shares / self.shares.max()

    def _follow(self, probabilities: Tensor, count: Tensor) -> None:
        highest = whole_mean(probabilities.amax(dim=1).sum(), count)
        shares = whole_mean(probabilities.sum(dim=(0, 2, 3)), count)
        for average, mean in ((self.confidence, highest), (self.shares, shares)):
            average.lerp_(mean.to(average), (1 - self.memory) * (ranks.total(count) > 0).to(average))
