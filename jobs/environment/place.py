"""Where the engine's environment lies, what a person chose about it, and how it goes."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QStandardPaths

from ..errors import GeoDistilError
from ..installer.errors import InstallError
from ..installer.job import LOCK_FILE, STATE_FILE, only_one
from ..text_files import read_object
from ..translation import tr


def sentence(told: dict[str, Any]) -> str:
    """What a `failed` or `warning` event, or `InstallError.told`, says."""
    text, hint = told.get("text"), told.get("hint")
    message = _filled(text, told.get("values")) if text else told.get("message") or ""
    return f"{message} {tr(hint)}" if hint else message


def _filled(text: str, values: Any) -> str:
    """A text with its values; as it is where the event that has both is damaged."""
    try:
        return tr(text).format(**values)
    except (TypeError, LookupError, ValueError, AttributeError):
        return str(text)


PREFIX = "geodistil/environment/"
TOOLS = ("auto", "uv", "pip")
BUILDS = ("auto", "default", "cpu", "cu126", "cu130")


@dataclass
class Choices:
    """All may stay as they are: the installer then finds its own way.

    Args:
        python: the Python to make the environment from.
        tool: one of `TOOLS`.
        build: the build of torch, one of `BUILDS`.
        wheels: a folder of wheels to install from, for machines without network.
        index: another package index, for example an organisation's mirror.
        folder: where the environment goes.
    """

    python: str = ""
    tool: str = "auto"
    build: str = "auto"
    wheels: str = ""
    index: str = ""
    folder: str = ""

    @classmethod
    def load(cls) -> Choices:
        """From the settings."""
        settings = QgsSettings()
        values = {each.name: settings.value(PREFIX + each.name, each.default, type=str) for each in fields(cls)}
        return cls(**values)

    def save(self) -> None:
        """Into the settings; what is not chosen leaves none."""
        settings = QgsSettings()
        for each in fields(self):
            value = getattr(self, each.name)
            if value == each.default:
                settings.remove(PREFIX + each.name)
            else:
                settings.setValue(PREFIX + each.name, value)

    def for_request(self) -> dict[str, str]:
        """The part that goes into `request.json`: an index may hold a password, so it goes another way."""
        return {key: value for key, value in asdict(self).items() if key not in ("index", "folder")}


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
