"""Follows one run folder, reading only what is new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..packages import ITEM_FILE
from ..process import LOG_FILE, STOP_FILE
from ..run_folder import RUN_FILE
from ..servers.note import NOTE_FILE, Note, Stage, read_note
from ..text_files import read_object, texts
from .alive import is_alive
from .event_file import EventFile
from .files import (
    AFTERWARDS_FILE,
    CHECKPOINTS,
    LAUNCH_FILE,
    MODEL_FOLDER,
    PREDICTIONS,
    REPORT_FILE,
)
from .history import History
from .state import TEACHERS, Alive, Launch, RunState, Status, prediction_status, server_status, status

LAST_LINE_BYTES = 4096


class RunTracker:
    """Turns a run folder into a `RunState` whenever something about it changed.

    Args:
        folder: the run folder.
        alive: tells whether a process lives.
    """

    def __init__(self, folder: Path, alive: Alive = is_alive) -> None:
        self._folder, self._alive = folder, alive
        self._events, self._predicted = EventFile(folder), EventFile(folder / PREDICTIONS)
        self._settings: dict[str, Any] = {}
        self._launch: dict[str, Any] = {}
        self._rasters: list[str] = []
        self._server: Note | None = None
        self._stamps: dict[str, int] = {}
        self._shown: tuple[Any, ...] = ()
        self._changed = False

    def poll(self) -> RunState | None:
        """The run's state where it differs from the last call's; none where all is as before."""
        self._changed |= self._events.read()
        self._changed |= self._predicted.read()
        self._changed |= self._read_small_files()
        if self._events.behind or self._predicted.behind:  # half a story would be another state
            return None
        launch, history = self._last_launch(), self._events.history
        now = self._status(history, launch)
        model, report = self._folder / MODEL_FOLDER / ITEM_FILE, self._folder / REPORT_FILE
        shown = (now, model.is_file(), report.is_file(), self._teachers())
        if not self._changed and shown == self._shown:
            return None
        self._shown, self._changed = shown, False
        return RunState(
            folder=self._folder,
            settings=self._settings,
            status=now,
            history=history.copy(),
            launch=launch,
            has_model=shown[1],
            has_report=shown[2],
            teachers=shown[3],
            prediction=self._predicted.history.copy(),
            rasters=len(self._rasters),
            server=self._server,
        )

    def _status(self, history: History, launch: Launch | None) -> Status:
        server = self._server
        if server is not None and not (self._rasters and server.stage is Stage.ENDED and history.finished):
            return server_status(server, history, launch, (self._folder / STOP_FILE).exists())
        if self._rasters and history.finished:
            stop = (self._folder / PREDICTIONS / STOP_FILE).exists()
            return prediction_status(history, self._predicted.history, launch, stop, self._alive)
        return status(history, launch, (self._folder / STOP_FILE).exists(), self._alive)

    def _read_small_files(self) -> bool:
        run_changed, launch_changed = self._touched(RUN_FILE), self._touched(LAUNCH_FILE)
        if run_changed:
            self._settings = read_object(self._folder / RUN_FILE) or self._settings
        if launch_changed:
            self._launch = _sound_launch(read_object(self._folder / LAUNCH_FILE))
        rasters_changed = self._touched(AFTERWARDS_FILE)
        if rasters_changed:
            self._rasters = texts(read_object(self._folder / AFTERWARDS_FILE).get("predict"))
        server_changed = self._touched(NOTE_FILE)
        if server_changed:
            self._server = read_note(self._folder)
        return run_changed or launch_changed or rasters_changed or server_changed

    def _touched(self, name: str) -> bool:
        try:
            stamp = (self._folder / name).stat().st_mtime_ns
        except OSError:
            stamp = 0
        before, self._stamps[name] = self._stamps.get(name, 0), stamp
        return stamp != before

    def _last_launch(self) -> Launch | None:
        if not self._launch:
            return None
        host, when = self._launch["host"], self._launch["time"]
        silent = when > max(self._events.history.time, self._predicted.history.time)
        return Launch(self._launch["pid"], host, when, self._last_line() if silent else "")

    def _last_line(self) -> str:
        """The log's last line: the engine's sentence where it ended before its first event."""
        try:
            with (self._folder / LOG_FILE).open("rb") as log:
                log.seek(max(self._launch["log"], log.seek(0, 2) - LAST_LINE_BYTES))
                lines = log.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return last[len("error: ") :] if last.startswith("error: ") else last

    def _teachers(self) -> tuple[str, ...]:
        """Both teachers, once they are trained."""
        stages = [stage.name for stage in self._events.history.stages]
        done = self._events.history.finished or any(name not in TEACHERS for name in stages)
        weights = [self._folder / CHECKPOINTS / f"{name}.safetensors" for name in TEACHERS]
        return TEACHERS if done and all(path.is_file() for path in weights) else ()


def _sound_launch(note: dict[str, Any]) -> dict[str, Any]:
    """What `launch.json` says; empty where it is damaged."""
    pid, host, when, log = (note.get(key) for key in ("pid", "host", "time", "log"))
    counts = all(isinstance(each, int) and 0 <= each < 2**53 for each in (pid, log or 0))
    if not counts or not isinstance(host, str) or not isinstance(when, (int, float)) or not 0 <= when < 2.2e11:
        return {}
    return {"pid": pid, "host": host, "time": float(when), "log": log or 0}
