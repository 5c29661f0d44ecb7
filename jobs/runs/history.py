"""A run's `events.jsonl`, taken in line by line and kept small however long it gets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ..events import head_of, sound_event

MOST_POINTS = 300
"""Points of a stage's losses that are kept; a chart is hardly wider in pixels."""

MOST_NAMES = 64
"""Stages, networks of one, losses of one event: no recipe has as many, and a damaged log must not fill the dock."""

MOST_SCORES = 1200
MOST_CHARACTERS = 1000
"""Of a note or a warning."""

MOST_PARSED = 1 << 20
"""Bytes of a line that is parsed; of a longer one only time and kind count, as of the end of a large prediction."""

PARSED_BYTES = 1 << 25
"""Of lines that are neither progress nor starts and ends; then every other is read, then every fourth, and so on."""

MANY = re.compile(rb'"kind": "(?:metrics|note|warning|figure|checkpoint)"')
ENDINGS = ("finished", "failed", "stopped")
PROGRESS = b'"kind": "progress"'
KIND_ENDS = 80
"""The engine writes time and kind first, so the kind is within so many bytes."""


@dataclass
class Stage:
    """One stage's curves.

    Args:
        name: its name.
        index: counted from 0.
        step: steps done, `of` so many.
        losses: (step, losses by name), thinned out evenly to at most `MOST_POINTS`.
        metrics: by network, (step, values by name) of each validation.
    """

    name: str
    index: int = 0
    step: int = 0
    of: int = 0
    losses: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    metrics: dict[str, list[tuple[int, dict[str, float]]]] = field(default_factory=dict)

    def copy(self) -> Stage:
        """The same with lists of its own, for another thread."""
        metrics = {network: list(values) for network, values in self.metrics.items()}
        return replace(self, losses=list(self.losses), metrics=metrics)


@dataclass
class History:
    """What a run's events say so far.

    Args:
        stages: those begun, in order.
        started: the last `started` event; empty before it.
        ending: the event that ended the work; empty while it goes on, again after a later `started`.
        progress: the last `progress` event of the last start.
        checkpoint: the last `checkpoint` event.
        note: what the engine decided about the training, the last such message.
        warning: the last warning's message.
        stage_count: stages of the recipe.
        time: of the last event.
        damaged: lines of the log that could not be read.
    """

    stages: list[Stage] = field(default_factory=list)
    started: dict[str, Any] = field(default_factory=dict)
    ending: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    checkpoint: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    warning: str = ""
    stage_count: int = 0
    time: float = 0.0
    damaged: int = 0

    @property
    def finished(self) -> bool:
        """Whether the work is done; neither stopped nor failed, nor begun anew."""
        return self.ending.get("kind") == "finished"

    def copy(self) -> History:
        """The same with stages of its own, for another thread."""
        return replace(self, stages=[stage.copy() for stage in self.stages])


