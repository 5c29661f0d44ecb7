"""What is known of a run on a server: `server.json` in the run folder here, written by whoever follows it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from ..text_files import read_object, write_text

NOTE_FILE = "server.json"
LOCK_FILE = "server.lock"
"""Held by the QGIS that follows the run."""


class Stage(Enum):
    """How far a run on a server is."""

    PLANNED = "planned"
    COPYING = "copying"
    WORKING = "working"
    FETCHING = "fetching"
    ENDED = "ended"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNDER_WAY = (Stage.COPYING, Stage.WORKING, Stage.FETCHING)
"""Stages in which somebody has to follow."""


@dataclass(frozen=True)
class Note:
    """A run on a server.

    Args:
        server: the server's id.
        name: its name, when it was last seen.
        stage: how far it is.
        folder: the run folder there, once it is made; empty before.
        begun: whether it was ever started there, so that what is there counts and not what is here.
        token: names the current start, so that it is made once.
        pid: the process there; 0 in a queue.
        since: when that began, in its system's ticks.
        job: the queue's name for it; empty without a queue.
        alive: whether it lived when it was last seen.
        waits: whether it waits in the queue.
        fraction: of the copying, 0 to 1.
        seconds_left: of the copying; none while there is no estimate.
        trouble: a sentence on what is wrong with the connection, or why it could not start; else empty.
    """

    server: str
    name: str
    stage: Stage = Stage.PLANNED
    folder: str = ""
    begun: bool = False
    token: str = ""
    pid: int = 0
    since: int = 0
    job: str = ""
    alive: bool = False
    waits: bool = False
    fraction: float = 0.0
    seconds_left: float | None = None
    trouble: str = ""


def read_note(run: Path) -> Note | None:
    """A run's note; none where it is of this machine, or the note is damaged."""
    values = read_object(run / NOTE_FILE)
    known = {each.name: values[each.name] for each in fields(Note) if each.name in values}
    try:
        note = Note(**{**known, "stage": Stage(known.get("stage"))})
    except (TypeError, ValueError):
        return None
    return note if _sound(note) else None


def write_note(run: Path, note: Note) -> None:
    """Write a run's note in one step.

    Raises:
        OSError: it cannot be written.
    """
    values: dict[str, Any] = {**asdict(note), "stage": note.stage.value}
    write_text(run / NOTE_FILE, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _sound(note: Note) -> bool:
    texts = (note.server, note.name, note.folder, note.token, note.job, note.trouble)
    numbers = (note.pid, note.since, note.fraction, note.seconds_left or 0)
    return all(isinstance(each, str) for each in texts) and all(isinstance(each, (int, float)) for each in numbers)
