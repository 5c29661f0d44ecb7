"""Segmentation classes that cover little of the labelled ground, and what would help them."""

from __future__ import annotations

import numpy as np

from ..config import Run
from .prepared import Prepared

SCARCE = 0.02
"""Share of the labelled ground below which cross-entropy hardly notices a class."""

MOST_SENTENCES = 3
"""Classes that have a sentence each; of more there is one."""


def class_shares(run: Run, prepared: Prepared) -> dict[str, float]:
    """How much of the labelled ground each segmentation class covers, background first where it is one."""
    sources = prepared.of_role("segmentation")
    ground = sum(source.area.area * source.reader.grid.gsd**2 for source in sources)
    covered = np.zeros(len(run.segmentation_classes))
    for source in sources:
        for points in source.points.pieces():
            covered += np.bincount(points.classes, points.weights, len(covered)) * source.reader.grid.gsd**2
    ground = max(ground if run.background else covered.sum(), 1e-9)
    shares = (covered / ground).tolist()
    background = [max(0.0, 1 - sum(shares))] if run.background else []
    return dict(zip((each.name for each in run.segmentation_channels()), [*background, *shares], strict=True))


def scarce_classes(run: Run, prepared: Prepared) -> list[str]:
    """A sentence for each class that covers little ground, where the run uses nothing that helps it."""
    remedies = _remedies(run)
    if not remedies:
        return []
    shares, help_ = class_shares(run, prepared), " or ".join(remedies)
    scarce = [each.name for each in run.segmentation_classes if 0 < shares[each.name] < SCARCE]
    if len(scarce) > MOST_SENTENCES:
        more = len(scarce) - MOST_SENTENCES
        named = ", ".join(f"'{name}'" for name in scarce[:MOST_SENTENCES])
        return [
            f"{len(scarce)} segmentation classes ({named} and {more} more) cover less than {100 * SCARCE:.0f} % of the "
            f"labelled ground each; {help_} may help them."
        ]
    return [
        f"The segmentation class '{name}' covers {100 * shares[name]:.1f} % of the labelled ground; {help_} "
        "may help it."
        for name in scarce
    ]


def _remedies(run: Run) -> list[str]:
    """Settings that help scarce classes and that the run has and does not use, or none where it uses one of them."""
    dice = getattr(run.recipe, "dice", None)
    if dice or run.training.class_balance or getattr(run.recipe, "segmentation_loss", "") in ("weighted", "auto"):
        return []
    found = [] if dice is None else ["Dice (recipe.dice: 1)"]
    several = len(run.segmentation_classes) > 1 and run.training.rare_class_share > 0
    return found + (["class balance (training.class_balance: 1)"] if several else [])
