"""How far a stage is and when it ends: steps, time, shares, patience; and what a step takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from pydantic import TypeAdapter

from .. import ranks
from ..config import Budget, Run, Training
from ..data import Draw, training_loader
from ..errors import ConfigError
from ..recipes import Plan, Stage
from ..recipes.plan import PlannedRun
from ..types import given
from .together import passes_of

STEPS = 3
"""Steps timed for each stage, after one that warms up."""

PATIENCE_SECONDS = 10.0
"""No further step of a stage begins after so long; a single slow step is an estimate too."""


def seconds_per_step(planned: PlannedRun, stage: Stage, fabric: Fabric, patience: float = PATIENCE_SECONDS) -> float:
    """Train a stage for a few steps on a real batch; see `untouched`.

    Reading is left out: it goes on beside the steps. So is validation.

    Args:
        planned: the run, its networks on the device.
        stage: of the plan.
        fabric: device and precision.
        patience: seconds after which no further step begins.

    Returns:
        the quickest step's seconds.
    """
    run, plan = planned.run, planned.plan
    plan.enter(stage)
    parameters = [p for name in stage.trainable for p in plan.networks[name].parameters()]
    adam = torch.optim.AdamW(parameters, lr=1e-6)
    optimizer = cast("torch.optim.Optimizer", fabric.setup_optimizers(adam))
    alone = run.model_copy(update={"training": run.training.model_copy(update={"workers": 0})})
    batches = {
        role: next(iter(training_loader(planned.prepared, alone, role, Draw(views=role in stage.views)))).to(
            fabric.device
        )
        for role in stage.roles
    }
    passes = passes_of(fabric, stage, plan.networks, run.training.batch_size)
    begin = time.monotonic()
    seconds: list[float] = []
    while len(seconds) <= STEPS and (not seconds or ranks.from_first(time.monotonic() - begin < patience)):
        start = time.monotonic()
        passes.gradients(stage, plan.networks, batches, 0.5)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if fabric.device.type == "cuda":
            torch.cuda.synchronize(fabric.device)
        seconds.append(time.monotonic() - start)
    return min(seconds)


@contextmanager
def untouched(plan: Plan, fabric: Fabric) -> Iterator[None]:
    """Weights, statistics, random state and float16's scale are afterwards, bit by bit, as they were before."""
    precision = fabric.strategy.precision
    states = {
        name: {key: value.to("cpu", copy=True) for key, value in network.state_dict().items()}
        for name, network in plan.networks.items()
    }
    scale = precision.state_dict()
    with torch.random.fork_rng(devices=[fabric.device] if fabric.device.type == "cuda" else []):
        yield
    for name, state in states.items():
        plan.networks[name].load_state_dict(state)
    if scale:
        precision.load_state_dict(scale)


LEAST, MOST = 0.3, 0.8
"""Bounds of the share of time that all teachers have together; of each, divided by their number."""
MEASURED = 0.02
"""Share of the budget after which no further step of a stage is timed."""


@dataclass(frozen=True)
class TimeBudget:
    """How a budget in minutes is divided.

    Args:
        shares: of the stages, in order.
        spent: seconds that measuring took, which count.
    """

    shares: list[float]
    spent: float

    @classmethod
    def read(cls, values: dict[str, Any]) -> TimeBudget:
        """What `asdict` made of one.

        Raises:
            ValueError: it is none.
        """
        return TypeAdapter(cls).validate_python(values)


def measured_time_budget(planned: PlannedRun, fabric: Fabric) -> tuple[TimeBudget, str]:
    """Time the stages' steps, leave everything as it was, and divide what is left of the minutes.

    Returns:
        how it is shared, and a sentence on it.
    """
    begin, plan, budget = time.monotonic(), planned.plan, given(planned.run.training.budget.minutes) * 60
    patience = min(PATIENCE_SECONDS, MEASURED * budget)
    with untouched(plan, fabric):
        seconds = [seconds_per_step(planned, stage, fabric, patience) if stage.timed else 0.0 for stage in plan.stages]
    seconds, spent = ranks.from_first((seconds, time.monotonic() - begin))
    found = TimeBudget(shares_of_time(plan.stages, seconds), spent)
    return found, _sentence(plan.stages, seconds, found, budget)


