"""Follows run folders and their `events.jsonl` from a thread of its own, reading only what is new."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..errors import as_error
from ..events import EVENTS_FILE, LineReader
from ..packages import ITEM_FILE
from ..process import LOG_FILE, STOP_FILE
from ..processes import is_alive
from ..run_folder import RUN_FILE
from ..servers.note import NOTE_FILE, Note, Stage, read_note
from ..text_files import read_object, texts
from ..translation import tr
from .files import (
    AFTERWARDS_FILE,
    CHECKPOINTS,
    LAUNCH_FILE,
    MODEL_FOLDER,
    PREDICTIONS,
    REPORT_FILE,
    find_runs,
    is_run,
)
from .history import History, HistoryReader
from .state import TEACHERS, Alive, Launch, RunState, Status, prediction_status, server_status, status

MOST_CHUNKS = 64
"""Of a megabyte, taken in by one call: other runs have their turn too while a very long log is read."""

BREATH_SECONDS = 0.002
"""Pause between chunks of a long file, in which QGIS's own thread gets the interpreter."""


class EventFile:
    """A folder's events, taken in as they come.

    Args:
        folder: the run or output folder; it may not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = LineReader(folder / EVENTS_FILE)
        self._reader = HistoryReader()
        self.behind = False
        """Whether there is more than the last call has taken in."""

    @property
    def history(self) -> History:
        """What they say so far."""
        return self._reader.history

    def read(self) -> bool:
        """Take in what is new; whether there was anything."""
        changed = self._lines.restarted()
        if changed:
            self._reader = HistoryReader()
        for _ in range(MOST_CHUNKS):
            lines = self._lines.chunk()
            self.behind = lines is not None
            if lines is None:
                break
            changed |= bool(lines)
            self._reader.feed(lines)
            if self._lines.full:
                time.sleep(BREATH_SECONDS)
        before = self.history.damaged
        self._reader.overlook(self._lines.damaged)
        return changed or self.history.damaged != before


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


POLL_SECONDS = 1.0
SEARCH_EVERY = 5
"""Polls between two searches of the folders for new runs."""


@dataclass(frozen=True)
class Gone:
    """A run that is there no more.

    Args:
        folder: where it was.
    """

    folder: Path


Change = Union[RunState, Gone]


class Watcher:
    """Keeps an eye on folders of runs and on single runs; what changed is fetched with `changes`.

    The thread touches no Qt object; it is a daemon, so it never holds QGIS's end up.

    Args:
        alive: tells whether a process lives.
    """

    def __init__(self, alive: Alive = is_alive) -> None:
        self._alive = alive
        self._places: tuple[tuple[Path, ...], tuple[Path, ...]] = ((), ())
        self._trackers: dict[Path, RunTracker] = {}
        self._changes: deque[Change] = deque()
        self.deleted: frozenset[Path] = frozenset()
        """Single runs that are there no more, though their disks are."""
        self._damaged: set[Path] = set()
        self._wake, self._ended = threading.Event(), threading.Event()
        self._polls = 0
        self._thread = threading.Thread(target=self._work, name="geodistil runs", daemon=True)

    def watch(self, folders: list[Path], runs: list[Path]) -> None:
        """Say where to look: folders to search and single runs. Wakes the thread where that is news."""
        places = (tuple(folders), tuple(runs))
        if places != self._places:
            self._places = places
            self.hurry()

    def start(self) -> None:
        """Begin watching."""
        self._thread.start()

    def stop(self) -> None:
        """End watching; does not wait."""
        self._ended.set()
        self._wake.set()

    def hurry(self) -> None:
        """Look again now, for new runs too."""
        self._polls = 0
        self._wake.set()

    def changes(self) -> deque[Change]:
        """What changed, oldest first; take from the left what you have dealt with."""
        return self._changes

    def poll(self) -> None:
        """Look once; the thread does so every second."""
        if self._polls % SEARCH_EVERY == 0:
            self._search()
        self._polls += 1
        for folder, tracker in list(self._trackers.items()):
            if self._ended.is_set():
                return
            state = self._look_at(folder, tracker)
            if state is not None:
                self._changes.append(state)

    def _look_at(self, folder: Path, tracker: RunTracker) -> RunState | None:
        try:
            state = tracker.poll()
        except Exception as error:  # a damaged folder must not end the watch of all others
            if folder in self._damaged:
                return None
            self._damaged.add(folder)
            sentence = str(as_error(error, tr("Reading the run")))
            return RunState(folder, {}, Status.FAILED, History(ending={"kind": "failed", "message": sentence}))
        self._damaged.discard(folder)
        return state

    def _search(self) -> None:
        folders, runs = self._places
        self.deleted = frozenset(run for run in runs if not is_run(run) and os.path.isdir(run.parent))
        found = {run for folder in folders for run in find_runs(folder)} | {run for run in runs if is_run(run)}
        for gone in set(self._trackers) - found:
            del self._trackers[gone]
            self._changes.append(Gone(gone))
        for folder in sorted(found - set(self._trackers)):
            self._trackers[folder] = RunTracker(folder, self._alive)

    def _work(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            self.poll()
            self._wake.wait(POLL_SECONDS)
