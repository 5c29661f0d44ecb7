"""Work on another thread that never touches a layer, and what it and algorithms have to say over the map when done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from qgis.core import QgsApplication, QgsProject, QgsTask
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from .errors import CancelledError, GeoDistilError, as_error
from .reference_systems import of_this_thread, remade
from .translation import tr

Cancelled = Callable[[], bool]


class Background(QgsTask):
    """A function in QGIS's task manager. Exactly one of `done` and `failed` is called, whatever happens.

    Args:
        title: what the task manager shows.
        work: called on another thread with a function that tells whether it was cancelled; raises `CancelledError`
            where it gives up for that.
        done: called on the main thread with the result.
        failed: called on the main thread with the error; a cancel is one with the code `STOPPED`.
        can_cancel: whether the task manager offers to cancel it; not where `work` never asks.
    """

    def __init__(
        self,
        title: str,
        work: Callable[[Cancelled], Any],
        done: Callable[[Any], None],
        failed: Callable[[GeoDistilError], None],
        can_cancel: bool = True,
    ) -> None:
        super().__init__(title, QgsTask.Flag.CanCancel if can_cancel else QgsTask.Flag(0))
        self._work, self._done, self._failed = work, done, failed
        self._result: Any = None
        self._error: Exception = CancelledError()  # of a task that is cancelled before it begins

    def run(self) -> bool:
        """Work; QGIS calls this on another thread."""
        try:
            with of_this_thread():
                self._result = self._work(self.isCanceled)
        except Exception as error:  # whatever leaves `run` ends QGIS, or the task without a word
            self._error = error
            return False
        return True

    def finished(self, succeeded: bool) -> None:
        """Tell the outcome; QGIS calls this on the main thread."""
        ALIVE.discard(self)
        remade(QgsProject.instance())
        if succeeded:
            self._done(self._result)
        else:
            self._failed(as_error(self._error, self.description()))


ALIVE: set[Background] = set()
"""QGIS keeps no Python reference to a task."""


def start(task: Background) -> Background:
    """Hand a task to QGIS, soon."""
    ALIVE.add(task)
    hand_over(task, lambda: task.finished(False))
    return task


def hand_over(task: QgsTask, given_up: Callable[[], None] = lambda: None) -> None:
    """Give a task to QGIS when what happens now is over, which may be the end of another task.

    When QGIS has told that end, it takes what ran the other task out of its pool, by an address that the new task's may
    have by then; that one would wait for ever.

    Args:
        task: not known to QGIS yet.
        given_up: called in the place of it where the task was cancelled meanwhile: QGIS tells no end of such a task.
    """
    QTimer.singleShot(0, lambda: given_up() if task.isCanceled() else QgsApplication.taskManager().addTask(task))


class Notices(QObject):
    """A signal that crosses threads: Processing runs a model's algorithms, all of them, on a worker."""

    warned = pyqtSignal(str, str)
    """One sentence, and details or nothing."""

    def warn(self, title: str, warnings: Sequence[str]) -> None:
        """Tell an algorithm's warnings as one message; nothing where there are none.

        Args:
            title: of the algorithm.
            warnings: sentences.
        """
        if len(warnings) == 1:
            self.warned.emit(f"{title}: {warnings[0]}", "")
        elif warnings:
            sentence = tr("{title}: {count} warnings. The first: {warning}").format(
                title=title, count=len(warnings), warning=warnings[0]
            )
            self.warned.emit(sentence, "\n".join(warnings))


NOTICES = Notices()
