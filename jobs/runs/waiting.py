"""Starts runs that outlive QGIS, stops and ends them; those that wait are on a list, one at a time on a device."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QIODevice, QLockFile, QProcess

from ..environment import ROOT, engine_python, qt_environment
from ..errors import GeoDistilError, file_errors
from ..packages import ITEM_FILE
from ..process import LOG_FILE, STOP_FILE
from ..processes import Process, end, engine
from ..servers.note import Note, Stage, read_note
from ..text_files import read_object, texts, write_text
from ..translation import tr
from .files import AFTERWARDS_FILE, LAUNCH_FILE, MODEL_FOLDER, PREDICTIONS, is_run
from .state import RunState, Status

AFTERWARDS_SCRIPT = Path(__file__).parents[1] / "afterwards.py"


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


LIST_FILE = "waiting.json"
PAUSE_SECONDS = 5.0
"""Between two starts, so that the first is seen by everyone, another QGIS included, before the second is decided."""

LOCK_MILLISECONDS = 200


def list_folder() -> Path:
    """Where the list is kept: the person's QGIS profile."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "geodistil"


class WaitingList:
    """Runs that wait for their device, first come first served.

    Args:
        folder: where `waiting.json` is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIST_FILE

    def runs(self) -> list[Path]:
        """The waiting runs, the next one first."""
        return [Path(text) for text in texts(read_object(self._path).get("runs"))]

    def add(self, run: Path) -> None:
        """Put a run at the end, unless it waits already.

        Raises:
            GeoDistilError: the list cannot be written.
        """
        with self._changing() as values:
            if str(run) not in values["runs"]:
                values["runs"].append(str(run))

    def remove(self, run: Path) -> None:
        """Take a run off the list.

        Raises:
            GeoDistilError: the list cannot be written.
        """
        with self._changing() as values:
            values["runs"] = [text for text in values["runs"] if text != str(run)]

    def take(self, states: Iterable[RunState], deleted: Collection[Path] = ()) -> Path | None:
        """Take off the list the first run whose device is free; none where all must wait.

        The runs' own disks are not looked at before there is one, for they may be far away.

        Args:
            states: of all runs that are known.
            deleted: runs that are there no more.

        Raises:
            GeoDistilError: the list cannot be written.
        """
        if not self.runs():
            return None
        with self._changing() as values:
            started = values.get("started")
            if isinstance(started, (int, float)) and 0 <= time.time() - started < PAUSE_SECONDS:
                return None
            known = {state.folder: state for state in states}
            line = [run for run in map(Path, values["runs"]) if run not in deleted and _still_waits(known.get(run))]
            found = _first_free(line, known)
            if found is not None:
                line.remove(found)
                values["started"] = time.time()
            values["runs"] = [str(run) for run in line]
            return found

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """The list's values, written back at the end; no other QGIS changes them meanwhile."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = QLockFile(str(self._path.with_suffix(".lock")))
            if not lock.tryLock(LOCK_MILLISECONDS):
                raise GeoDistilError(
                    "output",
                    tr("The waiting list {path} is in use.").format(path=self._path),
                    tr("Try again in a moment."),
                )
            values = read_object(self._path)
            values["runs"] = texts(values.get("runs"))
            before = json.dumps(values)
            yield values
            if json.dumps(values) != before:
                write_text(self._path, json.dumps(values, indent=2))
            lock.unlock()
        except OSError as error:
            raise GeoDistilError(
                "output",
                tr("The waiting list {path} cannot be written: {reason}.").format(
                    path=self._path, reason=error.strerror
                ),
            ) from error


def _still_waits(state: RunState | None) -> bool:
    """Not where someone else has started it; one that is not known is on a drive that may come back."""
    return state is None or not (state.busy or (state.status is Status.FINISHED and state.predicted))


def _first_free(waiting: list[Path], states: dict[Path, RunState]) -> Path | None:
    taken = [(_place(state), state.asked_device) for state in states.values() if state.busy]
    for run in waiting:
        state = states.get(run)
        if state is None:
            continue
        place = _place(state)
        same = [device for other, device in taken if other == place]
        if not any(share_device(state.asked_device, device) for device in same) and is_run(run):
            return run
        taken.append((place, state.asked_device))  # those behind do not overtake on the same device
    return None


def _place(state: RunState) -> str:
    """The machine whose device a run uses or will use: a server, this one, or another that it was started on."""
    if state.server is not None and not state.trained:
        return state.server.server
    return "" if not state.busy or _is_here(state) else "elsewhere"


def _is_here(state: RunState) -> bool:
    latest = state.launch if state.launch and state.launch.time > state.history.time else None
    host = latest.host if latest else state.history.started.get("host")
    return host == socket.gethostname()


def share_device(one: str, other: str) -> bool:
    """Whether two runs may want the same device; `auto` may be any, `all` is every one."""
    names = {"cuda": "cuda:0"}
    one, other = names.get(one, one), names.get(other, other)
    return bool({"auto", "all"} & {one, other}) or one == other


def start(run: Path) -> None:
    """Train a run, here or on its server, from its last checkpoint where it has one; it goes on when QGIS ends.

    Raises:
        GeoDistilError: there is no engine, or the folder cannot be written.
    """
    note = read_note(run)
    if note is not None and not _is_back(run, note):
        from ..servers.following import begin  # not needed in QGIS's start, where waiting runs are looked for

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
        from ..servers.following import END

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
