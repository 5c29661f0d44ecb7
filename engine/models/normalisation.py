"""Normalisation as part of a network, so that every consumer feeds raw values."""

from __future__ import annotations

from collections.abc import Sequence

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

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        std = torch.as_tensor(std, dtype=torch.float32)
        self.register_buffer("std", torch.where(std > 0, std, 1.0))

    def normalise(self, image: Tensor) -> Tensor:
        """(image - mean) / std in float32, for an image (B, C, H, W) of raw values."""
        return (image.float() - self.mean[:, None, None]) / self.std[:, None, None]
