"""How things stand with the environment, as a page shows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..installer.guard import is_locked
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
    """The state, the engine's Python, and the installer's note where there is one."""

    state: State
    python: Path | None = None
    note: dict[str, Any] = field(default_factory=dict)


def status(folder: Path | None = None, requirements: Path = REQUIREMENTS) -> Status:
    """How things stand; reads a few small files and starts nothing.

    Args:
        folder: the environment's folder; none for the one in the settings.
        requirements: the locked requirements of this plugin.
    """
    folder = folder or home()
    if is_locked(folder):
        return Status(State.INSTALLING)
    own, note = own_python(), installed(folder)
    if own is not None:
        return Status(State.OWN if own.is_file() else State.OWN_MISSING, own)
    if note is not None and Path(note["python"]).is_file():
        state = State.READY if _is_current(note, requirements) else State.OUTDATED
        return Status(state, Path(note["python"]), note)
    if (folder / "venv").exists() or (folder / "cache").exists():
        return Status(State.BROKEN_OFF)
    return Status(State.OWN, checkout_python()) if checkout_python().is_file() else Status(State.MISSING)


def _is_current(note: dict[str, Any], requirements: Path) -> bool:
    path = requirements / note.get("requirements", "")
    return path.is_file() and digest(path, note.get("build", "")) == note.get("digest")