class HistoryReader:
    """Takes in raw lines; parses only as many `progress` events as a chart can show."""

    def __init__(self) -> None:
        self.history = History()
        self._stride = 1  # of the current stage: every so many progress events become a point
        self._count = 0
        self._skipped = b""
        self._unsound = 0
        self._others, self._every, self._bytes = 0, 1, 0

    def overlook(self, damaged: int) -> None:
        """Note how many lines were not even given to `feed`."""
        self.history.damaged = damaged + self._unsound

    def feed(self, lines: list[bytes]) -> None:
        """Take in complete lines, in their order."""
        for line in lines:
            if line.find(PROGRESS, 0, KIND_ENDS) < 0:
                self._catch_up()
                if not self._is_one_of_very_many(line):
                    self._take(self._parsed(line))
            elif self._is_a_point():
                self._skipped = b""
                self._progress(self._parsed(line), point=True)
            else:
                self._skipped = line
        self._catch_up()

    def _is_one_of_very_many(self, line: bytes) -> bool:
        """Whether a line is left out because there are more such lines than a person could look at."""
        if not MANY.search(line, 0, KIND_ENDS):
            return False
        self._others += 1
        if self._others % self._every:
            return True
        self._bytes += len(line)
        if self._bytes > PARSED_BYTES:
            self._bytes, self._every = 0, 2 * self._every
        return False

    def _parsed(self, line: bytes) -> dict[str, Any]:
        """The event of a line, empty where it is damaged, which is counted."""
        event = sound_event(line) if len(line) <= MOST_PARSED else head_of(line)
        self._unsound += event is None
        return event or {}

    def _catch_up(self) -> None:
        """The last progress counts even where it becomes no point."""
        if self._skipped:
            self._progress(self._parsed(self._skipped), point=False)
            self._skipped = b""

    def _is_a_point(self) -> bool:
        self._count += 1
        return (self._count - 1) % self._stride == 0

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("kind")
        self._tick(event)
        if kind == "started":
            self.history.started, self.history.ending, self.history.progress = event, {}, {}
        elif kind == "stage":
            self._stage(event)
        elif kind == "progress":  # written by someone who orders keys in another way
            self._progress(event, point=True)
        elif kind == "metrics":
            self._metrics(event)
        elif kind == "checkpoint":
            self.history.checkpoint = event
        elif kind == "note":
            self.history.note = str(event.get("message") or "")[:MOST_CHARACTERS]
        elif kind == "warning":
            self.history.warning = str(event.get("message") or "")[:MOST_CHARACTERS]
        elif kind in ENDINGS:
            self.history.ending = event

    def _tick(self, event: dict[str, Any]) -> None:
        self.history.time = max(self.history.time, _number(event.get("time")) or 0.0)

    def _stage(self, event: dict[str, Any]) -> None:
        history, index = self.history, int(event.get("index") or 0)
        history.stage_count = int(event.get("of") or 0)
        # A stage that begins anew undoes those after it.
        history.stages = [stage for stage in history.stages if stage.index <= index]
        if not self._find(str(event.get("name")), index).losses:
            self._stride, self._count = 1, 0

    def _progress(self, event: dict[str, Any], point: bool) -> None:
        if not event:
            return
        self._tick(event)
        self.history.progress = event
        if "part" in event:  # of packaging, which learns nothing and has no curves
            return
        stage = self._find(str(event.get("stage")))
        step = int(event.get("step") or 0)
        if step < stage.step:
            _go_back(stage, step)
        stage.step, stage.of = step, int(event.get("of") or 0)
        if point:
            stage.losses.append((step, _finite(event.get("losses"), MOST_NAMES)))
            if len(stage.losses) >= MOST_POINTS:
                del stage.losses[1::2]
                self._stride *= 2

    def _metrics(self, event: dict[str, Any]) -> None:
        networks, name = self._find(str(event.get("stage"))).metrics, str(event.get("network"))
        if name in networks or len(networks) < MOST_NAMES:
            values = networks.setdefault(name, [])
            values.append((int(event.get("step") or 0), _finite(event.get("values"), MOST_SCORES)))
            if len(values) >= MOST_POINTS:
                del values[1:-1:2]

    def _find(self, name: str, index: int | None = None) -> Stage:
        stages = self.history.stages
        for stage in stages:
            if stage.name == name:
                return stage
        stage = Stage(name, len(stages) if index is None else index)
        if len(stages) < MOST_NAMES:
            stages.append(stage)
        return stage


def _go_back(stage: Stage, step: int) -> None:
    """Forget what is trained again after an interruption."""
    stage.losses = [point for point in stage.losses if point[0] < step]
    stage.metrics = {
        network: [point for point in values if point[0] < step] for network, values in stage.metrics.items()
    }


def _finite(values: Any, most: int) -> dict[str, float]:
    values = values if isinstance(values, dict) else {}
    found = {name: float(value) for name, value in values.items() if _number(value) is not None}
    return found if len(found) <= most else dict(list(found.items())[:most])


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
