"""A prediction by the workers of a cluster: what its tasks have in common, how far they are, and its outputs."""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import ClusterError, RasterError, Stopped
from ...events import EventLog, ProgressEvent, StartedEvent, WarningEvent
from ...inference.journal import Journal
from ...inference.opened import JOURNAL, Plan
from ...inference.predict import PROGRESS_SECONDS, WINDOWS_SHARE, stretches
from ...processes import OWNER_FILE
from . import tasks
from .job import Chosen, PredictionJob
from .work import Task, Work, ends_workers

if TYPE_CHECKING:
    from ...data.radiometry import Damage
    from ...events import EventLog
    from ...inference.layers import Results
    from ...inference.many import Ends, Item
    from ...inference.opened import Plan
    from .connection import Link


class Progress:
    """Writes `progress` events: windows of all rasters that were looked at so far, and the share of the whole job.

    Args:
        events: get them.
        items: of the job.
    """

    def __init__(self, events: EventLog, items: Sequence[Item]) -> None:
        self._events, self._items = events, items
        self._before: dict[int, int] = {}
        """Windows of an item that were finished when it was looked at."""
        self._done: dict[int, dict[int, int]] = defaultdict(dict)
        """Windows of an item's stretches that were done since, each at most as many as it has."""
        self._of: dict[int, int] = {}
        self._megapixels: dict[int, float] = {}
        self._ended: set[int] = set()
        self._last = 0
        self._told = self._started = time.monotonic()
        self._share_before = 0.0

    @property
    def fraction(self) -> float:
        """Of the whole job."""
        parts = sum(WINDOWS_SHARE * self._windows(index) / self._of[index] for index in set(self._of) - self._ended)
        return (parts + len(self._ended)) / len(self._items)

    def already(self, items: set[int]) -> None:
        """Items that an earlier start has done."""
        self._ended |= items
        self._started, self._share_before = time.monotonic(), len(self._ended) / len(self._items)

    def planned(self, index: int, plan: Plan) -> None:
        """An item was looked at."""
        self._of[index], self._megapixels[index] = len(plan.windows), plan.megapixels
        self._before[index] = len(plan.finished) * plan.windows.columns
        self._share_before += WINDOWS_SHARE * self._before[index] / self._of[index] / len(self._items)

    def stretch(self, index: int, first: int, windows: int) -> None:
        """So many windows of a stretch are done."""
        self._done[index][first] = windows
        self._last = index
        self.write()

    def finished(self, index: int) -> None:
        """Nothing more is done about an item."""
        self._ended.add(index)
        self._last = index
        self.write(at_once=True)

    def write(self, at_once: bool = False) -> None:
        """Tell it, a few times a second at most."""
        now = time.monotonic()
        if not self._of or (now - self._told < PROGRESS_SECONDS and not at_once):
            return
        self._told = now
        seconds = max(now - self._started, 1e-6)
        done = sum(self._of[i] if i in self._ended else self._windows(i) for i in self._of)
        rate = (done - sum(self._before.values())) / seconds
        of, share = sum(self._of.values()), self.fraction
        gained = share - self._share_before
        self._events.write(
            ProgressEvent(
                stage="predict",
                raster=self._items[self._last].name,
                step=done,
                of=of,
                samples_per_second=round(rate, 2),
                megapixels_per_second=round(rate / of * sum(self._megapixels.values()), 3),
                eta_seconds=round((1 - share) * seconds / gained, 1) if gained > 0 else None,
                fraction=round(share, 4),
            )
        )

    def _windows(self, index: int) -> int:
        return min(self._of[index], self._before[index] + sum(self._done[index].values()))


NO_RASTER = -1
MANY = 2
"""Rasters a worker that are still to come: with so many, none need be divided for all to have something to do."""


