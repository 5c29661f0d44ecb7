"""Encoders by name: segmentation-models-pytorch's own, and timm's with the prefix `tu-`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import segmentation_models_pytorch as smp
from torch import Tensor, nn

from ..errors import ConfigError

STRIDES = (4, 8, 16, 32)
"""Strides of the encoder features that the neck reads."""


if TYPE_CHECKING:

    class Encoder(nn.Module):
        """The interface of smp's encoders, which come without types."""

        __call__: Callable[..., list[Tensor]]
        out_channels: list[int]


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
