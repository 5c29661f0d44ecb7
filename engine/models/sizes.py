"""Named sizes of networks: an encoder and the widths that go with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from ..config import Network


@dataclass(frozen=True)
class Size:
    """What a size stands for.

    Args:
        encoder: name in smp, or `tu-` and a name in timm.
        width: channels of neck and heads, a multiple of 32 (GroupNorm has 32 groups).
        head_convs: convolutions before the detection head's predictors.
    """

    encoder: str
    width: int
    head_convs: int


SIZES = {
    "small": Size("mobilenet_v2", 64, 2),
    "medium": Size("resnet34", 128, 2),
    "large": Size("resnet50", 256, 4),
}


def resolve(spec: Network) -> Size:
    """The size a network's settings name, with their own encoder and width where they give them."""
    size = SIZES[spec.size]
    return replace(size, encoder=spec.encoder or size.encoder, width=spec.width or size.width)


def parameters(module: nn.Module) -> int:
    """The number of trainable and frozen parameters; buffers are not counted."""
    return sum(parameter.numel() for parameter in module.parameters())
