"""Which recipe fits the roles, why, and what each recipe and size means."""

from __future__ import annotations

from dataclasses import dataclass

from .draft import DETECTION, SEGMENTATION, UNLABELLED

SUPERVISED, PARTIAL, SEMI = "supervised", "partial_multitask", "semi_supervised"
RECIPES = (PARTIAL, SEMI, SUPERVISED)

TITLES = {
    SUPERVISED: "Supervised",
    PARTIAL: "Boxes here, areas there (partial multi-task distillation)",
    SEMI: "Few areas, much imagery (semi-supervised distillation, SSLKD)",
}

SUMMARIES = {
    SUPERVISED: "One network learns from the labels alone. The quickest, and the measure for the others.",
    PARTIAL: (
        "Two large teachers learn one task each; one small network learns both tasks, from the labels where there are "
        "some and from the teacher where they are missing (arXiv 2405.15394)."
    ),
    SEMI: (
        "Two different teachers learn from the few labels, then label the rest for each other and for the small "
        "network that ships (arXiv 2402.05305)."
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
    """

    name: str
    encoder: str
    parameters: float
    slowness: float


SIZES = (
    Size("small", "MobileNetV2", 2.7, 1.0),
    Size("medium", "ResNet-34", 23.0, 2.5),
    Size("large", "ResNet-50", 33.2, 8.5),
)
"""Measured on one processor thread, forward, 256 px, both heads; docs/user-guide/wizard.md has the numbers."""

DISTILLATION = (
    (
        "soft",
        "Answers",
        "The student learns the teacher's probabilities, not only its decisions: how sure it is, and what it would "
        "otherwise have said. Cheap, and nearly always worth it. (arXiv 2405.15394)",
    ),
    (
        "feature",
        "Features",
        "The student's inner picture of the image is drawn towards the teacher's. Helps a student that is much "
        "smaller than its teacher; costs memory. (arXiv 1412.6550)",
    ),
    (
        "pdf",
        "Features where answers differ (PDF-Distil)",
        "As features, but weighted by where student and teacher disagree, which in aerial imagery is mostly the small "
        "objects. (BMVC 2021)",
    ),
)
"""Name in `run.json`, title, help with its paper."""


def suggest(roles: set[str]) -> tuple[str, str]:
    """The recipe for these roles, and a sentence why."""
    if {DETECTION, SEGMENTATION} <= roles:
        more = " The teachers speak on the unlabelled imagery too." if UNLABELLED in roles else ""
        return PARTIAL, (
            "Some imagery has boxes and other imagery has areas: one network can learn both, because a teacher stands "
            "in for the labels that are missing." + more
        )
    if {SEGMENTATION, UNLABELLED} <= roles:
        return (
            SEMI,
            "There are areas on some imagery and more imagery without labels, which this recipe learns from too.",
        )
    if UNLABELLED in roles:
        return SUPERVISED, "There are only boxes; no recipe for boxes alone learns from unlabelled imagery yet."
    return SUPERVISED, "All imagery is labelled for the same task, so there is nothing that a teacher could add."


def unavailable(kind: str, roles: set[str]) -> str:
    """Why a recipe cannot be used with these roles; empty where it can."""
    if kind == PARTIAL and not {DETECTION, SEGMENTATION} <= roles:
        return "needs imagery with boxes and imagery with areas"
    if kind == SEMI and not {SEGMENTATION, UNLABELLED} <= roles:
        return "needs imagery with areas and imagery without labels"
    return ""


def size_text(size: Size) -> str:
    """A size in words: `large: ResNet-50, 33 M parameters, 8.5 x slower than small`."""
    millions = f"{size.parameters:.1f}" if size.parameters < 10 else f"{size.parameters:.0f}"
    speed = "the fastest" if size.slowness == 1 else f"{size.slowness:g}× the time of small"
    return f"{size.name}: {size.encoder}, {millions} M parameters, {speed}"
