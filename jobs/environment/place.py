"""Where the engine's environment lies, and how it goes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QStandardPaths

from ..errors import GeoDistilError
from ..installer.errors import InstallError
from ..installer.guard import LOCK_FILE, only_one
from ..installer.job import STATE_FILE
from ..text_files import read_object
from ..translation import tr
from .sentences import sentence

FOLDER_SETTING = "geodistil/environment/folder"
PARTS = ("venv", "cache", "tools", "pythons", "scratch")
"""What the installer makes, besides its files; nothing else is ever removed."""

FILES = ("events.jsonl", "log.txt", "request.json", "certificates.pem", "stop", "reserve")


def home() -> Path:
    """The environment's folder: chosen in the settings, or in the user's local data, which does not roam."""
    chosen = QgsSettings().value(FOLDER_SETTING, "", type=str)
    return Path(chosen).expanduser() if chosen else default_home()


def default_home() -> Path:
    """The folder that holds where nobody chose one; all profiles of QGIS share it."""
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(data) / "GeoDistil" / "environment"


def installed(folder: Path) -> dict[str, Any] | None:
    """What the installer noted when all was there and had been tried; none before, and while something is missing."""
    note = read_object(folder / STATE_FILE)
    return note if isinstance(note.get("python"), str) else None


def installed_python(folder: Path) -> Path | None:
    """The Python of a complete environment."""
    note = installed(folder)
    return Path(note["python"]) if note else None


def remove(folder: Path) -> None:
    """Delete the environment, but nothing else that may lie in its folder.

    Raises:
        GeoDistilError: an installation is under way, or a file cannot be deleted.
    """
    if not folder.is_dir():
        return
    try:
        with only_one(folder):
            (folder / STATE_FILE).unlink(missing_ok=True)
            for name in PARTS:
                if (folder / name).exists():
                    shutil.rmtree(folder / name)
            for name in FILES:
                (folder / name).unlink(missing_ok=True)
        (folder / LOCK_FILE).unlink(missing_ok=True)
    except InstallError as error:
        raise GeoDistilError("environment", sentence(error.told), tr(error.hint)) from error
    except OSError as error:
        raise GeoDistilError(
            "environment",
            tr("{path} cannot be deleted: {reason}.").format(path=error.filename or folder, reason=error.strerror),
            tr("End the runs that use the engine, and try again."),
        ) from error
