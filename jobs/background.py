"""Work on another thread that never touches a layer: a task with a result, an error, and a main-thread ending."""

from __future__ import annotations

from typing import Any, Callable

from qgis.core import QgsApplication, QgsProject, QgsTask
from qgis.PyQt.QtCore import QTimer

from .errors import CancelledError, GeoDistilError, as_error
from .reference_systems import of_this_thread, remade

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
        ENDING.append(self)
        try:
            if succeeded:
                self._done(self._result)
            else:
                self._failed(as_error(self._error, self.description()))
        finally:
            ENDING.remove(self)


ALIVE: set[Background] = set()
"""QGIS keeps no Python reference to a task."""


ENDING: list[Background] = []
"""Tasks whose outcome is being told."""


def start(task: Background) -> Background:
    """Hand a task to QGIS; where one is just ending, after that.

    QGIS then takes what ran the ended one out of its pool, by an address that the next task may have by now, and that
    task would wait for ever.
    """
    ALIVE.add(task)
    if ENDING:
        QTimer.singleShot(0, lambda: _add(task))
    else:
        _add(task)
    return task


def _add(task: Background) -> None:
    if task.isCanceled():  # meanwhile: QGIS would not tell the end of what it does not know
        task.finished(False)
    else:
        QgsApplication.taskManager().addTask(task)
