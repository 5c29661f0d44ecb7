"""Reading an event log, at any time.

A log outlives kills, full disks and lost power, so what is in it is never believed: damaged lines are left out and
counted. `jobs.events` is the plugin's own reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..text_files import parse_json

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
