"""The event log: one JSON object a line, appended and flushed, so that a reader may come at any time."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from .errors import GeoDistilError, cannot_write

Kind = Literal[
    "started",
    "stage",
    "progress",
    "metrics",
    "figure",
    "checkpoint",
    "note",
    "warning",
    "finished",
    "failed",
    "stopped",
]
EVENTS_FILE = "events.jsonl"
STOP_FILE = "stop"


class EventLog:
    """Appends events to `folder/events.jsonl` and tells a listener, for example a progress bar.

    Args:
        folder: the run or output folder, made where it is missing; none keeps the events off disk.
        listener: called with each event after it is written.

    Raises:
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path | None, listener: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.folder = folder
        self._listener = listener
        self._file = None
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / EVENTS_FILE).open("a", encoding="utf-8")
        except OSError as error:
            raise cannot_write(f"The folder {folder}", folder, error) from error

    def write(self, kind: Kind, **values: Any) -> None:
        """Append one event; numbers that are not finite become null.

        Raises:
            OutputError: the disk is full or the folder vanished.
        """
        event = {"time": round(time.time(), 3), "kind": kind, **values}
        if self._file is not None:
            try:
                self._file.write(json.dumps(_finite(event), default=str) + "\n")
                self._file.flush()
            except OSError as error:
                raise cannot_write(f"The log {self.folder / EVENTS_FILE}", self.folder, error) from error
        if self._listener is not None:
            self._listener(event)

    def failed(self, error: GeoDistilError) -> None:
        """Append the event of an error that ended the work."""
        self.write("failed", code=error.code, message=error.message, hint=error.hint)

    def stop_requested(self) -> bool:
        """Whether someone asked for an orderly end by putting a file named `stop` into the folder."""
        return self.folder is not None and (self.folder / STOP_FILE).exists()


class PartOfLog:
    """Events of one part of the work: its fractions are shares of the whole.

    Args:
        events: the whole's.
        start, end: the part's share of it.
    """

    def __init__(self, events: EventLog, start: float, end: float) -> None:
        self._events, self._start, self._end = events, start, end
        self.stop_requested = events.stop_requested

    def write(self, kind: Kind, **values: Any) -> None:
        """As `EventLog.write`."""
        if "fraction" in values:
            values["fraction"] = round(self._start + (self._end - self._start) * values["fraction"], 4)
        self._events.write(kind, **values)


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a folder so far; a line still being written is left out."""
    path = folder / EVENTS_FILE
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n") and line.strip():
                yield json.loads(line)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
