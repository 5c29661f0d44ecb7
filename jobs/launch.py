"""Trainings that outlive QGIS: the engine started on its own, with nobody to wait for it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from qgis.PyQt.QtCore import QIODevice, QProcess, QProcessEnvironment

from .environment import ROOT, child_environment, engine_python
from .errors import GeoDistilError
from .process import LOG_FILE, STOP_FILE
from .runs.files import AFTERWARDS_FILE, LAUNCH_FILE, PREDICTIONS
from .text_files import write_text
from .translation import tr

AFTERWARDS_SCRIPT = Path(__file__).with_name("afterwards.py")


def launch(folder: Path, python: Path | None = None, root: Path = ROOT) -> int:
    """Start the training of a run folder, or let it go on from its checkpoint, in a session of its own.

    The child belongs to the system and not to QGIS: it goes on when QGIS closes or is killed. Whoever wants to
    know of it reads `events.jsonl`; an empty file `stop` ends it in order.

    Args:
        folder: a run folder; what its `afterwards.json` lists is predicted when the training is done.
        python: the engine's Python; none finds it.
        root: the folder that holds the package `engine`.

    Returns:
        The child's process id.

    Raises:
        GeoDistilError: the engine's Python is absent or cannot be started.
        OSError: the folder cannot be written.
    """
    for stop in (folder / STOP_FILE, folder / PREDICTIONS / STOP_FILE):
        stop.unlink(missing_ok=True)
    python = python or engine_python()
    if (folder / AFTERWARDS_FILE).exists():
        arguments = [str(AFTERWARDS_SCRIPT), str(folder)]
    else:
        arguments = ["-m", "engine", "train", str(folder)]
    log = folder / LOG_FILE
    log_size = log.stat().st_size if log.exists() else 0
    started, pid = _detached(python, arguments, log, root).startDetached()
    if not started:
        raise GeoDistilError("environment", tr("The engine's Python {python} cannot be started.").format(python=python))
    note = {"pid": pid, "host": socket.gethostname(), "time": time.time(), "log": log_size}
    write_text(folder / LAUNCH_FILE, json.dumps(note))
    return pid


def predict_afterwards(folder: Path, rasters: Sequence[str]) -> None:
    """Note in a run folder what is to be predicted when its training is done; nothing removes the note."""
    path = folder / AFTERWARDS_FILE
    if rasters:
        write_text(path, json.dumps({"predict": list(rasters)}, indent=2, ensure_ascii=False) + "\n")
    else:
        path.unlink(missing_ok=True)


def qt_environment() -> QProcessEnvironment:
    """The child's environment in Qt's words."""
    environment = QProcessEnvironment()
    for key, value in child_environment().items():
        environment.insert(key, value)
    return environment


def _detached(python: Path, arguments: list[str], log: Path, root: Path) -> QProcess:
    process = QProcess()
    process.setProgram(str(python))
    process.setArguments(arguments)
    process.setWorkingDirectory(str(root))
    process.setProcessEnvironment(qt_environment())
    process.setStandardInputFile(QProcess.nullDevice())
    process.setStandardOutputFile(str(log), QIODevice.OpenModeFlag.Append)
    process.setStandardErrorFile(str(log), QIODevice.OpenModeFlag.Append)
    return process
