"""Normalisation as part of a network, so that every consumer feeds raw values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
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
