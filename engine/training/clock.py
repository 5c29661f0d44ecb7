"""How far a stage is: by steps or by wall-clock time, and how long the rest will take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from .. import ranks
from ..config import Budget, Training
from ..types import given


@dataclass(frozen=True)
class StageBudget:
    """Steps or seconds of one stage; one of them is none."""

    steps: int | None
    seconds: float | None


LEAST_SECONDS = 1.0
"""What is left of a budget in minutes for all stages, at least."""


def stage_budget(budget: Budget, share: float, steps_per_epoch: int, spent: float = 0.0) -> StageBudget:
    """A stage's part of a run's budget, at least one step.

    Args:
        budget: of the run.
        share: of the stage.
        steps_per_epoch: of the stage.
        spent: seconds of the run that went before the first stage.
    """
    if budget.minutes is not None:
        return StageBudget(None, max(LEAST_SECONDS, budget.minutes * 60 - spent) * share)
    steps = budget.steps if budget.steps is not None else math.ceil(given(budget.epochs) * steps_per_epoch)
    return StageBudget(max(1, round(steps * share)), None)


class CommonTime:
    """Seconds of the first process's clock, which all that train together look at at once; alone, the time as it is."""

    def __init__(self) -> None:
        self._now = time.monotonic()

    def __call__(self) -> float:
        """As of the last look."""
        return time.monotonic() if ranks.alone() else self._now

    def look(self, asked: bool = False) -> bool:
        """Take the time, and say whether any process is asked to stop.

        Args:
            asked: whether this one is.
        """
        if ranks.alone():
            return asked
        mine = [time.monotonic() if ranks.is_first() else 0.0, float(asked)]
        self._now, wanted = ranks.total(torch.tensor(mine, dtype=torch.float64)).tolist()
        ranks.same_random_state()
        found: bool = wanted > 0
        return found


class StageClock:
    """Counts a stage's steps and seconds; both survive a restart through `step` and `elapsed`.

    Args:
        budget: of the stage.
        step: steps already done.
        elapsed: seconds already spent.
        now: the time's source, in seconds.
    """

    def __init__(
        self, budget: StageBudget, step: int = 0, elapsed: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.budget, self.step = budget, step
        self._now = now
        self._first_step = step
        self._start = now()
        self._before = elapsed

    @property
    def elapsed(self) -> float:
        """Seconds spent in this stage, those before a restart included."""
        return self._before + self._now() - self._start

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        if self.budget.steps is not None:
            return min(1.0, self.step / self.budget.steps)
        return min(1.0, self.elapsed / given(self.budget.seconds))

    @property
    def total_steps(self) -> int:
        """Steps the stage will have, estimated where the budget is in seconds."""
        if self.budget.steps is not None:
            return self.budget.steps
        return max(self.step, round(self.step / self.progress)) if self.progress > 0 else self.step

    def remaining(self) -> float:
        """Seconds this stage still needs; not a number before the first step."""
        if self.budget.seconds is not None:
            return max(0.0, self.budget.seconds - self.elapsed)
        done = self.step - self._first_step
        if done == 0:
            return math.nan
        found: float = (self._now() - self._start) / done * (given(self.budget.steps) - self.step)
        return found

    def done(self) -> bool:
        """Whether the budget is spent; never before the first step."""
        return self.step > 0 and self.progress >= 1.0


def learning_rate(settings: Training, progress: float) -> float:
    """Linear warm-up, then a cosine to zero."""
    if progress < settings.warmup:
        return settings.learning_rate * max(progress / settings.warmup, 0.02)
    rest = (progress - settings.warmup) / (1 - settings.warmup)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * rest))
