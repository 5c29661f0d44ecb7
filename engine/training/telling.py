"""What a stage in progress tells, and what a training leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..events import Log, NoteEvent, ProgressEvent, WarningEvent
from ..models import TrainableNetwork
from ..recipes import Stage
from .checkpoints import rate_after
from .clock import StageClock


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


class Telling:
    """Events of one stage.

    Args:
        events: get them.
        stages: all of the run.
        index: of this one.
        chips: in a batch.
    """

    def __init__(self, events: Log, stages: Sequence[Stage], index: int, chips: int) -> None:
        self._events, self._chips, self._stage = events, chips, stages[index]
        self._before = sum(stage.share for stage in stages[:index])
        self._after = sum(stage.share for stage in stages[index + 1 :])

    def progress(self, clock: StageClock, losses: dict[str, Tensor], ended: bool = False) -> None:
        """Where the training stands; a stage that has ended early has no more steps than it did, later ones theirs."""
        share, after = self._stage.share, self._after
        spent, here = max(clock.elapsed, 1e-9), 0.0 if ended else clock.remaining()
        self._events.write(
            ProgressEvent(
                stage=self._stage.name,
                step=clock.step,
                of=clock.step if ended else clock.total_steps,
                losses={name: round(value.item(), 5) for name, value in losses.items()},
                samples_per_second=round(clock.step * self._chips * len(self._stage.roles) / spent, 2),
                eta_seconds=round(here + (after / share * (spent + clock.remaining()) if after else 0.0), 1),
                fraction=round(self._before + share * (1.0 if ended else clock.progress), 4),
            )
        )

    def early_end(self, clock: StageClock, losses: dict[str, Tensor], waited: int) -> None:
        """That no score was better for so many validations."""
        steps = f"{clock.step} of about {clock.total_steps} steps"
        self._events.write(
            NoteEvent(
                f"The stage {self._stage.name} ended after {steps}: no score was better in the last {waited} "
                f"validation{'' if waited == 1 else 's'} (training.patience).",
                stage=self._stage.name,
            )
        )
        self.progress(clock, losses, ended=True)

    def setback(self, why: str, step: int, setbacks: int) -> None:
        """That it goes on from an earlier step with a lower learning rate."""
        rate = f"{rate_after(setbacks):g} of the learning rate"
        self._warn(f"{why} Training goes back to step {step} of the stage, with {rate}.")

    def full(self, device: object, step: int, at_once: int) -> None:
        """That a batch does not fit the device's memory."""
        self._warn(
            f"{device} ran out of memory in stage {self._stage.name}: from step {step} on its batches of {self._chips} "
            f"chips pass {at_once} at a time, and their gradients are added up."
        )

    def _warn(self, sentence: str) -> None:
        self._events.write(WarningEvent(sentence, stage=self._stage.name))
