"""The installer's side of `events.jsonl`: the same kinds as a run's."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from .errors import Stopped

EVENTS_FILE = "events.jsonl"
STOP_FILE = "stop"
RESERVE_FILE = "reserve"
RESERVE_BYTES = 1 << 16


class Events:
    """Appends events to a folder's log and looks for its `stop` file.

    A little room is kept in reserve, so that a full disk can still be told of.

    Args:
        folder: the environment's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._stop = folder / STOP_FILE
        self._path = folder / EVENTS_FILE
        self._reserve = folder / RESERVE_FILE

    def open(self) -> None:
        """Take the reserve; to be called by the one installation that writes."""
        self._reserve.write_bytes(bytes(RESERVE_BYTES))

    def close(self) -> None:
        """Give the reserve back."""
        self._reserve.unlink(missing_ok=True)

    def write(self, kind: str, **values: Any) -> None:
        """Append one event."""
        line = json.dumps({"time": round(time.time(), 3), "kind": kind, **values}) + "\n"
        try:
            self._append(line)
        except OSError:
            self.close()
            self._append(line)

    def check_stop(self) -> None:
        """End here where a person asked for it.

        Raises:
            Stopped: the file `stop` is there.
        """
        if self._stop.exists():
            raise Stopped

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
