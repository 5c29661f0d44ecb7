"""The client's side of a prediction: tasks out, what became of them in, progress told on the way."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import Client, Future, KilledWorker
from distributed import TimeoutError as DaskTimeout
from distributed.client import FutureCancelledError

from ...errors import ClusterError, RasterError, Stopped
from ...inference.journal import Journal
from ...inference.opened import JOURNAL, Plan
from ...inference.rows import stretches
from . import tasks
from .progress import Progress

if TYPE_CHECKING:
    from ...data.damage import Damage
    from ...events import EventLog
    from ...inference.archive import Item
    from ...inference.layers import Results
    from ...inference.many import Ends
    from .job import Chosen, Job

LOOK_SECONDS = 0.2
"""Between two looks for a stop."""
GATHER_SECONDS = 2.0
FAREWELL_SECONDS = 3.0
"""The longest that workers are waited for which were told to end what they do."""
NO_RASTER = -1


class _Task(NamedTuple):
    """What was given to the workers.

    Attributes:
        work: a function of `tasks`.
        index: of the item.
        arguments: of the function.
        finished: rows in the item's journal when it was given.
    """

    work: Callable[..., Any]
    index: int
    arguments: tuple[Any, ...]
    finished: int = 0


class Archive:
    """A prediction of several rasters by the workers of a cluster.

    Args:
        client: of the scheduler.
        job: which its workers know.
        items: what is made.
        ends: what becomes of them.
        events: get `started`, `progress` and warnings; their stop ends it.
    """

    def __init__(self, client: Client, job: Job, items: Sequence[Item], ends: Ends, events: EventLog) -> None:
        self.client, self.job, self.items, self.ends, self.events = client, job, items, ends, events
        self._news: SimpleQueue[Future | dict[str, Any]] = SimpleQueue()
        self._given: dict[str, tuple[_Task, Future]] = {}
        self._running: set[str] = set()
        self._count = 0
        self._plans: dict[int, Plan] = {}
        self._stretches: dict[int, int] = defaultdict(int)
        self._damage: dict[int, dict[str, Damage]] = defaultdict(dict)
        self._chosen: Chosen | None = None
        self._progress = Progress(events, items)

    def run(self) -> None:
        """Do all that is missing.

        Raises:
            Stopped: so it was asked; workers have ended what they did.
            ClusterError: the scheduler is gone.
            GeoDistilError: what is not a raster's own fault.
        """
        missing = self.ends.missing()
        if not missing:
            return
        self._progress.already(set(range(len(self.items))) - set(missing))
        self.client.subscribe_topic(self.job.name, lambda event: self._news.put(event[1]))
        try:
            self._give(_Task(tasks.choose, NO_RASTER, ()))
            while self._given:
                self._look()
        finally:
            self._leave()

    def _look(self) -> None:
        """Take the next piece of news, if there is one."""
        if self.events.stop_requested():
            raise Stopped(
                f"The prediction was stopped at {self._progress.fraction:.0%}.", "Start it again to go on from there."
            )
        try:
            news = self._news.get(timeout=LOOK_SECONDS)
        except Empty:
            self._progress.write()
            return
        if isinstance(news, Future):
            if news.key in self._given:
                self._take(news)
        elif "begun" in news:
            self._running.add(news["begun"])
        elif "ended" in news:
            self._running.discard(news["ended"])
        else:
            self._progress.stretch(news["index"], news["first"], news["windows"])

    def _take(self, future: Future) -> None:
        task, _ = self._given[future.key]
        try:
            result = future.result(timeout=GATHER_SECONDS)
        except DaskTimeout:  # the worker that had it is gone, and it is being done again
            self._news.put(future)
            return
        except FutureCancelledError as error:
            raise ClusterError(
                "The Dask scheduler is gone, or has given this prediction up.",
                "Start it again to go on: what was finished is kept.",
            ) from error
        except (Stopped, KilledWorker, RasterError) as error:
            del self._given[future.key]
            self._failed(task, error)
            return
        del self._given[future.key]
        {
            tasks.choose: self._was_chosen,
            tasks.plan: self._was_planned,
            tasks.stretch: self._was_run,
            tasks.finish: self._was_finished,
        }[task.work](task, result)

    def _was_chosen(self, task: _Task, chosen: Chosen) -> None:
        self._chosen = chosen
        self.events.write("started", device=chosen.name)
        for index in self.ends.missing():
            self._give(_Task(tasks.plan, index, (chosen, self.items[index])))

    def _was_planned(self, task: _Task, planned: tasks.Planned) -> None:
        index = task.index
        for sentence in planned.warnings:
            self.events.write("warning", message=sentence)
        plan = self._plans[index] = planned.plan
        self._progress.planned(index, plan)
        missing = sorted(set(range(plan.windows.rows)) - plan.finished)
        parts = stretches(missing, len(self.ends.missing()), max(1, len(self.client.nthreads())))
        self._stretches[index] = len(parts)
        for rows in parts:
            given = (self._chosen, index, self.items[index], plan, rows)
            self._give(_Task(tasks.stretch, index, given, len(plan.finished)))
        if not parts:
            self._finish(index)

    def _was_run(self, task: _Task, damage: dict[str, Damage]) -> None:
        index, (*_, plan, rows) = task.index, task.arguments
        self._progress.stretch(index, rows.start, len(set(rows) - plan.finished) * plan.windows.columns)
        known = self._damage[index]
        for path, found in damage.items():
            known[path] = known[path].joined(found) if path in known else found
        self._stretches[index] -= 1
        if not self._stretches[index]:
            self._finish(index)

    def _finish(self, index: int) -> None:
        self._give(_Task(tasks.finish, index, (self.items[index], self._plans[index])))

    def _was_finished(self, task: _Task, results: Results) -> None:
        index = task.index
        for path, found in self._damage.pop(index, {}).items():
            self.events.write("warning", message=found.sentence(path))
        self.ends.succeeded(index, results)
        self._journal(index).remove()
        self._progress.finished(index)

    def _failed(self, task: _Task, error: Exception) -> None:
        """A task did not end well, for no reason that ends the job."""
        if isinstance(error, Stopped):  # its worker was shut down
            self._give(task)
        elif isinstance(error, KilledWorker):
            self._killed(task)
        else:
            self._fail(task.index, error)

    def _killed(self, task: _Task) -> None:
        """Several workers have died of a task, or by chance while they were at it."""
        if task.index == NO_RASTER:
            raise ClusterError(
                "The workers end as soon as they load the model.", "Look at what they say, and at their memory."
            )
        finished = len(self._journal(task.index).finished()) if task.work is tasks.stretch else 0
        if finished > task.finished:
            self._give(task._replace(finished=finished))
            return
        self._fail(
            task.index,
            RasterError(
                f"{self.items[task.index].name} ends every worker that is given it.",
                "Look at what the workers say, and at their memory.",
            ),
        )

    def _fail(self, index: int, error: RasterError) -> None:
        if not self.ends.has(index):
            self.ends.failed(index, error)
        others = [key for key, (task, _) in self._given.items() if task.index == index]
        self.client.cancel([self._given.pop(key)[1] for key in others], force=True)
        self._progress.finished(index)

    def _journal(self, index: int) -> Journal:
        return Journal(self.items[index].folder / JOURNAL)

    def _give(self, task: _Task) -> None:
        """Earlier rasters come first, and what ends a raster before what begins one."""
        level = {tasks.finish: 2, tasks.stretch: 1}.get(task.work, 0)
        self._count += 1
        key = f"{task.work.__name__}-{self.job.name}-{self._count}"
        priority = level * (len(self.items) + 1) - task.index
        future = self.client.submit(task.work, self.job.name, *task.arguments, key=key, priority=priority, pure=False)
        self._given[future.key] = task, future
        future.add_done_callback(self._news.put)

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
