"""How things stand with the environment, as a page shows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from os.path import exists, isfile  # not `Path.is_file`, which raises where a folder may not be looked into
from pathlib import Path
from typing import Any

from ..folders import writable
from ..installer.job import is_locked
from ..installer.requirements import digest
from . import ROOT, checkout_python, own_python
from .place import home, installed

REQUIREMENTS = ROOT / "resources" / "requirements"


class State(enum.Enum):
    """Where the environment is between not there and ready."""

    MISSING = "missing"
    INSTALLING = "installing"
    BROKEN_OFF = "broken off"
    OUTDATED = "outdated"
    READY = "ready"
    OWN = "own"
    OWN_MISSING = "own missing"


@dataclass(frozen=True)
class Status:
    """How things stand.

    Args:
        state: where the environment is between not there and ready.
        python: the engine's Python.
        note: the installer's, where there is one.
        writable: whether we may change the environment; not another user's.
    """

    state: State
    python: Path | None = None
    note: dict[str, Any] = field(default_factory=dict)
    writable: bool = True


def status(folder: Path | None = None, requirements: Path = REQUIREMENTS) -> Status:
    """How things stand; reads a few small files and starts nothing. A folder that may only be read does for the engine.

    Args:
        folder: the environment's folder; none for the one in the settings.
        requirements: the locked requirements of this plugin.
    """
    folder = folder or home()
    if is_locked(folder):
        return Status(State.INSTALLING, writable=writable(folder))
    own, note = own_python(), installed(folder)
    if own is not None:
        return Status(State.OWN if isfile(own) else State.OWN_MISSING, own)
    if note is not None and isfile(note["python"]):
        state = State.READY if _is_current(note, requirements) else State.OUTDATED
        return Status(state, Path(note["python"]), note, writable(folder))
    if exists(folder / "venv") or exists(folder / "cache"):
        return Status(State.BROKEN_OFF, writable=writable(folder))
    return Status(State.OWN, checkout_python()) if isfile(checkout_python()) else Status(State.MISSING)


def _is_current(note: dict[str, Any], requirements: Path) -> bool:
    path = requirements / note.get("requirements", "")
    return path.is_file() and digest(path, note.get("build", "")) == note.get("digest")
