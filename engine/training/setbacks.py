"""A training whose numbers run away: back to the last good checkpoint with half the learning rate, twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import TrainingError

MOST_SETBACKS = 2
"""How often a stage goes back before it gives up."""


class Diverged(TrainingError):
    """A loss or a weight is not a number."""


def rate_after(setbacks: int) -> float:
    """The share of its learning rate that a stage has left."""
    return 0.5**setbacks


def check_finite(modules: Iterable[nn.Module], stage: str, step: int) -> None:
    """See that weights and statistics are numbers, so that no checkpoint keeps others.

    Raises:
        Diverged: one is not.
    """
    if not are_numbers(*(module.state_dict() for module in modules)):
        raise _of("A weight", stage, step)


def are_numbers(*states: Mapping[str, Any]) -> bool:
    """Whether all floating-point tensors of state dictionaries are finite; other values in them do not count."""
    values = [each for state in states for each in state.values() if isinstance(each, Tensor)]
    found = [torch.isfinite(each).all() for each in values if each.is_floating_point()]
    return not found or bool(torch.stack(found).all())


def diverged(losses: dict[str, Tensor], stage: str, step: int, half: bool) -> Diverged:
    """The error for losses of which one is not a number.

    Args:
        losses: by name.
        stage: its name.
        step: how many were done.
        half: whether in float16.
    """
    names = ", ".join(name for name, value in losses.items() if not torch.isfinite(value)) or "their sum"
    return _of("The loss", stage, step, f" ({names})", half)


def _of(what: str, stage: str, step: int, more: str = "", half: bool = False) -> Diverged:
    return Diverged(
        f"{what} of stage {stage} is not a number after {step} steps{more}.",
        f"Lower training.learning_rate{', or set training.precision to 32-true,' * half} and train again.",
    )
