"""How things stand with the environment: as a page shows it, and what a bug report needs."""

from __future__ import annotations

import enum
import json
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass, field
from os.path import exists, isfile  # not `Path.is_file`, which raises where a folder may not be looked into
from pathlib import Path
from typing import Any

from qgis.core import Qgis

from ..folders import writable
from ..installer.download import digest
from ..installer.job import is_locked
from ..process import LOG_FILE
from . import ROOT, checkout_python, own_python, plugin_version
from .place import Choices, home, installed

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


LOG_LINES = 60
TAIL_BYTES = 1 << 18
LOGIN = re.compile(r"(?<=://)[^/\s@]+@")


def diagnostics(status: Status, folder: Path, choices: Choices) -> str:
    """A text to paste: systems, choices, the last events and the log's last lines; logins in addresses are left out."""
    lines = [
        f"GeoDistil {plugin_version()}, QGIS {Qgis.QGIS_VERSION}, "
        f"Python {platform.python_version()} ({sys.executable})",
        f"System: {platform.platform()}, {platform.machine()}",
        f"State: {status.state.value}; Python: {status.python}",
        f"Folder: {folder}, {_free(folder)}",
        f"Choices: {choices}",
        f"Installed: {json.dumps(status.note)}",
        "",
        "Events:",
        *_tail(folder / "events.jsonl", 12),
        "",
        "Log:",
        *_tail(folder / LOG_FILE, LOG_LINES),
    ]
    return LOGIN.sub("***@", "\n".join(lines)) + "\n"


def _tail(path: Path, count: int) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError as error:
        return [f"({error.strerror})"]


def _free(folder: Path) -> str:
    existing = next(each for each in (folder, *folder.parents) if os.path.exists(each))
    return f"{shutil.disk_usage(existing).free / 1e9:.1f} GB free"
