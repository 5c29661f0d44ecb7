"""What happened in a run: its event log, and what its last validation has left beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ..errors import ConfigError
from ..events import Events
from ..files import parse_json

Part = TypeVar("Part")
VALIDATION_FILE = "validation.json"
"""`score_thresholds` by class; `sources` (areas, labels, outlines of the split); `networks` (parameters,
megapixels_per_second); for each validated task `curves`, `calibration`, `chips`, and `confusion` (areas) or `objects`,
`detections`."""


def threshold_of(name: str, validation: dict[str, Any]) -> float:
    """The score from which a detection class is reported; runs of before had one for all."""
    threshold: float = validation.get("score_thresholds", {}).get(name, validation.get("score_threshold"))
    return threshold


def figure_path(folder: Path, task: str, kind: str) -> Path:
    """Where the picture of a task's best or worst chips lies."""
    return folder / "figures" / f"{task}_{kind}.jpg"


class _Part(BaseModel):
    """A part of the file; later versions may say more."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Counts(_Part):
    training: int
    validation: int


class _Outlines(_Part):
    raster: list[list[tuple[float, float]]]
    training: list[list[tuple[float, float]]]
    validation: list[list[tuple[float, float]]]


class _Source(_Part):
    name: str
    role: str
    area_m2: float
    training_m2: float
    validation_m2: float
    outlines: _Outlines
    unit: str = ""
    labels: dict[str, _Counts] = {}


class _Curve(_Part):
    precision: list[float]
    recall: list[float]

    @model_validator(mode="after")
    def _alike(self) -> _Curve:
        return _sound(self, len(self.precision) == len(self.recall))


class _Calibration(_Part):
    count: list[int]
    confidence: list[float | None]
    correct: list[float | None]
    ece: float | None

    @model_validator(mode="after")
    def _alike(self) -> _Calibration:
        said = [None not in each for each in zip(self.confidence, self.correct, strict=False)]
        fits = len(self.count) == len(self.confidence) == len(self.correct)
        return _sound(self, fits and all(known for count, known in zip(self.count, said, strict=False) if count))


class _Confusion(_Part):
    names: list[str]
    matrix: list[list[int]]

    @model_validator(mode="after")
    def _square(self) -> _Confusion:
        return _sound(
            self, all(len(row) == len(self.names) for row in self.matrix) and len(self.matrix) == len(self.names)
        )


class _Task(_Part):
    chips: int
    curves: dict[str, _Curve]
    calibration: _Calibration


class _Segmentation(_Task):
    confusion: _Confusion


class _Detection(_Task):
    objects: dict[str, int]
    detections: dict[str, int]


class _Network(_Part):
    parameters: int
    megapixels_per_second: float


class _Validation(_Part):
    score_threshold: float | None = None
    score_thresholds: dict[str, float] = {}
    sources: list[_Source] = []
    networks: dict[str, _Network] = {}
    segmentation: _Segmentation | None = None
    detection: _Detection | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Validation:
        found = self.detection.objects if self.detection else {}
        known = self.score_threshold is not None or found.keys() <= self.score_thresholds.keys()
        return _sound(self, known and (self.detection is None or found.keys() <= self.detection.detections.keys()))


def _sound(part: Part, whether: bool) -> Part:
    if not whether:
        raise ValueError("its parts do not fit")
    return part


def read_validation(folder: Path) -> dict[str, Any]:
    """The file's contents, empty where training has not come so far.

    Raises:
        ConfigError: the file is damaged.
    """
    path = folder / VALIDATION_FILE
    try:
        values: dict[str, Any] = parse_json(path.read_bytes())
        _Validation.model_validate(values)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, ValidationError) as error:
        raise ConfigError(f"{path} is damaged; delete it and train again to have it written anew.") from error
    return values


Curve = dict[int, float]
"""Values by step; a step that was trained again after an interruption has its last value."""

MAIN = ("segmentation/mean_iou", "detection/ap50")
"""The metrics of each task whose mean says which weights are best."""

MOST_POINTS = 1000
"""A curve is thinned out evenly to at most twice as many; it is hardly wider in pixels."""

MOST_SENTENCES = 100
MOST_NAMES = 64
"""Stages, networks of one, and losses of one: no recipe has as many, and a damaged log must not fill the page."""


@dataclass
class Stage:
    """One stage.

    Args:
        name: its name.
        networks: what it trains, name to a short description.
        roles: of the sources that it learns from.
        step: steps done, `of` so many.
        seconds: time spent.
        samples_per_second: speed at the end.
        losses: curves by loss.
        metrics: validation values by network and step.
    """

    name: str
    networks: dict[str, str] = field(default_factory=dict)
    roles: list[str] = field(default_factory=list)
    step: int = 0
    of: int = 0
    seconds: float = 0.0
    samples_per_second: float | None = None
    losses: dict[str, Curve] = field(default_factory=dict)
    metrics: dict[str, dict[int, dict[str, float]]] = field(default_factory=dict)

    def curve(self, network: str, metric: str) -> Curve:
        """One metric of one network over the steps."""
        values = {step: metrics.get(metric) for step, metrics in sorted(self.metrics.get(network, {}).items())}
        return {step: value for step, value in values.items() if value is not None}


@dataclass
class History:
    """A run so far.

    Args:
        started: the last `started` event, empty before it.
        stages: in their order.
        notes: what was decided about the training, or by it, each once.
        warnings: each once.
        ending: the last `failed` or `stopped` event after which nothing started, or none.
        seconds: time spent, interruptions not counted.
        damaged: lines of the log that could not be read.
    """

    started: dict[str, Any] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ending: dict[str, Any] | None = None
    seconds: float = 0.0
    damaged: int = 0

    def best(self) -> dict[str, tuple[str, int, dict[str, float]]]:
        """The best validation of each network: stage, step and values."""
        found: dict[str, tuple[str, int, dict[str, float]]] = {}
        for stage in self.stages:
            for network, steps in stage.metrics.items():
                for step, values in steps.items():
                    if network not in found or main_score(values) >= main_score(found[network][2]):
                        found[network] = stage.name, step, values
        return found


def read_history(events: Iterable[dict[str, Any]]) -> History:
    """Events, in their order and of the shapes of `engine.events.Events`, as a history."""
    history, before = History(), None
    for event in events:
        if event["kind"] != "started" and before is not None:
            _spend(history, event, event["time"] - before)
        before = event["time"]
        _take(history, event)
    history.damaged = events.damaged if isinstance(events, Events) else 0
    return history


def _take(history: History, event: dict[str, Any]) -> None:
    kind = event["kind"]
    if kind == "started":
        history.started, history.ending = event, None
    elif kind == "stage":
        stage = _stage(history, event["name"])
        stage.networks = dict(event.get("networks") or {})
        stage.roles = list(event.get("roles") or ())
    elif kind == "progress" and "part" not in event:  # packaging learns nothing
        _progress(_stage(history, event["stage"]), event)
    elif kind == "metrics":
        _metrics(_stage(history, event["stage"]), event)
    elif kind == "note":
        _say(history.notes, event["message"])
    elif kind == "warning":
        _say(history.warnings, event["message"])
    elif kind in ("failed", "stopped"):
        history.ending = event


def _say(sentences: list[str], sentence: str) -> None:
    if sentence not in sentences and len(sentences) < MOST_SENTENCES:
        sentences.append(sentence)


def _progress(stage: Stage, event: dict[str, Any]) -> None:
    stage.step, stage.of = event["step"], event["of"]
    stage.samples_per_second = event.get("samples_per_second")
    for name, value in (event.get("losses") or {}).items():
        if value is not None and (name in stage.losses or len(stage.losses) < MOST_NAMES):
            curve = stage.losses.setdefault(name, {})
            curve[event["step"]] = value
            if len(curve) > 2 * MOST_POINTS:
                stage.losses[name] = dict(list(curve.items())[::2])


def _metrics(stage: Stage, event: dict[str, Any]) -> None:
    network = event["network"]
    if network in stage.metrics or len(stage.metrics) < MOST_NAMES:
        steps = stage.metrics.setdefault(network, {})
        steps[event["step"]] = event["values"]
        if len(steps) > 2 * MOST_POINTS:
            best = max(steps, key=lambda step: main_score(steps[step]))
            kept = {*list(steps)[::2], best}
            stage.metrics[network] = {step: values for step, values in steps.items() if step in kept}


def _spend(history: History, event: dict[str, Any], seconds: float) -> None:
    history.seconds += seconds
    if event["kind"] in ("progress", "metrics", "checkpoint") and history.stages:
        history.stages[-1].seconds += seconds


def _stage(history: History, name: str) -> Stage:
    for stage in history.stages:
        if stage.name == name:
            return stage
    stage = Stage(name)
    if len(history.stages) < MOST_NAMES:
        history.stages.append(stage)
    return stage


def main_score(values: dict[str, float]) -> float:
    """The mean of the main metrics that are there."""
    mains = [values[key] for key in MAIN if values.get(key) is not None]
    return sum(mains) / max(1, len(mains))
