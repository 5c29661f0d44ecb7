"""What a training leaves."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import TrainableNetwork


@dataclass
class Trained:
    """What training leaves.

    Args:
        network: the one that ships, with its best weights, on the CPU, in eval mode.
        values: its validation metrics.
        scores: of every judged network, their metrics by name.
    """

    network: TrainableNetwork
    values: dict[str, float]
    scores: dict[str, dict[str, float]]
