"""When a stage ends before its budget: validations in a row without a better score."""

from __future__ import annotations

import math

from ..config import Run
from ..errors import ConfigError
from ..recipes import Plan
from ..types import given
from .clock import stage_budget


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
