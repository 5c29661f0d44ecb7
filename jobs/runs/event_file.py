"""Follows one `events.jsonl`, reading only what is new."""

from __future__ import annotations

import time
from pathlib import Path

from ..events import EVENTS_FILE, LineReader
from .history import History, HistoryReader

MOST_CHUNKS = 64
"""Of a megabyte, taken in by one call: other runs have their turn too while a very long log is read."""

BREATH_SECONDS = 0.002
"""Pause between chunks of a long file, in which QGIS's own thread gets the interpreter."""


class EventFile:
    """A folder's events, taken in as they come.

    Args:
        folder: the run or output folder; it may not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = LineReader(folder / EVENTS_FILE)
        self._reader = HistoryReader()
        self.behind = False
        """Whether there is more than the last call has taken in."""

    @property
    def history(self) -> History:
        """What they say so far."""
        return self._reader.history

    def read(self) -> bool:
        """Take in what is new; whether there was anything."""
        changed = self._lines.restarted()
        if changed:
            self._reader = HistoryReader()
        for _ in range(MOST_CHUNKS):
            lines = self._lines.chunk()
            self.behind = lines is not None
            if lines is None:
                break
            changed |= bool(lines)
            self._reader.feed(lines)
            if self._lines.full:
                time.sleep(BREATH_SECONDS)
        before = self.history.damaged
        self._reader.overlook(self._lines.damaged)
        return changed or self.history.damaged != before
