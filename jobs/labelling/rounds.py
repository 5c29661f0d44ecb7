"""The rounds of learning from a label layer: which run, how many labels, how good; the layer keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsVectorLayer

from ..runs.curves import MAIN
from ..runs.files import MODEL_FOLDER
from ..runs.state import RunState

PROPERTY = "geodistil/rounds"
MOST = 200
"""Rounds that are remembered."""


@dataclass(frozen=True)
class Round:
    """One round.

    Args:
        run: its run folder.
        time: when it began, in seconds since 1970.
        labels: how many there were.
        before: main scores of the model that it went on from, by name; empty where it began anew, or nothing is
            labelled on validation ground.
        after: those of its own model.
        done: whether it has finished.
    """

    run: str
    time: float
    labels: int
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    done: bool = False

    @property
    def model(self) -> Path:
        """Its model package."""
        return Path(self.run) / MODEL_FOLDER


def read_rounds(layer: QgsVectorLayer) -> list[Round]:
    """The rounds of a layer, the oldest first; those that cannot be read are left out."""
    try:
        entries = json.loads(layer.customProperty(PROPERTY, "") or "[]")
        return [_sound(Round(**each)) for each in entries]
    except (TypeError, ValueError, AttributeError):  # another version's
        return []


def note_round(layer: QgsVectorLayer, new: Round) -> None:
    """Remember a round, instead of what is known of the same run."""
    rounds = [each for each in read_rounds(layer) if each.run != new.run]
    _write(layer, [*rounds, new])


def forget_round(layer: QgsVectorLayer, run: str) -> None:
    """A round came to nothing."""
    _write(layer, [each for each in read_rounds(layer) if each.run != run])


def scores(state: RunState) -> tuple[dict[str, float], dict[str, float]]:
    """Main scores on the validation ground: of the model that a run went on from, and of its own."""
    stages = state.history.stages
    first = [points[0] for points in stages[-1].metrics.values() if points] if stages else []
    before = next((values for step, values in first if step == 0), {}) if _went_on(state) else {}
    outputs = state.history.ending.get("outputs")
    return _main(before), _main(outputs.get("metrics") if isinstance(outputs, dict) else {})


def _went_on(state: RunState) -> bool:
    return bool(state.section("recipe").get("start_from"))


def _main(values: Any) -> dict[str, float]:
    known = values if isinstance(values, Mapping) else {}
    return {name: float(known[name]) for name in MAIN if isinstance(known.get(name), (int, float))}


def _sound(one: Round) -> Round:
    if not isinstance(one.run, str) or not isinstance(one.time, (int, float)) or not isinstance(one.labels, int):
        raise TypeError("not a round")
    _main(one.before), _main(one.after)
    return one


def _write(layer: QgsVectorLayer, rounds: list[Round]) -> None:
    layer.setCustomProperty(PROPERTY, json.dumps([asdict(each) for each in rounds[-MOST:]]))
