"""A run's `events.jsonl`, taken in line by line and kept small however long it gets, and its curves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..events import head_of, sound_event
from ..progress import headed, spoken
from ..translation import local, local_brief, tr

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


Points = list[tuple[float, float]]
Values = list[tuple[int, dict[str, float]]]
"""(step, values by name)."""

WORDS = {"mean_iou": tr("mean IoU"), "iou": tr("IoU"), "f1": "F1", "ap": "AP", "ap50": "AP50"}
MAIN = ("segmentation/mean_iou", "detection/ap50")
NOT_SCORES = ("threshold",)


@dataclass
class Series:
    """One line.

    Args:
        name: what the legend says.
        pieces: its points (step over all stages, value), one piece a stage.
    """

    name: str
    pieces: list[Points] = field(default_factory=list)

    @property
    def last(self) -> float:
        """Its newest value."""
        return self.pieces[-1][-1][1]


@dataclass
class Chart:
    """Lines that belong together.

    Args:
        title: what they show.
        series: the lines.
        is_score: whether values are scores, from 0 to 1, and not losses.
        stages: (first step, name) of each stage.
        end: the last step that the stages begun so far will have.
    """

    title: str
    series: list[Series]
    is_score: bool
    stages: list[tuple[float, str]]
    end: float

    def summary(self) -> str:
        """The newest values as a sentence, for those who cannot see the lines."""
        values = ", ".join(f"{series.name} {number(series.last)}" for series in self.series)
        return f"{self.title}: {values}" if values else tr("{title}: no values yet").format(title=self.title)


def number(value: float) -> str:
    """A loss or a score, three digits that count."""
    return local(value, 3) if abs(value) < 10 else local_brief(value)


def loss_charts(stages: list[Stage]) -> list[Chart]:
    """The sum of all losses, then the terms of each task."""
    total = tr("Sum of losses")
    found: dict[str, dict[str, Series]] = {total: {}}
    for first, stage in _placed(stages):
        _collect(found[total], first, ((step, {spoken("sum"): sum(v.values())}) for step, v in stage.losses if v))
        for title, names in _loss_groups(stage.losses).items():
            _collect(found.setdefault(title, {}), first, _renamed(stage.losses, names))
    return _charts(found, stages, is_score=False)


def score_charts(stages: list[Stage]) -> list[Chart]:
    """The main score of each network, then all scores of each task, then each score by class."""
    several = any(len(stage.metrics) > 1 for stage in stages)  # else the stage tells which network it is
    found: dict[str, dict[str, Series]] = {tr("Main scores"): {}}
    by_class: dict[str, dict[str, Series]] = {}
    for first, stage in _placed(stages):
        for network, points in stage.metrics.items():
            suffix = f" ({spoken(network)})" if several else ""
            for title, names in _score_groups(points).items():
                _collect(found.setdefault(title, {}), first, _renamed(points, names), suffix)
            for title, names in _class_groups(points).items():
                _collect(by_class.setdefault(title + suffix, {}), first, _renamed(points, names))
    return _charts({**found, **by_class}, stages, is_score=True)


def _loss_groups(points: Values) -> dict[str, dict[str, str]]:
    """Chart title -> loss -> what the legend says."""
    groups: dict[str, dict[str, str]] = {}
    for name in _unique(name for _, values in points for name in values):
        task, _, term = name.partition("/")
        groups.setdefault(headed(tr("{task} losses").format(task=spoken(task))), {})[name] = term or name
    return groups


def _score_groups(points: Values) -> dict[str, dict[str, str]]:
    """Chart title -> score -> what the legend says."""
    main: dict[str, str] = {}
    groups = {tr("Main scores"): main}
    for name, task, word, label in _scores(points):
        if name in MAIN:
            main[name] = word
        if not label:
            groups.setdefault(headed(tr("{task} scores").format(task=task)), {})[name] = word
    return groups


def _class_groups(points: Values) -> dict[str, dict[str, str]]:
    """Chart title -> score of a class -> the class."""
    groups: dict[str, dict[str, str]] = {}
    for name, task, word, label in _scores(points):
        if label:
            title = headed(tr("{task}: {score} by class").format(task=task, score=word))
            groups.setdefault(title, {})[name] = label
    return groups


def _scores(points: Values) -> Iterator[tuple[str, str, str, str]]:
    """(full name, task, score, class or empty) of each score, in words."""
    for name in _unique(name for _, values in points for name in values):
        task, _, rest = name.partition("/")
        metric, _, label = rest.partition("/")
        if metric not in NOT_SCORES:
            yield name, spoken(task), WORDS.get(metric, metric.replace("_", " ")), label


def _placed(stages: list[Stage]) -> Iterator[tuple[int, Stage]]:
    """The stages one after the other: the step that each begins at, and the stage."""
    first = 0
    for stage in stages:
        yield first, stage
        first += _length(stage)


def _length(stage: Stage) -> int:
    """Steps a stage has taken or will take; one being trained by the clock has only an estimate."""
    return max([stage.of, stage.step, *(points[-1][0] for points in stage.metrics.values() if points)])


def _collect(
    lines: dict[str, Series], first: int, points: Iterable[tuple[int, dict[str, float]]], suffix: str = ""
) -> None:
    """Add a stage's points to the lines of their names, as a piece of its own."""
    pieces: dict[str, Points] = {}
    for step, values in points:
        for name, value in values.items():
            pieces.setdefault(name, []).append((first + step, value))
    for name, piece in pieces.items():
        lines.setdefault(name + suffix, Series(name + suffix)).pieces.append(piece)


def _charts(found: dict[str, dict[str, Series]], stages: list[Stage], is_score: bool) -> list[Chart]:
    places = [(float(first), stage.name) for first, stage in _placed(stages)]
    end = float(sum(map(_length, stages)))
    return [Chart(title, list(lines.values()), is_score, places, end) for title, lines in found.items() if lines]


def _renamed(points: Values, names: dict[str, str]) -> Values:
    """The values of these names only, under what the legend says."""
    shown = names.items()
    return [(step, {label: values[name] for name, label in shown if name in values}) for step, values in points]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
