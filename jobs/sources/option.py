"""One option of a recipe, its network or the loop, as people meet it, and where it stands in `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .suggestion import DISTIL, PARTIAL, SEMI, SUPERVISED

RECIPE, NETWORK, TRAINING, AUGMENTATION = "recipe", "network", "training", "augmentation"
"""Where an option stands in `run.json`: in the recipe, its networks, the loop's settings, or their augmentation."""

NETWORKS = {
    SUPERVISED: ("network",),
    PARTIAL: ("student", "detection_teacher", "segmentation_teacher"),
    SEMI: ("student", "first_teacher"),
    DISTIL: ("student",),
}
"""The networks that a network's option is for; SSLKD's second teacher has another architecture on purpose."""


@dataclass(frozen=True)
class Option:
    """A switch, a number, a choice of one, or of several.

    Args:
        name: as in `run.json`.
        title: for people.
        help: what it does, and its paper.
        defaults: the engine's default by recipe; other recipes do not have the option.
        place: where it stands in `run.json`.
        choices: value, title and help of what can be chosen.
        smallest: of a number.
        largest: of a number.
        step: of a number.
        unset: of a number that the engine chooses where none is given, which is then the default: words for that.
    """

    name: str
    title: str
    help: str
    defaults: Mapping[str, Any]
    place: str = RECIPE
    choices: tuple[tuple[str, str, str], ...] = ()
    smallest: float = 0.0
    largest: float = 1.0
    step: float = 0.05
    unset: str = ""

    @property
    def parameter(self) -> str:
        """Its name among an algorithm's parameters."""
        return (self.name if self.place == RECIPE else f"{self.place}_{self.name}").upper()
