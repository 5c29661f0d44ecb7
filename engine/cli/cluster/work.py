"""The client's side of a job that workers share: tasks out, what became of them in; a task for each raster or map."""

from __future__ import annotations

import argparse
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import Future, KilledWorker
from distributed import TimeoutError as DaskTimeout
from distributed.client import FutureCancelledError

from ...errors import ClusterError, RasterError, Stopped
from ...events import EventLog, ProgressEvent
from ...inference.predict import PROGRESS_SECONDS
from .job import ReviewJob

if TYPE_CHECKING:
    from dask.typing import Key

    from ...evaluation.review import Looked, Looks
    from ...events import EventLog
    from ..maps import Errand
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


class Share(NamedTuple):
    """What workers do of a command.

    Attributes:
        work: a function of `tasks`, of a raster's number and its arguments.
        arguments: what else it is given, for each raster.
        stage: what progress calls it.
    """

    work: Callable[..., Any]
    arguments: Sequence[tuple[Any, ...]]
    stage: str


class Each(Work):
    """A task for each raster.

    Args:
        link: the way to the cluster.
        job: which its workers know.
        share: what is done with each.
        events: get `progress`; their stop ends it.
    """

    def __init__(self, link: Link, job: Job, share: Share, events: EventLog) -> None:
        super().__init__(link, job, events)
        self.found: dict[int, Any] = {}
        """What was found, by raster."""
        self._work, self._arguments, self._stage = share
        self._rasters = job.rasters
        self._shares = [0.0] * len(job.rasters)
        self._started = self._told = time.monotonic()

    def begin(self) -> None:
        """As of `Work`."""
        for index, given in enumerate(self._arguments):
            self.give(Task(self._work, index, (index, *given), -index))

    def done(self, task: Task, result: Any) -> None:
        """As of `Work`."""
        self.found[task.index] = result
        self.told({"index": task.index, "fraction": 1.0})

    def failed(self, index: int, error: RasterError) -> None:
        """As of `Work`; as of work that is not shared, one such raster ends it."""
        raise error

    def killed(self, task: Task) -> None:
        """As of `Work`."""
        raise ends_workers(self._rasters[task.index])

    def told(self, news: dict[str, Any]) -> None:
        """As of `Work`."""
        if news:
            self._shares[news["index"]] = news["fraction"]
        now, share = time.monotonic(), sum(self._shares) / len(self._shares)
        if share and (now - self._told >= PROGRESS_SECONDS or len(self.found) == len(self._shares)):
            self._told = now
            left = (now - self._started) * (1 - share) / share
            self.events.write(
                ProgressEvent(
                    stage=self._stage,
                    fraction=round(share, 4),
                    eta_seconds=round(left, 1),
                    step=len(self.found),
                    of=len(self._shares),
                )
            )

    def stopped(self) -> Stopped:
        """As of `Work`."""
        share = sum(self._shares) / len(self._shares)
        return Stopped(f"The work was stopped at {share:.0%} of its {self._stage}.", "Start it again.")


def each_in_cluster(errand: Errand, events: EventLog) -> list[Any]:
    """As `several.each_of`, by workers.

    Raises:
        ClusterError: Dask is missing, there is no scheduler, or a worker cannot do its part.
    """
    from .connection import absolute, need_dask, workers_of

    need_dask()
    from ..maps import Item
    from . import tasks
    from .job import Job

    items, output = errand.items, errand.output
    options = absolute(argparse.Namespace(**vars(errand.options), rasters=[str(item.map) for item in items]))
    given = [(errand.one, Item(_absolute(item.map), item.output and _absolute(item.output))) for item in items]
    make = lambda mark, places: Job(options, options.rasters, mark, places)  # noqa: E731
    with (
        _mark(output, Path(options.rasters[0])) as mark,
        workers_of(options, events, mark, make, writes=output is not None) as (link, job),
    ):
        work = Each(link, job, Share(tasks.one_map, given, errand.stage), events)
        work.run()
    return [found for _, found in sorted(work.found.items())]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


@contextmanager
def _mark(output: Path | None, first: Path) -> Iterator[Path]:
    """A file by which workers know the folder that they write into, or else read from."""
    from ...processes import scratch
    from .connection import mark_in

    if output is None:
        yield first
        return
    with scratch(_absolute(output)) as folder:
        yield mark_in(folder)


def looks_in_cluster(options: argparse.Namespace, events: EventLog) -> Looks:
    """Has the rasters of a review looked at by workers.

    Args:
        options: the command's.
        events: get `progress`; their stop ends it.

    Raises:
        ClusterError: Dask is missing; from what is returned, there is no scheduler, or a worker cannot do its part.
    """
    from ..predicting import permitted_run, rasters_of
    from .connection import absolute, mark_in, need_dask, workers_of

    need_dask()
    from . import tasks

    options = absolute(options)

    def looks(folder: Path) -> list[tuple[int, Looked]]:
        rasters = rasters_of(options, permitted_run(options))
        shared = mark_in(folder.absolute())
        make = lambda mark, places: ReviewJob(options, rasters, mark, places)  # noqa: E731
        with workers_of(options, events, shared, make) as (link, job):
            share = Share(tasks.look, [(shared.parent,)] * len(rasters), "review")
            work = Each(link, job, share, events)
            work.run()
        return sorted(work.found.items())

    return looks
