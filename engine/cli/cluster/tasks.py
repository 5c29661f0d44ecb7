"""What workers are given to do; each task finds its job among its worker's plugins."""

from __future__ import annotations

import copy
import functools
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from distributed import Status, get_worker

from ...data.radiometry import Damage
from ...errors import ClusterError, GeoDistilError, RasterError, Stopped
from ...events import Event, EventLog, ProgressEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...evaluation.review import Looked
    from ...inference import Results, many
    from ...inference.opened import Plan, Prediction
    from ..maps import Item, One
    from .job import Chosen, Job, PredictionJob, ReviewJob

ALIVE = {Status.running, Status.paused, Status.closing_gracefully}


class Stretch(NamedTuple):
    """Rows of windows of one of a job's rasters."""

    raster: int
    item: many.Item
    plan: Plan
    rows: range


class Planned(NamedTuple):
    """A raster that can be predicted, and what is doubtful about it."""

    plan: Plan
    warnings: list[str]


def _task(work: Callable[..., Any]) -> Callable[..., Any]:
    """A task of a job, whose beginning and end the client is told of."""

    @functools.wraps(work)
    def run(name: str, *arguments: Any) -> Any:
        worker = get_worker()
        job = cast("Job | None", worker.plugins.get(name))
        if job is None:
            raise ClusterError(f"The worker {worker.name} does not know what to do.", "Start it again.")
        with _announced(job):
            try:
                job.enter()
                return work(job, *arguments)
            except Exception as error:
                told = _told(job, error)
        # Without what caused it: libraries' own errors often cannot be sent
        raise told

    return run


@_task
def choose(job: PredictionJob) -> Chosen:
    """What is to run the model."""
    return job.choose()


@_task
def plan(job: PredictionJob, chosen: Chosen, item: many.Item) -> Planned:
    """Look at a raster, and prepare its journal."""
    from ...inference.opened import make_plan

    warnings: list[str] = []
    found = make_plan(_prediction(job, item, chosen.batch_size), job.backend(chosen), warnings.append)
    return Planned(found, warnings)


@_task
def stretch(job: PredictionJob, chosen: Chosen, part: Stretch) -> dict[str, Damage]:
    """Have rows of windows in the journal; the client is told how many windows are done."""
    from ...inference.predict import run_stretch

    worker, plan = get_worker(), part.plan
    known = len(plan.finished & set(part.rows)) * plan.windows.columns

    def tell(done: int) -> None:
        worker.log_event(job.name, {"index": part.raster, "first": part.rows.start, "windows": done - known})

    prediction = _prediction(job, part.item, chosen.batch_size, _writer())
    return run_stretch(prediction, job.backend(chosen), plan, part.rows, tell)


@_task
def finish(job: PredictionJob, item: many.Item, plan: Plan) -> Results:
    """Put a raster's files in place."""
    from ...inference.predict import put_in_place

    return put_in_place(_prediction(job, item, None, _writer()), plan)


def _prediction(job: PredictionJob, item: many.Item, batch_size: int | None, writer: str = "") -> Prediction:
    from ...inference.opened import Prediction

    return Prediction(job.opened(item), job.model[1], item.folder, job.settings(batch_size), _unwanted(), writer)


@_task
def look(job: ReviewJob, index: int, folder: Path) -> Looked:
    """Look at a raster of a review; its pseudo-labels go into a folder."""
    from ...evaluation.review import look_at

    material, how = job.loaded
    return look_at(material, index, folder, how, _FarLog(job.name, index))


@_task
def one_map(job: Job, index: int, one: One, item: Item) -> Any:
    """What is done with a map, or why it cannot be."""
    from ..maps import attempted

    return attempted(one, job.options, item, _FarLog(job.name, index))


class _FarLog(EventLog):
    """Tells the client how far a task is, and is stopped when nobody wants the task any more."""

    def __init__(self, topic: str, index: int) -> None:
        super().__init__(None)
        self._topic, self._index, self._worker = topic, index, get_worker()
        self.stop_requested = _unwanted()  # type: ignore[method-assign]  # a function of the worker's, as of the log's

    def write(self, event: Event) -> None:
        """Of all events only progress is told; what else there is to say comes with the result."""
        if isinstance(event, ProgressEvent):
            self._worker.log_event(self._topic, {"index": self._index, "fraction": event.fraction})


def _writer() -> str:
    """Tells the files of this attempt from those of one that was given up too early."""
    return f"-{uuid.uuid4().hex[:8]}"


def _unwanted() -> Callable[[], bool]:
    """Whether nobody wants this thread's task any more: it was cancelled, or given to another worker."""
    worker = get_worker()
    key = worker.get_current_task()

    def unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing" or worker.status not in ALIVE

    return unwanted


@contextmanager
def _announced(job: Job) -> Iterator[None]:
    worker = get_worker()
    key = worker.get_current_task()
    worker.log_event(job.name, {"begun": key})
    try:
        yield
    finally:
        worker.log_event(job.name, {"ended": key})


def _told(job: Job, error: Exception) -> Exception:
    """An error as the client is told of it: it says where it happened, but for a raster's, which is the raster's."""
    from ..job import memory_error

    if isinstance(error, RasterError | Stopped):
        return copy.copy(error)
    if isinstance(error, GeoDistilError):
        return job.located(error)
    full = memory_error(error)
    return job.located(full) if full else error
