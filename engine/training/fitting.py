"""What is fitted on validation ground before a stage, once, and kept by its checkpoints: temperatures of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from torch import Tensor, nn

from .. import ranks
from ..recipes.calibration import Calibration
from .validation import Validator

Fitted = dict[str, dict[str, Tensor]]
"""State dictionaries by network."""


def take_fitted(fitted: Fitted, networks: Mapping[str, nn.Module]) -> Fitted:
    """Fill networks with what an earlier start of the training has fitted, and return a copy of it."""
    for name, found in fitted.items():
        networks[name].load_state_dict(found)
    return dict(fitted)


def fit_once(
    names: Sequence[str], networks: Mapping[str, nn.Module], validator: Validator, fitted: Fitted
) -> Iterator[str]:
    """Fit the networks named that are not in `fitted`, which is filled; yields sentences for people."""
    for name in names:
        if name not in fitted:
            yield from cast("Calibration", networks[name]).fit(networks, validator.answers)
            networks[name].load_state_dict(ranks.from_first(networks[name].state_dict()))
            fitted[name] = networks[name].state_dict()
