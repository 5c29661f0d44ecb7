"""The event log: one JSON object a line, appended and flushed, so that a reader may come at any time."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ..errors import GeoDistilError, cannot_write
from ..types import given
from .kinds import Event, FailedEvent, ProgressEvent
from .reading import EVENTS_FILE, STOP_FILE

Listener = Callable[[Event], None]


class EventLog:
    """Appends events to `folder/events.jsonl` and tells a listener, for example a progress bar.

    Args:
        folder: the run or output folder, made where it is missing; none keeps the events off disk.
        listener: called with each event after it is written.

    Raises:
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path | None, listener: Listener | None = None) -> None:
        self.folder = folder
        self._listener = listener
        self._file = None
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / EVENTS_FILE
            torn = _ends_within_a_line(path)
            self._file = path.open("a", encoding="utf-8")
            if torn:
                self._file.write("\n")
        except OSError as error:
            raise cannot_write(f"The folder {folder}", folder, error) from error

    def write(self, event: Event) -> None:
        """Append one event; numbers that are not finite become null.

        Raises:
            OutputError: the disk is full or the folder vanished.
        """
        if self._file is not None:
            line = {"time": round(time.time(), 3), "kind": event.kind, **event.written()}
            try:
                self._file.write(json.dumps(_finite(line), default=str) + "\n")
                self._file.flush()
            except OSError as error:
                folder = given(self.folder)
                raise cannot_write(f"The log {folder / EVENTS_FILE}", folder, error) from error
        if self._listener is not None:
            self._listener(event)

    def failed(self, error: GeoDistilError) -> None:
        """Append the event of an error that ended the work."""
        self.write(FailedEvent(error.code, error.message, error.hint))

    def stop_requested(self) -> bool:
        """Whether someone asked for an orderly end by putting a file named `stop` into the folder."""
        return self.folder is not None and (self.folder / STOP_FILE).exists()


class Log(Protocol):
    """What work needs of a log: the whole's, or that of its part."""

    def write(self, event: Event) -> None:
        """As `EventLog.write`."""

    @property
    def stop_requested(self) -> Callable[[], bool]:
        """As `EventLog.stop_requested`."""


class PartOfLog:
    """Events of one part of the work: its fractions are shares of the whole.

    Args:
        events: the whole's.
        start: of the part's share of it, 0 to 1.
        end: likewise.
    """

    def __init__(self, events: Log, start: float, end: float) -> None:
        self._events, self._start, self._end = events, start, end
        self.stop_requested = events.stop_requested

    def write(self, event: Event) -> None:
        """As `EventLog.write`."""
        if isinstance(event, ProgressEvent):
            event = replace(event, fraction=round(self._start + (self._end - self._start) * event.fraction, 4))
        self._events.write(event)


def _ends_within_a_line(path: Path) -> bool:
    """Whether a kill or a full disk has left half a line, which must not swallow the next."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
