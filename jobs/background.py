"""Work on another thread that never touches a layer: a task with a result, an error, and a main-thread ending."""

from __future__ import annotations

from typing import Any, Callable

from qgis.core import QgsApplication, QgsTask

from .errors import GeoDistilError
from .translation import tr

Cancelled = Callable[[], bool]


class Background(QgsTask):
    """A function in QGIS's task manager.

    Args:
        title: what the task manager shows.
        work: called on another thread with a function that tells whether it was cancelled.
        done: called on the main thread with the result.
        failed: called on the main thread with the error; not where the task was cancelled.
    """

    def __init__(
        self,
        title: str,
        work: Callable[[Cancelled], Any],
        done: Callable[[Any], None],
        failed: Callable[[GeoDistilError], None],
    ) -> None:
        super().__init__(title, QgsTask.Flag.CanCancel)
        self._work, self._done, self._failed = work, done, failed
        self._result: Any = None
        self._error: GeoDistilError | None = None

    def run(self) -> bool:
        """Work; QGIS calls this on another thread."""
        try:
            self._result = self._work(self.isCanceled)
        except GeoDistilError as error:
            self._error = error
        except (OSError, RuntimeError, ValueError) as error:  # an exception that leaves `run` would end QGIS
            self._error = GeoDistilError(
                "error", tr("{title} failed: {error}.").format(title=self.description(), error=error)
            )
        return self._error is None

    def finished(self, succeeded: bool) -> None:
        """Tell the outcome; QGIS calls this on the main thread."""
        ALIVE.discard(self)
        if self.isCanceled():
            return
        if succeeded:
            self._done(self._result)
        elif self._error is not None:
            self._failed(self._error)


ALIVE: set[Background] = set()
"""QGIS keeps no Python reference to a task."""


def start(task: Background) -> Background:
    """Hand a task to QGIS."""
    ALIVE.add(task)
    QgsApplication.taskManager().addTask(task)
    return task
