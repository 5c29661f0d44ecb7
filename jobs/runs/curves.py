"""Which charts a run has, and their lines: losses and validation scores, per task and per class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..progress import headed, spoken
from ..translation import local, local_brief, tr
from .history import Stage

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
