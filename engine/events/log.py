"""The event log: one JSON object a line, appended and flushed, and read at any time.

A log outlives kills, full disks and lost power, so what is in it is never believed: damaged lines are left out and
counted. `jobs.events` is the plugin's own reader.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ..errors import GeoDistilError, cannot_write
from ..files import parse_json
from ..types import given
from .kinds import Event, FailedEvent, ProgressEvent

EVENTS_FILE = "events.jsonl"
STOP_FILE = "stop"

CHUNK_BYTES = LONGEST_LINE = 1 << 20
"""A longer line counts as damaged, unless it is the end of the work: of a prediction of many rasters. Of that only time
and kind are taken."""

PARSED_BYTES = 1 << 25
"""Of lines that are neither progress nor starts and ends; then every other is read, then every fourth, and so on."""

MOST_PROGRESS = 1000
"""`progress` lines in a row that are all read; of more, every other, then every fourth, and so on."""

PROGRESS = b'"kind": "progress"'
KIND_ENDS = 80
"""Time and kind are written first, so the kind is within so many bytes."""

MANY = re.compile(rb'"kind": "(?:metrics|note|warning|figure|checkpoint)"')
HEAD = re.compile(rb'\{"time": (\d{1,11}(?:\.\d{1,9})?), "kind": "(finished|failed|stopped)"[,}]')


class Events(Iterator[dict[str, Any]]):
    """The sound events of a log so far, in their order; each is of a shape that readers need not doubt.

    A line still being written is left out. Of a long row of `progress` the first `MOST_PROGRESS`, then ever fewer, and
    the last are read; time and memory are bounded by that, by `PARSED_BYTES` and by `LONGEST_LINE`.

    Args:
        path: the log; it may not be there.
    """

    def __init__(self, path: Path) -> None:
        self.damaged = 0
        """Lines left out so far: torn, overwritten, too long, or not what we write."""
        self._events = self._read(path)

    def __next__(self) -> dict[str, Any]:
        """The next event."""
        return next(self._events)

    def _read(self, path: Path) -> Iterator[dict[str, Any]]:
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in _thinned(self._lines(file)):
                event = sound_event(line)
                if event is None:
                    self.damaged += 1
                else:
                    yield event

    def _lines(self, file: BinaryIO) -> Iterator[bytes]:
        """Whole lines that may be events; those that cannot be are counted here, where it costs least."""
        rest, head = b"", b""
        while chunk := file.read(CHUNK_BYTES):
            whole, end, rest = (rest + chunk).rpartition(b"\n")
            if end and head:  # of a line that is too long
                _, _, whole = whole.partition(b"\n")
                yield head
                head = b""
            if b'"kind"' in whole:
                for line in whole.split(b"\n"):
                    if line.startswith(b"{") and line.endswith((b"}", b"}\r")):
                        yield line
                    elif line.strip():
                        self.damaged += 1
            elif whole.strip():
                self.damaged += whole.count(b"\n") + 1
            if len(rest) > LONGEST_LINE:
                rest, head = b"", head or rest[:KIND_ENDS]


def read_events(folder: Path) -> Events:
    """The events of a folder so far.

    Raises:
        OSError: the log cannot be read.
    """
    return Events(folder / EVENTS_FILE)


def sound_event(line: bytes) -> dict[str, Any] | None:
    """The event of a line; none where it is damaged or has something of another type than we write."""
    ended = HEAD.match(line)
    if ended and (len(line) > LONGEST_LINE or not line.endswith((b"}", b"}\r"))):
        return {"time": float(ended[1]), "kind": ended[2].decode("ascii")}
    if len(line) > LONGEST_LINE or (not ended and line.count(b"[") + line.count(b"{") > _MOST_BRACKETS):
        return None
    try:
        event = parse_json(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or not _is_text(event.get("kind")) or not _is_number(event.get("time")):
        return None
    if not 0 <= event["time"] < _YEAR_9000:
        return None
    needed = _NEEDED.get(event["kind"], ())
    missing = any(event.get(key) is None for key in needed)
    given = [key for key in _CHECKS if event.get(key) is not None]
    return event if not missing and all(_CHECKS[key](event[key]) for key in given) else None


def _thinned(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines with ever fewer of what there is very much; the last `progress` before anything else is among them."""
    count, stride, last = 0, 1, b""
    others, every, parsed = 0, 1, 0
    for line in lines:
        if line.find(PROGRESS, 0, KIND_ENDS) < 0:
            if last:
                yield last
                last = b""
            if MANY.search(line, 0, KIND_ENDS):
                others += 1
                if others % every:
                    continue
                parsed += len(line)
                if parsed > PARSED_BYTES:
                    parsed, every = 0, 2 * every
            elif line.find(b'"kind": "stage"', 0, KIND_ENDS) >= 0:
                count, stride = 0, 1
            yield line
            continue
        count += 1
        last = line if count % stride else b""
        if not last:
            yield line
            if count >= MOST_PROGRESS * stride:
                stride *= 2
    if last:
        yield last


_YEAR_9000 = 2.2e11
_MOST = 1e39
"""No loss of 32 bits is larger."""

_MOST_STEPS = 2**53
_MOST_CHARACTERS = 100_000
_MOST_BRACKETS = 1_000
"""In a line that is not an end: a cheap sign that it will take long to parse, for nothing."""
_MOST_KEYS = 4_000
"""Of losses or scores, of which the classes have several each; and characters of one."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_CHARACTERS


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST  # nan is not


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_STEPS


def _is_values(value: Any) -> bool:
    return _is_small(value) and all(each is None or _is_number(each) for each in value.values())


def _is_texts(value: Any) -> bool:
    return _is_small(value) and all(map(_is_text, value.values()))


def _is_small(value: Any) -> bool:
    return isinstance(value, dict) and len(value) <= _MOST_KEYS and all(len(key) <= _MOST_KEYS for key in value)


_NEEDED = {
    "stage": ("name",),
    "progress": ("stage", "step", "of"),
    "metrics": ("stage", "network", "step", "values"),
    "note": ("message",),
    "warning": ("message",),
}
"""By kind, the keys that an event must have."""

_CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "stage", "network", "message", "hint", "code", "host", "device", "precision"), _is_text),
    **dict.fromkeys(("step", "of", "index", "pid"), _is_count),
    **dict.fromkeys(("samples_per_second", "eta_seconds", "fraction"), _is_number),
    **dict.fromkeys(("losses", "values"), _is_values),
    **dict.fromkeys(("networks", "versions"), _is_texts),
    "roles": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
"""By key, what its value is, where it is not null."""


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
