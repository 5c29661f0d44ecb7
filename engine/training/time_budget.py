"""A budget in minutes, divided so that stages get their shares of steps whatever a step of each takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lightning_fabric import Fabric
from pydantic import TypeAdapter

from .. import ranks
from ..recipes import Plan, Stage
from ..recipes.plan import PlannedRun
from ..types import given
from .timing import PATIENCE_SECONDS, seconds_per_step, untouched

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
