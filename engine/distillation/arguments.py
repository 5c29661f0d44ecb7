"""What losses are given together."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Emphasis(NamedTuple):
    """How much a loss hears of each class and of each place, usually from 0 to 1; none: all 1.

    Attributes:
        classes: (K,).
        places: (B, H, W) of pixels, or (B, N) of anchors.
    """

    classes: Tensor | None = None
    places: Tensor | None = None


IN_FULL = Emphasis()


class Targets(NamedTuple):
    """What a teacher says of anchors, and its class logits (B, N, C), by which it means each of them.

    Attributes:
        values: boxes or regression (B, N, 4), or centerness logits (B, N).
        logits: of the classes.
    """

    values: Tensor
    logits: Tensor


class Pyramid(NamedTuple):
    """A network's features, a student's adapted to its teacher's channels, and its class logits.

    Attributes:
        features: of each level (B, D, H_l, W_l).
        logits: of anchors (B, N, C), or of pixels (B, K, H, W).
    """

    features: list[Tensor]
    logits: Tensor
