"""The engine's environment: which Python runs the engine, what it inherits, and how it gets onto the machine."""

from __future__ import annotations

import os
import sys
from os.path import isfile  # not `Path.is_file`, which raises where a folder may not be looked into
from pathlib import Path

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QProcessEnvironment

from ..errors import GeoDistilError
from ..translation import tr
from .place import home, installed_python

ROOT = Path(__file__).resolve().parents[2]
"""The plugin's folder; `python -m engine` works from here."""
METADATA = ROOT / "metadata.txt"

SETTING = "geodistil/enginePython"
VARIABLE = "GEODISTIL_PYTHON"

# QGIS's own libraries and data must not reach the child: its wheels bring GDAL, PROJ and Qt of other versions.
FOREIGN = (
    "PYTHON",
    "__PYVENV",
    "PROJ",
    "GDAL",
    "QGIS",
    "QT_",
    "OSGEO4W",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_",
    "VIRTUAL_ENV",
)


def engine_python() -> Path:
    """The engine's Python.

    The first of: the setting `geodistil/enginePython`, `GEODISTIL_PYTHON`, the environment that GeoDistil has set up in
    the user's data folder, the checkout's own `.venv`.

    Raises:
        GeoDistilError: there is none, or the one that was set does not exist.
    """
    chosen = own_python()
    if chosen is not None:
        if isfile(chosen):
            return chosen
        raise GeoDistilError(
            "environment",
            tr("The engine's Python {chosen} does not exist.").format(chosen=chosen),
            tr(
                "Correct the setting {setting} or the variable {variable}, or open GeoDistil > Engine environment."
            ).format(setting=SETTING, variable=VARIABLE),
        )
    python = installed_python(home()) or checkout_python()
    if isfile(python):
        return python
    raise GeoDistilError(
        "environment",
        tr("The engine's Python environment is not set up."),
        tr("Open Plugins > GeoDistil > Engine environment and press Set up."),
    )


def own_python() -> Path | None:
    """The Python that a person named in the settings or a variable, whether it exists or not; none where nobody did."""
    chosen = QgsSettings().value(SETTING, "", type=str) or os.environ.get(VARIABLE, "")
    return Path(chosen).expanduser() if chosen else None


def child_environment() -> dict[str, str]:
    """This process's environment without what belongs to QGIS and its Python."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(FOREIGN)}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def checkout_python() -> Path:
    """Where `make setup` puts a developer's environment."""
    windows = sys.platform == "win32"
    return ROOT / ".venv" / ("Scripts" if windows else "bin") / ("python.exe" if windows else "python")


def qt_environment() -> QProcessEnvironment:
    """The child's environment in Qt's words."""
    environment = QProcessEnvironment()
    for key, value in child_environment().items():
        environment.insert(key, value)
    return environment


def plugin_version() -> str:
    """The plugin's version, and so that of the engine it brings."""
    metadata = METADATA.read_text(encoding="utf-8")
    return next(line for line in metadata.splitlines() if line.startswith("version=")).partition("=")[2]
