"""Reads a job's `events.jsonl` while the engine is still writing it.

A log outlives kills, full disks and lost power, and may come from a stranger, so what is in it is never believed:
damaged lines are left out and counted. `engine.events` is the engine's own reader.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

from .text_files import parsed_json

EVENTS_FILE = "events.jsonl"

CHUNK_BYTES = 1 << 20
LONGEST_LINE = 1 << 25
"""Bytes; a longer line counts as damaged. That of a prediction of 100,000 rasters is shorter."""


class LineReader:
    """Gives each whole line of a growing file once, a chunk at a time; memory is bounded by `LONGEST_LINE`.

    Args:
        path: the file; it may not be there yet.
        offset: bytes at its beginning that are left out.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._path, self._offset = path, offset
        self._rest, self._too_long = b"", False
        self.damaged = 0
        """Lines left out so far that no event can be."""
        self.full = False
        """Whether the last chunk was a whole one, so that there is probably more."""

    def restarted(self) -> bool:
        """Whether the file is shorter than what was read of it: deleted or replaced; it is read anew then."""
        try:
            size = self._path.stat().st_size
        except OSError:
            size = 0
        if size >= self._offset:
            return False
        self._offset, self._rest, self._too_long, self.damaged = 0, b"", False, 0
        return True

    def chunk(self) -> list[bytes] | None:
        """The lines that may be events of the next chunk, which may be none; nothing at the file's end."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read(CHUNK_BYTES)
        except OSError:  # not there yet, or deleted just now
            return None
        if not chunk:
            return None
        self._offset += len(chunk)
        self.full = len(chunk) == CHUNK_BYTES
        whole, end, self._rest = (self._rest + chunk).rpartition(b"\n")
        if end and self._too_long:
            _, _, whole = whole.partition(b"\n")
            self.damaged, self._too_long = self.damaged + 1, False
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._too_long = b"", True
        return self._likely(whole)

    def _likely(self, whole: bytes) -> list[bytes]:
        if b'"kind"' not in whole:
            self.damaged += whole.count(b"\n") + 1 if whole.strip() else 0
            return []
        lines = whole.split(b"\n")
        likely = [line for line in lines if line[:1] == b"{" and line.endswith(_ENDS)]
        if len(likely) < len(lines):
            self.damaged += len(lines) - len(likely) - sum(not line.strip() for line in lines)
        return likely


class EventReader:
    """Gives each event of a folder once.

    Args:
        folder: the run or output folder; the file may not be there yet.
        from_start: false leaves out what is there already, for a run that goes on from a checkpoint.
    """

    def __init__(self, folder: Path, from_start: bool = True) -> None:
        path = folder / EVENTS_FILE
        self._lines = LineReader(path, 0 if from_start or not path.exists() else path.stat().st_size)

    def new(self) -> list[dict[str, Any]]:
        """The events since the last call; a line still being written is left for the next, a damaged one out."""
        self._lines.restarted()
        events = []
        while (lines := self._lines.chunk()) is not None:
            events += [event for event in map(sound_event, lines) if event]
        return events


def last_event(folder: Path) -> dict[str, Any]:
    """The last sound event of a folder, found from the log's end; empty where there is none."""
    path = folder / EVENTS_FILE
    try:
        size = path.stat().st_size
        for length in (CHUNK_BYTES, LONGEST_LINE):
            with path.open("rb") as file:
                file.seek(max(0, size - length))
                lines = file.read(length).rpartition(b"\n")[0].split(b"\n")[size > length :]  # the first is not whole
            found = next((event for event in map(sound_event, reversed(lines[-_MOST_TRIED:])) if event), {})
            if found or size <= length:
                return found
    except OSError:
        pass
    return {}


def sound_event(line: bytes) -> dict[str, Any] | None:
    """The event of a line; none where it is damaged or has something of another type than is written."""
    if line.count(b"[") + line.count(b"{") > _MOST_BRACKETS and not _HEAD.match(line):
        return None
    try:
        event = parsed_json(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or not _is_text(event.get("kind")):
        return None
    needed = _NEEDED.get(event["kind"], ())
    given = [key for key in _CHECKS if event.get(key) is not None]
    whole = all(event.get(key) is not None for key in needed)
    sound = whole and all(_CHECKS[key](event[key]) for key in given)
    return event if sound and (event["kind"] != "metrics" or _is_values(event.get("values", {}))) else None


def head_of(line: bytes) -> dict[str, Any] | None:
    """Time and kind of an end of work whose line is too long to be parsed in passing; none of any other line."""
    found = _HEAD.match(line)
    return {"time": float(found[1]), "kind": found[2].decode("ascii")} if found else None


_ENDS = (b"}", b"}\r")
_HEAD = re.compile(rb'\{"time": (\d{1,11}(?:\.\d{1,9})?), "kind": "(finished|failed|stopped)"[,}]')
_MOST_TRIED = 1000
"""Lines at a log's end among which there is a sound one."""

_MOST_BRACKETS = 1000
"""In a line that is not an end: a cheap sign that it will take long to parse, for nothing."""

_YEAR_9000 = 2.2e11
_MOST = 1e39
_MOST_STEPS = 2**53
_MOST_CHARACTERS = 100_000
_MOST_KEYS = 4_000


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_CHARACTERS


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MOST  # nan is not


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_STEPS


def _is_time(value: Any) -> bool:
    return _is_number(value) and 0 <= value < _YEAR_9000


def _is_seconds(value: Any) -> bool:
    return _is_number(value) and abs(value) < _YEAR_9000


def _is_values(value: Any) -> bool:
    small = isinstance(value, dict) and len(value) <= _MOST_KEYS and all(len(key) <= _MOST_KEYS for key in value)
    return small and all(each is None or _is_number(each) for each in value.values())


_NEEDED = {
    "stage": ("name",),
    "progress": ("step",),
    "metrics": ("step",),
}
"""By kind, the keys that an event must have."""

_CHECKS: dict[str, Callable[[Any], bool]] = {
    "time": _is_time,
    **dict.fromkeys(("name", "stage", "network", "message", "hint", "code", "host", "device", "package"), _is_text),
    **dict.fromkeys(("step", "of", "index", "pid"), _is_count),
    **dict.fromkeys(("samples_per_second", "fraction", "megabytes"), _is_number),
    "eta_seconds": _is_seconds,
    "losses": _is_values,
}
"""By key, what its value is, where it is not null."""
