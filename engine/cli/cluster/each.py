"""A task for each raster or map of a command, by the workers of a cluster."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import RasterError, Stopped
from ...events import EventLog, ProgressEvent
from ...inference.parts import PROGRESS_SECONDS
from .work import Task, Work, ends_workers

if TYPE_CHECKING:
    from ...events import EventLog
    from ..maps import Errand
    from .connection import Link
    from .job import Job


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
