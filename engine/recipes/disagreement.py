"""Unlabelled chips drawn where teachers disagree: what they disagree on, and the table that draws follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..config import Run
from ..data import Prepared
from ..data.sampling import Cells
from ..distillation import anchors_valid, difference_of_scores, divergence_of_areas
from ..types import Batch, Outputs, Task, given

TABLE = "disagreement"
"""The table's name among a plan's networks."""
RENEWALS = 3
"""How often a stage measures it whose teachers go on learning."""

Measure = Callable[[Mapping[str, nn.Module], Batch], Tensor]
"""(networks, unlabelled batch) -> (T, B), the disagreement on each chip by each of T measures, not negative."""


@dataclass(frozen=True)
class ChipChoice:
    """How a stage chooses its unlabelled chips.

    Args:
        measure: a pure function of networks that stand still while it is called.
        times: how often it is measured, evenly over the stage.
        ready: whether the networks have learned before the stage; else chips are uniform until the second time.
    """

    measure: Measure
    times: int
    ready: bool

    def due(self, progress: float) -> int:
        """How often it should have been measured by now."""
        return min(self.times, int(progress * self.times) + 1) - (not self.ready)


class DisagreementTable(nn.Module):
    """What was measured in each cell; its state is in buffers, and so in checkpoints.

    Args:
        cells: how many there are.
    """

    values: Tensor
    measured: Tensor

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.register_buffer("values", torch.ones(cells))
        self.register_buffer("measured", torch.tensor(0))

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Take a state, but for one of other ground, which has to be measured anew."""
        if state_dict["values"].shape != self.values.shape:
            return None
        return super().load_state_dict(state_dict, strict, assign)

    def take(self, found: Tensor, chosen: Tensor) -> None:
        """Note a measurement.

        Args:
            found: (T, m) by T measures, each of which counts in relation to its mean.
            chosen: (m,) cells; others get the mean.
        """
        relative = found.double() / found.double().mean(dim=1, keepdim=True).clamp(min=1e-12)
        self.values.fill_(1.0)
        self.values[chosen] = relative.mean(dim=0).to(self.values)
        self.measured += 1


def disagreement_table(run: Run, prepared: Prepared) -> DisagreementTable:
    """A table for a run's unlabelled ground."""
    return DisagreementTable(len(Cells(prepared.of_role("unlabelled"), run.training.chip_size)))


def disagreement(task: Task, first: Outputs, second: Outputs, batch: Batch) -> Tensor:
    """(B,) how far two answers of one task are apart."""
    if task == "segmentation":
        return divergence_of_areas(given(first.segmentation), given(second.segmentation), batch.valid)
    mine, other = given(first.detections), given(second.detections)
    return difference_of_scores(mine.logits, other.logits, anchors_valid(mine.anchors, batch.valid))
