"""The client's side of a job that workers share: tasks out, what became of them in."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import Future, KilledWorker
from distributed import TimeoutError as DaskTimeout
from distributed.client import FutureCancelledError

from ...errors import ClusterError, RasterError, Stopped

if TYPE_CHECKING:
    from dask.typing import Key

    from ...events import EventLog
    from .connection import Link
    from .job import Job

LOOK_SECONDS = 0.2
"""Between two looks for a stop."""
GATHER_SECONDS = 2.0
LIVES = 3
"""Dask gives a task up of which four workers die: it may have been chance, as where somebody kills them."""
FAREWELL_SECONDS = 3.0
"""The longest that workers are waited for which were told to end what they do."""


class Task(NamedTuple):
    """What was given to the workers.

    Attributes:
        work: a function of `tasks`.
        index: of the raster, -1 for none.
        arguments: of the function.
        priority: those of a higher one come first.
        finished: rows in the raster's journal when it was given.
        lives: how many more times it is given after Dask gave it up, for several workers had died meanwhile.
    """

    work: Callable[..., Any]
    index: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs of it
    arguments: tuple[Any, ...]
    priority: int = 0
    finished: int = 0
    lives: int = LIVES


class Work(ABC):
    """A job that the workers of a cluster do.

    Args:
        link: the way to the cluster.
        job: which its workers know.
        events: their stop ends it.
    """

    def __init__(self, link: Link, job: Job, events: EventLog) -> None:
        self.client, self._keep, self.job, self.events = link.client, link.keep, job, events
        self._news: SimpleQueue[Future[Any] | dict[str, Any]] = SimpleQueue()
        self._given: dict[Key, tuple[Task, Future[Any]]] = {}
        self._running: set[str] = set()
        self._count = 0

    def run(self) -> None:
        """Do it.

        Raises:
            Stopped: so it was asked; workers have ended what they did.
            ClusterError: the scheduler is gone.
            GeoDistilError: what is not a raster's own fault.
        """
        self.client.subscribe_topic(self.job.name, lambda event: self._news.put(event[1]))
        try:
            self.begin()
            while self._given:
                self._look()
        finally:
            self._leave()

    @abstractmethod
    def begin(self) -> None:
        """Give out the first tasks."""

    @abstractmethod
    def done(self, task: Task, result: Any) -> None:
        """A task has ended well."""

    @abstractmethod
    def failed(self, index: int, error: RasterError) -> None:
        """A raster cannot be used."""

    @abstractmethod
    def killed(self, task: Task) -> None:
        """All workers die that are given a task."""

    def advanced(self, task: Task) -> Task:
        """The task with a new number of finished rows, where it has that."""
        return task

    @abstractmethod
    def told(self, news: dict[str, Any]) -> None:
        """A task says how far it is; empty where there is nothing new."""

    @abstractmethod
    def stopped(self) -> Stopped:
        """What to say of a stop."""

    def give(self, task: Task) -> None:
        """Have a task done."""
        self._count += 1
        key = f"{task.work.__name__}-{self.job.name}-{self._count}"
        given = {"key": key, "priority": task.priority, "pure": False}
        future = self.client.submit(task.work, self.job.name, *task.arguments, **given)
        self._given[future.key] = task, future
        future.add_done_callback(self._news.put)

    def drop(self, index: int) -> None:
        """Have nothing more done for a raster."""
        others = [key for key, (task, _) in self._given.items() if task.index == index]
        self.client.cancel([self._given.pop(key)[1] for key in others], force=True)

    def _look(self) -> None:
        """Take the next piece of news, if there is one."""
        if self.events.stop_requested():
            raise self.stopped()
        self._keep()
        try:
            news = self._news.get(timeout=LOOK_SECONDS)
        except Empty:
            news = {}
        if isinstance(news, Future):
            if news.key in self._given:
                self._take(news)
        elif "begun" in news:
            self._running.add(news["begun"])
        elif "ended" in news:
            self._running.discard(news["ended"])
        else:
            self.told(news)

    def _take(self, future: Future[Any]) -> None:
        task, _ = self._given[future.key]
        try:
            result = future.result(timeout=GATHER_SECONDS)
        except DaskTimeout:  # the worker that had it is gone, and it is being done again
            self._news.put(future)
            return
        except FutureCancelledError as error:
            raise ClusterError(
                "The Dask scheduler is gone, or has given this work up.",
                "Start it again; of predictions what was finished is kept.",
            ) from error
        except (Stopped, KilledWorker, RasterError) as error:
            del self._given[future.key]
            if isinstance(error, Stopped):  # its worker was shut down
                self.give(task)
            elif isinstance(error, KilledWorker):
                self._given_up(task)
            else:
                self.failed(task.index, error)
            return
        del self._given[future.key]
        self.done(task, result)

    def _given_up(self, task: Task) -> None:
        again = self.advanced(task)
        if again.finished > task.finished:
            self.give(again._replace(lives=LIVES))
        elif task.lives:
            self.give(task._replace(lives=task.lives - 1))
        else:
            self.killed(task)

    def _leave(self) -> None:
        """Have workers end what they do for this job, and nobody told of it any more."""
        if self.client.status != "running":
            return
        self.client.cancel([future for _, future in self._given.values()], force=True)
        limit = time.monotonic() + FAREWELL_SECONDS
        while self._given and self._running and not self.job.here and time.monotonic() < limit:
            try:
                news = self._news.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            if isinstance(news, dict):
                self._running.discard(news.get("ended", ""))
        self.client.unsubscribe_topic(self.job.name)


def ends_workers(raster: str) -> RasterError:
    """The sentence on a raster of which workers die."""
    return RasterError(
        f"{raster} ends every worker that is given it.", "Look at what the workers say, and at their memory."
    )
