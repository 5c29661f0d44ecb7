"""Named sizes of networks: an encoder, the widths that go with it, and how heavy neck and heads are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from ..config import Network


@dataclass(frozen=True)
class Size:
    """What a size stands for.

    Args:
        encoder: name in smp, or `tu-` and a name in timm.
        width: channels of neck and heads.
        head_convs: convolutions before the detection head's predictors.
        light: neck and heads of depthwise-separable blocks.
    """

    encoder: str
    width: int
    head_convs: int
    light: bool = False


SIZES = {
    "nano": Size("tu-mobilenetv4_conv_small", 48, 1, light=True),
    "small": Size("tu-tf_efficientnet_lite0", 64, 2, light=True),
    "medium": Size("tu-tf_efficientnet_lite2", 128, 2),
    "large": Size("tu-convnext_tiny.in12k_ft_in1k", 256, 4),
}
"""Sizes of design 2; all encoders are licensed for commercial use (Apache-2.0, MIT)."""

FIRST_SIZES = {
    "small": Size("mobilenet_v2", 64, 2),
    "medium": Size("resnet34", 128, 2),
    "large": Size("resnet50", 256, 4),
}
"""Sizes of design 1."""


def resolve(spec: Network) -> Size:
    """The size a network's settings name, with their own encoder, width and weight of neck and heads.

    RetinaNet's head and the neck `pafpn` exist in full only.
    """
    size = SIZES[spec.size] if spec.design > 1 else FIRST_SIZES[spec.size]
    can = spec.design > 1 and spec.neck == "fpn" and spec.detection_head == "fcos"
    light = can and (size.light if spec.light is None else spec.light)
    return replace(size, encoder=spec.encoder or size.encoder, width=spec.width or size.width, light=light)


def parameters(module: nn.Module) -> int:
    """The number of trainable and frozen parameters; buffers are not counted."""
    return sum(parameter.numel() for parameter in module.parameters())
