"""Follows one run folder, reading only what is new."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..events import EVENTS_FILE
from ..packages import ITEM_FILE
from ..process import LOG_FILE, STOP_FILE
from ..run_folder import RUN_FILE
from .alive import is_alive
from .files import CHECKPOINTS, LAUNCH_FILE, MODEL_FOLDER, PREDICTIONS, REPORT_FILE, prediction_ending, read_json
from .history import HistoryReader
from .state import TEACHERS, Alive, Launch, RunState, Status, status

CHUNK_BYTES = 1 << 20
LAST_LINE_BYTES = 4096
BREATH_SECONDS = 0.002
"""Pause between chunks of a long file, in which QGIS's own thread gets the interpreter."""


class RunTracker:
    """Turns a run folder into a `RunState` whenever something about it changed.

    Args:
        folder: the run folder.
        alive: tells whether a process lives.
    """

    def __init__(self, folder: Path, alive: Alive = is_alive) -> None:
        self._folder, self._alive = folder, alive
        self._reader, self._offset = HistoryReader(), 0
        self._settings: dict[str, Any] = {}
        self._launch: dict[str, Any] = {}
        self._prediction: dict[str, Any] = {}
        self._stamps: dict[str, int] = {}
        self._shown: tuple[Any, ...] = ()

    def poll(self) -> RunState | None:
        """The run's state where it differs from the last call's; none where all is as before."""
        changed = self._read_events()
        changed |= self._read_small_files()
        launch = self._last_launch()
        now = status(self._reader.history, launch, (self._folder / STOP_FILE).exists(), self._alive)
        model, report = self._folder / MODEL_FOLDER / ITEM_FILE, self._folder / REPORT_FILE
        shown = (now, model.is_file(), report.is_file())
        if not changed and shown == self._shown:
            return None
        self._shown = shown
        history, teachers = self._reader.history.copy(), self._teachers(now)
        return RunState(
            self._folder, self._settings, now, history, launch, shown[1], shown[2], teachers, self._prediction
        )

    def _read_events(self) -> bool:
        path = self._folder / EVENTS_FILE
        try:
            size = path.stat().st_size
        except OSError:
            size = 0
        if size < self._offset:  # deleted or replaced: another history
            self._reader, self._offset = HistoryReader(), 0
            return self._read_events() or True
        changed = False
        while self._offset < size and self._read_chunk(path):
            changed = True
        return changed

    def _read_chunk(self, path: Path) -> bool:
        """Take in the next whole lines; false where there are none."""
        try:
            with path.open("rb") as file:
                file.seek(self._offset)
                lines = file.read(CHUNK_BYTES)
                if b"\n" not in lines:
                    lines += file.readline()
        except OSError:  # deleted just now
            return False
        complete, end, _ = lines.rpartition(b"\n")
        if not end:
            return False
        self._offset += len(complete) + 1
        self._reader.feed(complete.splitlines())
        if len(lines) >= CHUNK_BYTES:
            time.sleep(BREATH_SECONDS)
        return True

    def _read_small_files(self) -> bool:
        run_changed, launch_changed = self._touched(RUN_FILE), self._touched(LAUNCH_FILE)
        if run_changed:
            self._settings = read_json(self._folder / RUN_FILE) or self._settings
        if launch_changed:
            self._launch = read_json(self._folder / LAUNCH_FILE)
        predictions_changed = self._touched(f"{PREDICTIONS}/{EVENTS_FILE}")
        if predictions_changed:
            self._prediction = prediction_ending(self._folder)
        return run_changed or launch_changed or predictions_changed

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
        host, when = str(self._launch.get("host")), float(self._launch.get("time") or 0)
        silent = when > self._reader.history.time
        return Launch(int(self._launch.get("pid") or 0), host, when, self._last_line() if silent else "")

    def _last_line(self) -> str:
        """The log's last line: the engine's sentence where it ended before its first event."""
        try:
            with (self._folder / LOG_FILE).open("rb") as log:
                log.seek(max(int(self._launch.get("log") or 0), log.seek(0, 2) - LAST_LINE_BYTES))
                lines = log.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return last[len("error: ") :] if last.startswith("error: ") else last

    def _teachers(self, now: Status) -> tuple[str, ...]:
        """Both teachers, once they are trained."""
        stages = [stage.name for stage in self._reader.history.stages]
        done = now is Status.FINISHED or any(name not in TEACHERS for name in stages)
        weights = [self._folder / CHECKPOINTS / f"{name}.safetensors" for name in TEACHERS]
        return TEACHERS if done and all(path.is_file() for path in weights) else ()