def shares_of_time(stages: Sequence[Stage], seconds: Sequence[float]) -> list[float]:
    """The stages' shares of time for their shares of steps.

    A stage with the share n of the steps, of t seconds each, gets the share n t / sum(n t) of the time that the timed
    stages have together: teachers between `LEAST` and `MOST` (divided by their number), the last stage the rest.

    Args:
        stages: in order.
        seconds: of a step of each; those of stages that are not timed do not matter.
    """
    shares = [stage.share for stage in stages]
    timed = [index for index, stage in enumerate(stages) if stage.timed]
    if not timed:
        return shares
    *teaching, last = timed
    wanted = {index: shares[index] * seconds[index] for index in timed}
    whole, teachers = sum(shares[index] for index in timed), sum(len(stages[index].validated) for index in teaching)
    for index in teaching:
        part = len(stages[index].validated) / teachers
        share = wanted[index] / sum(wanted.values())
        shares[index] = whole * min(max(share, LEAST * part), MOST * part)
    shares[last] = whole - sum(shares[index] for index in teaching)
    return shares


def with_time_budget(plan: Plan, budget: TimeBudget) -> Plan:
    """The plan with these shares; the plan itself where its stages are others, or have their shares."""
    if len(budget.shares) != len(plan.stages) or not any(stage.timed for stage in plan.stages):
        return plan
    pairs = zip(plan.stages, budget.shares, strict=True)
    return replace(plan, stages=[replace(stage, share=share) for stage, share in pairs])


def _sentence(stages: Sequence[Stage], seconds: Sequence[float], found: TimeBudget, budget: float) -> str:
    timed = [index for index, stage in enumerate(stages) if stage.timed]
    minutes = (budget - found.spent) / 60
    steps = _listed([f"{seconds[index]:.2g} s ({stages[index].name.replace('_', ' ')})" for index in timed])
    given = _listed([f"{max(0.0, minutes * found.shares[index]):.1f}" for index in timed])
    return f"Steps take {steps}; they get {given} minutes."


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


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


class Patience:
    """Counts a stage's validations since the last better score of any of its networks.

    A better score is better than all of that network before it, earlier stages' too. Where there is nothing to validate
    on, nothing is counted. What a stage that ends leaves of its budget is not spent: later stages have their own as
    ever, and the run is over sooner. The learning rate falls as if the stage had its whole budget.

    Args:
        most: validations without a better score after which a stage ends; 0 is never.
        waited: how many there have been, before a restart.
    """

    def __init__(self, most: int, waited: int = 0) -> None:
        self._most, self.waited = most, waited

    def take(self, before: dict[str, float], now: dict[str, float]) -> None:
        """Count a validation.

        Args:
            before: the best score of each network until then, where it has one.
            now: the scores of the networks that could be validated.
        """
        if now:
            better = any(score > before.get(name, -1.0) for name, score in now.items())
            self.waited = 0 if better else self.waited + 1

    @property
    def over(self) -> bool:
        """Whether the stage ends."""
        return 0 < self._most <= self.waited


def check_patience(run: Run, plan: Plan) -> None:
    """See that patience can end a stage.

    Raises:
        ConfigError: no stage has as many validations.
    """
    patience = run.training.patience
    most = max((_validations(run, stage.share) for stage in plan.stages if stage.validated), default=0)
    if patience and patience >= most:
        raise ConfigError(
            f"training.patience is {patience}, and no stage of this run has more than {most} "
            f"validation{'' if most == 1 else 's'}: none would ever end early.",
            "Lower it, or raise training.validations or the budget; 0 turns it off.",
        )


def _validations(run: Run, share: float) -> int:
    """How often a stage is validated, or, where its steps are not known beforehand, at most."""
    training = run.training
    if training.budget.steps is None:
        return training.validations
    steps = given(stage_budget(training.budget, share, 0).steps)
    return math.ceil(steps / math.ceil(steps / training.validations))
