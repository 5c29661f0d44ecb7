"""Which recipe fits the roles, why, what each recipe and size means, and what it costs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..progress import duration, spoken
from ..translation import local, tr
from .draft import DETECTION, SEGMENTATION, UNLABELLED, TrainingDraft


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


MEASURED = Path(__file__).resolve().parents[2] / "resources" / "network_sizes.json"
SUPERVISED, PARTIAL, SEMI, DISTIL = "supervised", "partial_multitask", "semi_supervised", "distil"
RECIPES = (PARTIAL, SEMI, SUPERVISED, DISTIL)

TITLES = {
    SUPERVISED: tr("Supervised"),
    PARTIAL: tr("Boxes here, areas there (partial multi-task distillation)"),
    SEMI: tr("Few areas, much imagery (semi-supervised distillation, SSLKD)"),
    DISTIL: tr("A finished model teaches a smaller one"),
}

SUMMARIES = {
    SUPERVISED: tr("One network learns from the labels alone. The quickest, and the measure for the others."),
    PARTIAL: (
        tr(
            "Two large teachers learn one task each; one small network learns both tasks, from the labels where there "
            "are some and from the teacher where they are missing (arXiv 2405.15394)."
        )
    ),
    SEMI: (
        tr(
            "Two different teachers learn from the few labels, then label the rest for each other and for the small "
            "network that ships (arXiv 2402.05305)."
        )
    ),
    DISTIL: tr(
        "A model package answers on all imagery, and a smaller network learns to answer the same, and from the labels. "
        "Its classes are the model's (arXiv 1503.02531)."
    ),
}


@dataclass(frozen=True)
class Size:
    """A size of network.

    Args:
        name: as in `run.json`.
        encoder: its encoder.
        parameters: in millions, with both heads.
        slowness: time a chip takes, relative to `small`.
        licence: of the encoder's pretrained weights.
        with_engine: whether these came with the engine; others are the hub's.
    """

    name: str
    encoder: str
    parameters: float
    slowness: float
    licence: str
    with_engine: bool


SIZES = tuple(
    Size(
        name,
        values["encoder"].partition("-")[2] or values["encoder"],
        values["parameters"] / 1e6,
        values["slowness"],
        values["licence"],
        values["with_engine"],
    )
    for name, values in json.loads(MEASURED.read_text(encoding="utf-8")).items()
)
"""Measured by benchmarks/network/speed.py --keep: onnxruntime, 512 px, both heads."""


def suggest(roles: set[str]) -> tuple[str, str]:
    """The recipe for these roles, and a sentence why."""
    if {DETECTION, SEGMENTATION} <= roles:
        more = tr(" The teachers speak on the unlabelled imagery too.") if UNLABELLED in roles else ""
        return PARTIAL, (
            tr(
                "Some imagery has boxes and other imagery has areas: one network can learn both, because a teacher "
                "stands in for the labels that are missing."
            )
            + more
        )
    if {SEGMENTATION, UNLABELLED} <= roles:
        return (
            SEMI,
            tr("There are areas on some imagery and more imagery without labels, which this recipe learns from too."),
        )
    if UNLABELLED in roles:
        return SUPERVISED, tr("There are only boxes; no recipe for boxes alone learns from unlabelled imagery yet.")
    return SUPERVISED, tr("All imagery is labelled for the same task, so there is nothing that a teacher could add.")


def unavailable(kind: str, roles: set[str]) -> str:
    """Why a recipe cannot be used with these roles; empty where it can."""
    if kind == PARTIAL and not {DETECTION, SEGMENTATION} <= roles:
        return tr("needs imagery with boxes and imagery with areas")
    if kind == SEMI and not {SEGMENTATION, UNLABELLED} <= roles:
        return tr("needs imagery with areas and imagery without labels")
    return ""


def size_text(size: Size) -> str:
    """A size in words: `large: convnext_tiny, 37 M parameters, 12.0× the time of small`."""
    millions = local(size.parameters, 1 if size.parameters < 10 else 0)
    speed = tr("{slowness}× the time of small").format(slowness=local(size.slowness, 1))
    if size.slowness == min(each.slowness for each in SIZES):
        speed = tr("the fastest")
    return tr("{size}: {encoder}, {millions} M parameters, {speed}").format(
        size=size.name, encoder=size.encoder, millions=millions, speed=speed
    )


def weights_text(size: Size) -> str:
    """Where the pretrained weights of a size's encoder come from, and their licence."""
    if size.with_engine:
        text = tr("Pretrained weights of {encoder} came with the engine ({licence}).")
    else:
        text = tr("Pretrained weights of {encoder} are fetched once from Hugging Face's hub ({licence}).")
    return text.format(encoder=size.encoder, licence=size.licence)
