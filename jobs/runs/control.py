"""Starts, stops and ends runs."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from ..errors import GeoDistilError, file_errors
from ..launch import launch
from ..packages import ITEM_FILE
from ..process import STOP_FILE
from ..processes import Process, end, engine
from ..servers.followers import begin
from ..servers.following import END
from ..servers.note import Note, Stage, read_note
from ..translation import tr
from .files import AFTERWARDS_FILE, MODEL_FOLDER, PREDICTIONS
from .state import RunState


def start(run: Path) -> None:
    """Train a run, here or on its server, from its last checkpoint where it has one; it goes on when QGIS ends.

    Raises:
        GeoDistilError: there is no engine, or the folder cannot be written.
    """
    note = read_note(run)
    if note is not None and not _is_back(run, note):
        begin(run, note)
        return
    try:
        launch(run)
    except OSError as error:
        raise GeoDistilError(
            "output", tr("The run folder {run} cannot be written: {reason}.").format(run=run, reason=error.strerror)
        ) from error


def ask_to_stop(state: RunState) -> None:
    """Ask for an orderly end: of the training, with a checkpoint, or of the prediction after it.

    Raises:
        GeoDistilError: the folder cannot be written.
    """
    stop = _stop_file(state)
    try:
        if state.trained:
            stop.parent.mkdir(exist_ok=True)
        stop.touch()
    except OSError as error:
        raise GeoDistilError(
            "output", tr("{run} cannot be written: {reason}.").format(run=stop, reason=error.strerror)
        ) from error


def end_now(state: RunState) -> None:
    """End a run's processes and their helpers at once; what came after the last checkpoint is lost.

    A process is the run's by its id, its start and its command line; nothing else is ended.

    Raises:
        GeoDistilError: it runs on another machine, or may not be ended.
    """
    if state.server is not None and not state.trained:
        with file_errors():
            _stop_file(state).write_text(END, encoding="utf-8")
        return
    host = state.launch.host if state.trained and state.launch else state.history.started.get("host")
    found = _processes(state) if host == socket.gethostname() and state.busy else []
    if not found:
        raise GeoDistilError(
            "process",
            tr("{state} does not run on this machine.").format(state=state.name),
            tr("End it on {host}.").format(host=host),
        )
    try:
        end(found)
    except PermissionError as error:
        raise GeoDistilError(
            "process", tr("{state} is another user's, and cannot be ended.").format(state=state.name)
        ) from error
    with suppress(OSError):  # nobody is left to answer it
        _stop_file(state).unlink()


def _is_back(run: Path, note: Note) -> bool:
    """Whether a server has done its part: what is left is to predict with the model, here."""
    done = note.stage is Stage.ENDED and (run / MODEL_FOLDER / ITEM_FILE).is_file()
    return done and (run / AFTERWARDS_FILE).exists()


def _stop_file(state: RunState) -> Path:
    return state.folder / PREDICTIONS / STOP_FILE if state.trained else state.folder / STOP_FILE


def _processes(state: RunState) -> list[Process]:
    """The engine's process and the one that was launched here, which may be the same; surely ours, or none."""
    history, prediction, launch = state.history, state.prediction, state.launch
    last_sign = max(history.time, prediction.time, launch.time if launch else 0.0)
    working = prediction if state.trained else history
    pids = [
        int(working.started.get("pid") or 0),
        *([launch.pid] if launch and launch.host == socket.gethostname() else []),
    ]
    found = [engine(pid, last_sign) for pid in dict.fromkeys(pids)]
    return [process for process in found if process is not None and process.arguments]
