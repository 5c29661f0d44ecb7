"""Reads a job's `events.jsonl` while the engine is still writing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENTS_FILE = "events.jsonl"


class EventReader:
    """Gives each event of a folder once.

    Args:
        folder: the run or output folder; the file may not be there yet.
        from_start: false leaves out what is there already, for a run that goes on from a checkpoint.
    """

    def __init__(self, folder: Path, from_start: bool = True) -> None:
        self._path = folder / EVENTS_FILE
        self._offset = 0 if from_start or not self._path.exists() else self._path.stat().st_size

    def new(self) -> list[dict[str, Any]]:
        """The events since the last call; a line still being written is left for the next."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            complete, end, _ = file.read().rpartition(b"\n")
        self._offset += len(complete) + len(end)
        return [event for event in map(_event, complete.splitlines()) if event]


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:  # a line cut short by a kill, to which a later run appended
        return None
    return event if isinstance(event, dict) else None
