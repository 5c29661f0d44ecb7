"""Which Python runs the engine, and in which environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from qgis.core import QgsSettings

from .errors import GeoDistilError

ROOT = Path(__file__).resolve().parent.parent
"""The plugin's folder; `python -m engine` works from here."""

SETTING = "geodistil/enginePython"
VARIABLE = "GEODISTIL_PYTHON"

# QGIS's own libraries and data must not reach the child: its wheels bring GDAL, PROJ and Qt of other versions.
FOREIGN = ("PYTHON", "PROJ", "GDAL", "QGIS", "QT_", "OSGEO4W", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_", "VIRTUAL_ENV")


def engine_python() -> Path:
    """The engine's Python: the setting `geodistil/enginePython`, `GEODISTIL_PYTHON`, or the plugin's own `.venv`.

    Raises:
        GeoDistilError: there is none, or the one that was set does not exist.
    """
    chosen = QgsSettings().value(SETTING, "", type=str) or os.environ.get(VARIABLE, "")
    python = Path(chosen).expanduser() if chosen else _own_python()
    if python.is_file():
        return python
    if chosen:
        raise GeoDistilError(
            "environment",
            f"The engine's Python {python} does not exist.",
            f"Correct the setting {SETTING} or the variable {VARIABLE}.",
        )
    raise GeoDistilError(
        "environment",
        f"The engine's Python environment is not installed at {ROOT / '.venv'}.",
        f"Run `make setup` in {ROOT}, or set {SETTING} to a Python that has the engine's packages.",
    )


def child_environment() -> dict[str, str]:
    """This process's environment without what belongs to QGIS and its Python."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(FOREIGN)}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _own_python() -> Path:
    windows = sys.platform == "win32"
    return ROOT / ".venv" / ("Scripts" if windows else "bin") / ("python.exe" if windows else "python")
