"""How fast a network answers."""

from __future__ import annotations

import time
from statistics import median

import torch
from torch import nn

_ROUNDS = 3


@torch.inference_mode()
def megapixels_per_second(network: nn.Module, bands: int, side: int) -> float:
    """Median speed of a network with all its heads, on the device where it is; reading and writing not counted.

    Args:
        network: in eval mode.
        bands: of its images.
        side: of one image, in pixels.
    """
    device = next(network.parameters()).device
    image = torch.rand(1, bands, side, side, device=device).contiguous(memory_format=torch.channels_last)
    seconds = [_seconds(network, image) for _ in range(1 + _ROUNDS)]
    return side * side / 1e6 / median(seconds[1:])  # the first round warms up


def _seconds(network: nn.Module, image: torch.Tensor) -> float:
    begun = time.perf_counter()
    network(image)
    if image.is_cuda:
        torch.cuda.synchronize(image.device)
    return time.perf_counter() - begun