class Archive(Work):
    """Each raster is looked at, then run in stretches, then put in place.

    Args:
        link: the way to the cluster.
        job: which its workers know.
        items: what is made.
        ends: what becomes of them.
        events: get `started`, `progress` and warnings; their stop ends it.
    """

    def __init__(self, link: Link, job: PredictionJob, items: Sequence[Item], ends: Ends, events: EventLog) -> None:
        super().__init__(link, job, events)
        self.items, self.ends = items, ends
        self._plans: dict[int, Plan] = {}
        self._stretches: dict[int, int] = defaultdict(int)
        self._damage: dict[int, dict[str, Damage]] = defaultdict(dict)
        self._chosen: Chosen | None = None
        self._progress = Progress(events, items)

    def begin(self) -> None:
        """As of `Work`."""
        missing = self.ends.missing()
        self._progress.already(set(range(len(self.items))) - set(missing))
        if missing:
            self.give(Task(tasks.choose, NO_RASTER, ()))

    def done(self, task: Task, result: Any) -> None:
        """As of `Work`."""
        answers: dict[Callable[..., Any], Callable[[Task, Any], None]] = {
            tasks.choose: self._was_chosen,
            tasks.plan: self._was_planned,
            tasks.stretch: self._was_run,
            tasks.finish: self._was_finished,
        }
        answers[task.work](task, result)

    def told(self, news: dict[str, Any]) -> None:
        """As of `Work`."""
        if news:
            self._progress.stretch(news["index"], news["first"], news["windows"])
        else:
            self._progress.write()

    def stopped(self) -> Stopped:
        """As of `Work`."""
        share = self._progress.fraction
        return Stopped(f"The prediction was stopped at {share:.0%}.", "Start it again to go on from there.")

    def failed(self, index: int, error: RasterError) -> None:
        """As of `Work`."""
        if not self.ends.has(index):
            self.ends.failed(index, error)
        self.drop(index)
        self._progress.finished(index)

    def killed(self, task: Task) -> None:
        """As of `Work`."""
        if task.index == NO_RASTER:
            raise ClusterError(
                "The workers end as soon as they load the model.", "Look at what they say, and at their memory."
            )
        self.failed(task.index, ends_workers(self.items[task.index].name))

    def advanced(self, task: Task) -> Task:
        """As of `Work`."""
        if task.work is not tasks.stretch:
            return task
        return task._replace(finished=len(self._journal(task.index).finished()))

    def _was_chosen(self, task: Task, chosen: Chosen) -> None:
        self._chosen = chosen
        self.events.write(StartedEvent(pid=os.getpid(), device=chosen.name))
        for index in self.ends.missing():
            self.give(Task(tasks.plan, index, (chosen, self.items[index]), self._priority(0, index)))

    def _was_planned(self, task: Task, planned: tasks.Planned) -> None:
        index = task.index
        for sentence in planned.warnings:
            self.events.write(WarningEvent(sentence))
        plan = self._plans[index] = planned.plan
        self._progress.planned(index, plan)
        missing = sorted(set(range(plan.windows.rows)) - plan.finished)
        workers = max(1, len(self.client.nthreads()))
        parts = stretches(missing, self.ends.left(index, MANY * workers), workers)
        self._stretches[index] = len(parts)
        for rows in parts:
            part = tasks.Stretch(index, self.items[index], plan, rows)
            self.give(Task(tasks.stretch, index, (self._chosen, part), self._priority(1, index), len(plan.finished)))
        if not parts:
            self._finish(index)

    def _was_run(self, task: Task, damage: dict[str, Damage]) -> None:
        _, (index, _, plan, rows) = task.arguments
        self._progress.stretch(index, rows.start, len(set(rows) - plan.finished) * plan.windows.columns)
        known = self._damage[index]
        for path, found in damage.items():
            known[path] = known[path].joined(found) if path in known else found
        self._stretches[index] -= 1
        if not self._stretches[index]:
            self._finish(index)

    def _finish(self, index: int) -> None:
        self.give(Task(tasks.finish, index, (self.items[index], self._plans[index]), self._priority(2, index)))

    def _was_finished(self, task: Task, results: Results) -> None:
        index = task.index
        for path, found in self._damage.pop(index, {}).items():
            self.events.write(WarningEvent(found.sentence(path)))
        self.ends.succeeded(index, results)
        self._journal(index).remove()
        self._progress.finished(index)

    def _priority(self, level: int, index: int) -> int:
        """What ends a raster comes before what begins one, and earlier rasters come first."""
        return level * (len(self.items) + 1) - index

    def _journal(self, index: int) -> Journal:
        return Journal(self.items[index].folder / JOURNAL)


def predicted_in_cluster(
    options: argparse.Namespace, events: EventLog, failed: list[dict[str, str]]
) -> list[dict[str, str | None]]:
    """The outputs of a job, as `predict.predicted` gives them.

    Args:
        options: the command's.
        events: the job's log; its folder is this process's, which workers are shown.
        failed: rasters that fail are added to it.

    Raises:
        ClusterError: there is no scheduler, or a worker cannot do its part.
        GeoDistilError: as `predicted`.
    """
    from ...inference.many import Ends
    from ..predicting import digest_of, done_of, model_of, named_rasters, things_of
    from .connection import absolute, absolute_path, need_dask, workers_of

    need_dask()

    options = absolute(options)
    rasters = [absolute_path(raster) for raster in named_rasters(options)]
    model, card = model_of(options)
    rasters, things = things_of(options, rasters, card, failed, events)
    digest = digest_of(model)
    ends = Ends(things, events, done_of(options, digest, len(things)))
    make = lambda mark, places: PredictionJob(options, rasters, mark, places, digest)  # noqa: E731
    with workers_of(options, events, options.output / OWNER_FILE, make) as (link, job):
        Archive(link, job, things, ends, events).run()
    outcome = ends.outcome()
    failed += outcome.failed
    return [results.as_dict() for results in outcome.results]
