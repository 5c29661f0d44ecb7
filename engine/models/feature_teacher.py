"""A self-supervised vision transformer (DINOv2, DINOv3) that only shows its features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ConfigError, WeightsError
from .normalisation import Normalised
from .weights import fetch_from_hub, match, read_tensors

HUB = "hub"
_WITHOUT = "or leave recipe.feature_teacher out (none)."


class FeatureTeacher(Normalised):
    """A frozen vision transformer's last patch features, after its final norm.

    Attributes:
        channels: D of its features.
        warnings: what a person should know before it teaches.

    Args:
        transformer: of `load_feature_teacher`.
        mean: of the three bands that it sees, raw units.
        std: of the same, raw units.
        bands: where these are among the image's, red, green and blue.
        warnings: sentences.
    """

    def __init__(
        self,
        transformer: Any,
        mean: Sequence[float],
        std: Sequence[float],
        bands: Sequence[int] = (0, 1, 2),
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__(mean, std)
        self.transformer: Any = transformer  # of timm, whose transformers share no class
        self.bands, self.warnings = list(bands), list(warnings)
        self.channels: int = transformer.num_features

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """Features (B, D, h, w), without gradient, of (B, C, H, W) raw values of whatever size.

        Images are resized, bilinearly, to the nearest whole number of patches: 256 px to 18 x 14 = 252.
        """
        seen, patch = self.normalise(image[:, self.bands]), self.transformer.patch_embed.patch_size
        sides = tuple(max(1, round(n / of)) * of for n, of in zip(seen.shape[-2:], patch, strict=True))
        if sides != tuple(seen.shape[-2:]):
            seen = F.interpolate(seen, size=sides, mode="bilinear", align_corners=False, antialias=True)
        features: Tensor
        (features,) = self.transformer.forward_intermediates(seen, indices=1, norm=True, intermediates_only=True)
        return features


def load_feature_teacher(model: str, weights: str) -> nn.Module:
    """A vision transformer of timm with all of its weights, in eval mode, for images of any size.

    Args:
        model: its name in timm.
        weights: `hub`, or a path to a .safetensors, .pth or .pt file as timm publishes them.

    Raises:
        ConfigError: timm has no such transformer, or its weights are missing, unreadable or of another one.
    """
    try:
        transformer = timm.create_model(model, pretrained=False, num_classes=0, dynamic_img_size=True)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _unknown(model) from error
    if not hasattr(transformer, "num_prefix_tokens"):  # Swin and its like, whose maps shrink on the way
        raise _unknown(model)
    try:
        given = read_tensors(fetch_from_hub(f"tu-{model}") if weights == HUB else Path(weights))
    except WeightsError as error:
        raise ConfigError(
            f"The feature teacher {model} has no weights: {error.message}",
            f"Give a .safetensors or .pth file of them as recipe.feature_teacher, {_WITHOUT}",
        ) from error
    wanted = transformer.state_dict()
    found = match(wanted, given)
    if len(found) < len(wanted):  # a frozen network with a random part would teach noise
        raise ConfigError(
            f"The weights {weights} have {len(found)} of the {len(wanted)} tensors of the feature teacher {model}.",
            f"Set recipe.feature_teacher_model to the network in timm that they are of, {_WITHOUT}",
        )
    transformer.load_state_dict(found)
    return transformer.eval()


def _unknown(model: str) -> ConfigError:
    return ConfigError(
        f"timm has no vision transformer '{model}' whose features could teach.",
        "Set recipe.feature_teacher_model to one, vit_small_patch14_dinov2.lvd142m for example.",
    )
