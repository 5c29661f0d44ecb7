"""The engine's estimate of a training in words."""

from __future__ import annotations

from typing import Any

from ..progress import duration
from ..translation import local, tr
from ..vocabulary import spoken
from .draft import TrainingDraft


def estimate_text(estimate: dict[str, Any], training: TrainingDraft) -> str:
    """How far a budget of minutes goes, or how long one of steps or epochs takes; and the memory.

    Args:
        estimate: the key `estimate` of the engine's `check --probe`.
        training: the budget.
    """
    stages, budget = estimate["stages"], training.budget
    memory = tr("{memory} GB of memory on {device}").format(
        memory=local(estimate["memory_bytes"] / 1e9, 1), device=estimate["device"]
    )
    if training.budget_kind == "minutes":
        steps = [f"{spoken(stage['name'])} {local(_steps_in(stage, budget * 60))}" for stage in stages]
        return tr("About so many steps: {steps}; {memory}. Validation takes part of the time.").format(
            steps=", ".join(steps), memory=memory
        )
    seconds = sum(_seconds(stage, budget, training.budget_kind) for stage in stages)
    return tr("About {duration}, {memory}, and some more for validation.").format(
        duration=duration(seconds), memory=memory
    )


def _steps_in(stage: dict[str, Any], seconds: float) -> int:
    share = stage.get("share_of_minutes", stage["share"])
    return round(share * seconds / max(stage["seconds_per_step"], 1e-6))


def _seconds(stage: dict[str, Any], budget: float, kind: str) -> float:
    steps = budget if kind == "steps" else budget * stage["steps_per_epoch"]
    return max(1, round(stage["share"] * steps)) * stage["seconds_per_step"]
