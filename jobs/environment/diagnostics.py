"""What a bug report about the environment needs, without anybody's password."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from qgis.core import Qgis

from ..process import LOG_FILE
from . import ROOT
from .place import Choices
from .status import Status

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


def plugin_version() -> str:
    """The plugin's version, and so that of the engine it brings."""
    metadata = (ROOT / "metadata.txt").read_text(encoding="utf-8")
    return next(line for line in metadata.splitlines() if line.startswith("version=")).partition("=")[2]
