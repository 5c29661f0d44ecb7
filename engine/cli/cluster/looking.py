"""The rasters of a review, looked at by the workers of a cluster."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RasterError, Stopped
from ...inference.parts import PROGRESS_SECONDS
from . import tasks
from .work import Task, Work, ends_workers

if TYPE_CHECKING:
    from ...evaluation.review import Looked
    from ...events import EventLog
    from .connection import Link
    from .review_job import ReviewJob


class Looking(Work):
    """A task for each raster.

    Args:
        link: the way to the cluster.
        job: which its workers know.
        folder: gets their files.
        events: get `progress`; their stop ends it.
    """

    def __init__(self, link: Link, job: ReviewJob, folder: Path, events: EventLog) -> None:
        super().__init__(link, job, events)
        self.found: dict[int, Looked] = {}
        """What was found, by raster."""
        self._folder, self._rasters = folder, job.rasters
        self._shares = [0.0] * len(job.rasters)
        self._started = self._told = time.monotonic()

    def begin(self) -> None:
        """As of `Work`."""
        for index in range(len(self._rasters)):
            self.give(Task(tasks.look, index, (index, self._folder), -index))

    def done(self, task: Task, result: Looked) -> None:
        """As of `Work`."""
        self.found[task.index] = result
        self.told({"index": task.index, "fraction": 1.0})

    def failed(self, index: int, error: RasterError) -> None:
        """As of `Work`; as of a review that is not shared, one such raster ends it."""
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
            of = {"step": len(self.found), "of": len(self._shares)}
            self.events.write("progress", stage="review", **of, fraction=round(share, 4), eta_seconds=round(left, 1))

    def stopped(self) -> Stopped:
        """As of `Work`."""
        return Stopped(f"The review was stopped at {sum(self._shares) / len(self._shares):.0%}.", "Start it again.")
