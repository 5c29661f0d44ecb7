"""What work tells of itself while it goes on: its kinds of events, the log they are written to, and its reader."""

from .kinds import (
    KINDS,
    CheckpointEvent,
    Event,
    FailedEvent,
    FigureEvent,
    FinishedEvent,
    MetricsEvent,
    NoteEvent,
    ProgressEvent,
    StageEvent,
    StartedEvent,
    StoppedEvent,
    WarningEvent,
)
from .log import EventLog, Listener, Log, PartOfLog
from .reading import CHUNK_BYTES, EVENTS_FILE, MOST_PROGRESS, STOP_FILE, Events, read_events

__all__ = [
    "CHUNK_BYTES",
    "EVENTS_FILE",
    "KINDS",
    "MOST_PROGRESS",
    "STOP_FILE",
    "CheckpointEvent",
    "Event",
    "EventLog",
    "Events",
    "FailedEvent",
    "FigureEvent",
    "FinishedEvent",
    "Listener",
    "Log",
    "MetricsEvent",
    "NoteEvent",
    "PartOfLog",
    "ProgressEvent",
    "StageEvent",
    "StartedEvent",
    "StoppedEvent",
    "WarningEvent",
    "read_events",
]
