"""A prediction of several rasters by the workers of a cluster."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import ClusterError, RasterError, Stopped
from ...events import EventLog, StartedEvent, WarningEvent
from ...inference.journal import Journal
from ...inference.opened import JOURNAL, Plan
from ...inference.rows import stretches
from . import tasks
from .progress import Progress
from .work import Task, Work, ends_workers

if TYPE_CHECKING:
    from ...data.damage import Damage
    from ...inference.archive import Item
    from ...inference.layers import Results
    from ...inference.many import Ends
    from .connection import Link
    from .prediction_job import Chosen, PredictionJob

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
