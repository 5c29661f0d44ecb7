"""Progress of work that consists of a few long parts, whose usual durations tell how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..events import EventLog, PartOfLog, ProgressEvent

PACKAGING = "packaging"
"""The stage, in progress events, of all that is made of a trained network."""


class Steps:
    """Tells of each part when it begins; where a stop was asked for, it does not begin.

    Args:
        events: told.
        parts: what they are, for people, and how long each takes beside the others.
    """

    def __init__(self, events: EventLog | PartOfLog, parts: Iterable[tuple[str, float]]) -> None:
        self._events, self._parts = events, list(parts)
        self._done, self._begun = 0, time.monotonic()

    def begin(self, part: str) -> None:
        """Say that a part begins, and so that those before it are done.

        Args:
            part: one of them, in their order; some may be left out.

        Raises:
            Stopped: a stop was asked for.
        """
        from ..errors import Stopped

        if self._events.stop_requested():
            raise Stopped(f"It was stopped as asked, before: {part}.", "Start it again to go on.")
        names = [name for name, _ in self._parts]
        self._done = names.index(part)
        self._write(part, self._done + 1)

    def end(self) -> None:
        """Say that all is done."""
        self._done = len(self._parts)
        self._write(self._parts[-1][0], len(self._parts))

    def _write(self, part: str, step: int) -> None:
        seconds, done = time.monotonic() - self._begun, sum(weight for _, weight in self._parts[: self._done])
        whole = sum(weight for _, weight in self._parts)
        self._events.write(
            ProgressEvent(
                stage=PACKAGING,
                part=part,
                step=step,
                of=len(self._parts),
                eta_seconds=round(seconds * (whole - done) / done, 1) if done else None,
                fraction=round(done / whole, 4),
            )
        )
