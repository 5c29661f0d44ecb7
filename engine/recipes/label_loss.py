"""What segmentation learns from its labels by: as a run says, or by how much ground its classes cover.

Rules and formula: docs/methods.md, section 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..config import Run
from ..data import Prepared
from ..data.scarcity import SCARCE, class_shares

UNEVEN = 20.0
"""How much more ground the class with the most must cover than that with the least for classes to be weighed."""
LEAST_WEIGHED = 3
"""Classes below which nothing is weighed: of two, Dice sees to the scarce one."""
MOST_WEIGHT = 10.0
"""Of a class, that of the most frequent being 1: rare labels have mistakes, too."""
DICE = 1.0


@dataclass(frozen=True)
class LabelLoss:
    """Segmentation's loss on labels.

    Args:
        form: cross_entropy, weighted or focal.
        weights: of the channels, of the form weighted.
        dice: weight of the Dice term.
        sentence: for people, where classes are weighed or the choice was the engine's; else empty.
    """

    form: str
    weights: tuple[float, ...] = ()
    dice: float = 0.0
    sentence: str = ""


def chosen_loss(run: Run, prepared: Prepared) -> LabelLoss:
    """The loss that a run asks for; `auto` is decided here. A weight of Dice that the run gives stays as it is."""
    wanted, dice = getattr(run.recipe, "segmentation_loss", "cross_entropy"), getattr(run.recipe, "dice", 0.0)
    if wanted in ("cross_entropy", "focal") or not prepared.of_role("segmentation"):
        return LabelLoss("focal" if wanted == "focal" else "cross_entropy", dice=dice)
    shares = class_shares(run, prepared)
    labelled = {name: share for name, share in shares.items() if share > 0}
    weights = class_weights(shares)
    if wanted == "weighted":
        return LabelLoss("weighted", weights, dice, f"Segmentation weighs {_listed(shares, weights)}.")
    least, most = (find(labelled, key=labelled.__getitem__) for find in (min, max))
    uneven = labelled[most] / labelled[least]
    weighed = uneven >= UNEVEN and len(labelled) >= LEAST_WEIGHED and not run.training.class_balance
    adds = labelled[least] < SCARCE and not dice
    parts = f"cross-entropy{f' that weighs {_listed(shares, weights)}' if weighed else ''}"
    sentence = (
        f"Segmentation learns by {parts}{f' and Dice of weight {DICE:g}' if adds or dice else ''}: of the labelled "
        f"ground '{least}' covers {100 * labelled[least]:.1f} % and '{most}' {100 * labelled[most]:.1f} % "
        "(recipe.segmentation_loss: auto)."
    )
    return LabelLoss(
        "weighted" if weighed else "cross_entropy",
        weights if weighed else (),
        DICE if adds else dice,
        sentence,
    )


def class_weights(shares: dict[str, float]) -> tuple[float, ...]:
    """Of each class the square root of how much more the most frequent one covers, at most `MOST_WEIGHT`.

    The root, as with the chips drawn around labels: those show rare classes more often than they are.
    """
    most = max(shares.values())
    return tuple(min(MOST_WEIGHT, math.sqrt(most / share)) if share else 1.0 for share in shares.values())


def _listed(shares: dict[str, float], weights: tuple[float, ...]) -> str:
    """For example `field 1.0 and pond 5.5`."""
    *others, last = (f"{name} {weight:.1f}" for name, weight in zip(shares, weights, strict=True))
    return f"{', '.join(others)} and {last}" if others else last
