"""Follows one `events.jsonl`, reading only what is new."""

from __future__ import annotations

import time
from pathlib import Path

from ..events import EVENTS_FILE
from .history import History, HistoryReader

CHUNK_BYTES = 1 << 20
BREATH_SECONDS = 0.002
"""Pause between chunks of a long file, in which QGIS's own thread gets the interpreter."""


class EventFile:
    """A folder's events, taken in as they come.

    Args:
        folder: the run or output folder; it may not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / EVENTS_FILE
        self._reader, self._offset = HistoryReader(), 0

    @property
    def history(self) -> History:
        """What they say so far."""
        return self._reader.history

    def read(self) -> bool:
        """Take in what is new; whether there was anything."""
        try:
            size = self._path.stat().st_size
        except OSError:
            size = 0
        if size < self._offset:  # deleted or replaced: another history
            self._reader, self._offset = HistoryReader(), 0
            return self.read() or True
        changed = False
        while self._offset < size and self._read_chunk():
            changed = True
        return changed

    def _read_chunk(self) -> bool:
        """Take in the next whole lines; false where there are none."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                lines = file.read(CHUNK_BYTES)
                if b"\n" not in lines:
                    lines += file.readline()
        except OSError:  # deleted just now
            return False
        complete, end, _ = lines.rpartition(b"\n")
        if not end:
            return False
        self._offset += len(complete) + 1
        self._reader.feed(complete.splitlines())
        if len(lines) >= CHUNK_BYTES:
            time.sleep(BREATH_SECONDS)
        return True
