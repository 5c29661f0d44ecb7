"""Depthwise convolutions that learn in single precision on a processor, for bfloat16 has no fast gradient of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def single_precision_depthwise(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Networks whose wide and strided depthwise convolutions leave a processor's autocast while gradients are wanted.

    oneDNN has bfloat16 kernels for the gradients of 3x3 depthwise convolutions of stride 1 only; for others it falls
    back to a reference that takes ten times as long as float32 (`benchmarks/depthwise.py`). Elsewhere, without
    gradients or without autocast nothing changes.

    Args:
        networks: to train; as they were afterwards.
    """
    changed: list[tuple[nn.Module, Any]] = [
        (module, type(module)) for network in networks for module in network.modules() if _slow(module)
    ]
    for module, kind in changed:
        module.__class__ = _single_precision(kind)  # not `forward`, which a copy of the module would share
    try:
        yield
    finally:
        for module, kind in changed:
            module.__class__ = kind


def _slow(module: nn.Module) -> bool:
    if not isinstance(module, nn.Conv2d) or isinstance(module, _SinglePrecision):
        return False
    return module.groups == module.in_channels > 1 and (max(module.stride) > 1 or max(module.kernel_size) > 3)


class _SinglePrecision(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        if image.device.type != "cpu" or not torch.is_grad_enabled() or not torch.is_autocast_enabled("cpu"):
            plain: Tensor = super().forward(image)
            return plain
        with torch.autocast("cpu", enabled=False):
            precise: Tensor = super().forward(image.float())
            return precise


@cache
def _single_precision(kind: type[nn.Conv2d]) -> type[nn.Conv2d]:
    return type(kind.__name__, (_SinglePrecision, kind), {})
