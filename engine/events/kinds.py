"""The kinds of events, a class each: what is written, in which units. docs/architecture.md lists them for readers.

A field that has a default is left out of the line where it is None; all others are always there, if only as null.
Readers meet logs of earlier and later versions, so they never rely on this module (`reading`, `jobs.events`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """What all kinds share; the log adds the time."""

    kind: ClassVar[str]
    """As it is in the file."""

    def written(self) -> dict[str, Any]:
        """Keys and values as they are written, in the fields' order."""
        every = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        return {name: value for name, (value, default) in every.items() if value is not None or default is not None}


@dataclass(frozen=True, kw_only=True)
class StartedEvent(Event):
    """A process began to work; what it works with is known."""

    kind = "started"
    pid: int
    host: str | None = None
    device: str
    """For people: the card's or processor's name, of a prediction the whole backend."""
    precision: str | None = None
    """Of a training, as Fabric calls it: `32-true`, `bf16-mixed`, ..."""
    versions: Mapping[str, str] | None = None
    """Of GeoDistil, PyTorch and Python."""


@dataclass(frozen=True, kw_only=True)
class StageEvent(Event):
    """A stage began."""

    kind = "stage"
    name: str
    index: int | None = None
    """From 0; none, and no `of`, where there is but one."""
    of: int | None = None
    """How many stages there are."""
    roles: Sequence[str] | None = None
    """Of the data that a training stage draws."""
    networks: Mapping[str, str] | None = None
    """A sentence on each that it trains, by name."""


@dataclass(frozen=True, kw_only=True)
class ProgressEvent(Event):
    """How far the work is; several a second at most."""

    kind = "progress"
    stage: str
    part: str | None = None
    """Of what follows a training: the file being made."""
    raster: str | None = None
    """Of a prediction: the one being read, by name."""
    step: int
    of: int
    """Steps: of an optimizer, windows, rasters, strips or parts, as the stage counts."""
    losses: Mapping[str, float] | None = None
    samples_per_second: float | None = None
    """Chips of a training, windows of a prediction."""
    megapixels_per_second: float | None = None
    """Of the raster, a million each."""
    eta_seconds: float | None
    """Until the whole job's end; null while nobody can tell."""
    fraction: float
    """Of the whole job, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class MetricsEvent(Event):
    """A network was validated."""

    kind = "metrics"
    stage: str
    network: str
    step: int
    """Of the stage."""
    values: Mapping[str, float]
    """By name, `segmentation/mean_iou` or `segmentation/iou/road`; shares from 0 to 1."""


@dataclass(frozen=True)
class FigureEvent(Event):
    """A picture was written."""

    kind = "figure"
    path: str
    """In the run folder."""


@dataclass(frozen=True, kw_only=True)
class CheckpointEvent(Event):
    """A training can go on from here, whatever happens."""

    kind = "checkpoint"
    path: str
    """In the run folder."""
    stage: str
    step: int
    """Of the stage."""


@dataclass(frozen=True)
class NoteEvent(Event):
    """A sentence on what was decided about the work, or by it."""

    kind = "note"
    stage: str | None = field(default=None, kw_only=True)
    message: str


@dataclass(frozen=True)
class WarningEvent(Event):
    """A sentence on what people should know, and may want to change."""

    kind = "warning"
    stage: str | None = field(default=None, kw_only=True)
    message: str


@dataclass(frozen=True)
class FinishedEvent(Event):
    """The work is done, and its files are in place."""

    kind = "finished"
    outputs: object
    """As JSON has it: paths by name or, of several rasters, a list of these; of a training metrics too."""


@dataclass(frozen=True)
class FailedEvent(Event):
    """An error ended the work."""

    kind = "failed"
    code: str
    """Of the error's class (`engine.errors`), or `unexpected`."""
    message: str
    hint: str


@dataclass(frozen=True)
class StoppedEvent(Event):
    """The work ended because someone asked for it."""

    kind = "stopped"
    message: str
    hint: str


KINDS: dict[str, type[Event]] = {each.kind: each for each in Event.__subclasses__()}
"""All there are, by what the file calls them."""
