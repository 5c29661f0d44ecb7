"""Watches all runs from a thread of its own, so that no slow disk and no long file holds QGIS up."""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from ..errors import as_error
from ..translation import tr
from .alive import is_alive
from .files import find_runs, is_run
from .history import History
from .state import Alive, RunState, Status
from .tracker import RunTracker

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
