"""A raster in, class map and detections out, in parts that any process can do; memory does not grow with the raster."""

from __future__ import annotations

import itertools
import math
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..data.radiometry import Damage
from ..errors import Stopped
from ..events import EventLog, ProgressEvent, WarningEvent
from ..malloc import few_pools
from .backends import Arrays, Backend
from .backends.base import cores
from .layers import Layers, Results, ValueLayers
from .opened import Opened, Options, Plan, Prediction, make_plan
from .reading import EMPTY_RUN, Read, batches, bounded_cache, ordered, window_reader
from .sinks import writing

LEAST_ROWS = 8
"""Of a stretch, where a raster has enough of them: the row above each is run twice."""
MOST_ROWS = 32
"""Of a stretch: workers that come later find something to do, and the row run twice is 3 percent."""


def missing_rows(finished: set[int], rows: Iterable[int], border: bool) -> Iterator[tuple[int, bool]]:
    """Rows to run, each with whether it is to be kept.

    Args:
        finished: rows that are not run again.
        rows: in order.
        border: whether a row needs the one above, which is then run again, and not kept, where it is not at hand.
    """
    previous = None
    for row in rows:
        if row in finished:
            continue
        if border and row and row - 1 != previous:
            yield row - 1, False
        yield row, True
        previous = row


def stretches(missing: Sequence[int], left: int, workers: int) -> list[range]:
    """Rows of a raster in stretches, the shorter the nearer the job's end, so that all workers end at about one time.

    Args:
        missing: the rows, in order; a stretch may have finished ones between them.
        left: rasters of the job whose turn is not before this one's, with it.
        workers: how many there are.
    """
    if not missing:
        return []
    parts = math.ceil(2 * workers / left)
    if len(missing) < LEAST_ROWS * parts:
        parts = math.ceil(workers / left)
    parts = min(len(missing), max(parts, math.ceil(len(missing) / MOST_ROWS)))
    cuts = [round(len(missing) * part / parts) for part in range(parts + 1)]
    return [range(missing[start], missing[end - 1] + 1) for start, end in itertools.pairwise(cuts)]


MOST_READERS = 4
PROGRESS_SECONDS = 0.5


class Watch(Protocol):
    """Who is told how it goes, and may end it."""

    def stop_if_asked(self) -> None:
        """End in order where that is wished.

        Raises:
            Stopped: it is.
        """

    def advance(self, count: int) -> None:
        """Count windows as done."""


class Telling:
    """A `Watch` that says a few times a second how many windows of a stretch are done.

    Args:
        done: how many are already.
        tell: told.
        stop: whether to end.
    """

    def __init__(self, done: int, tell: Callable[[int], None], stop: Callable[[], bool]) -> None:
        self.done, self._tell, self._stop = done, tell, stop
        self._told = time.monotonic()

    def stop_if_asked(self) -> None:
        """As of a `Watch`."""
        if self._stop():
            raise Stopped("The prediction was stopped.", "Start it again to go on from there.")

    def advance(self, count: int) -> None:
        """As of a `Watch`."""
        self.done += count
        if time.monotonic() - self._told > PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._tell(self.done)


def layers_of(prediction: Prediction, plan: Plan, output: Path | None = None) -> Layers | ValueLayers:
    """The outputs of a raster, in a context of which rows of windows can be added; `output` as of `Layers`."""
    kind = ValueLayers if "regression" in prediction.card.tasks else Layers
    return kind(prediction, plan.windows, output)


def run_rows(
    prediction: Prediction, backend: Backend, layers: Layers | ValueLayers, rows: Iterable[int], watch: Watch
) -> None:
    """Read, run and add the windows of those of some rows that are missing; each in its own threads, ahead of the next.

    Args:
        prediction: of the raster.
        backend: the model.
        layers: get the windows.
        rows: in order.
        watch: told how it goes.
    """
    windows, opened = layers.windows, prediction.opened
    size = prediction.options.batch_size or backend.batch_size
    readers = max(1, min(cores() // 4, MOST_READERS))
    read = window_reader(opened.reader, windows.tile, backend.card.fill_values(), opened.region)
    missing = missing_rows(layers.journal.finished(), rows, layers.needs_border)
    reads = ordered(read, windows.in_rows(missing), readers, readers + 2 * size, "reader")
    together = batches(reads, size, EMPTY_RUN, windows.columns)
    answers = ordered(
        lambda batch: (batch, _run(backend, batch)), together, backend.parallel, backend.parallel, "network"
    )
    with closing(reads), closing(answers):
        for batch, arrays in answers:
            watch.stop_if_asked()
            layers.add(batch, arrays)
            watch.advance(sum(read.window.kept for read in batch))
    layers.settle()


def run_stretch(
    prediction: Prediction, backend: Backend, plan: Plan, rows: range, tell: Callable[[int], None]
) -> dict[str, Damage]:
    """Have a stretch of rows of windows in the journal; those that are there already are not run again.

    Args:
        prediction: of the raster, with the batch size.
        backend: the model.
        plan: of the raster.
        rows: the stretch.
        tell: told how many windows of the stretch are done.

    Returns:
        What of each file could not be read.

    Raises:
        Stopped: so it was asked.
        OutputError: the journal cannot be written.
    """
    opened = prediction.opened
    opened.take_damage()
    done = len(prediction.journal.finished() & set(rows)) * plan.windows.columns
    watch = Telling(done, tell, prediction.stop)
    with bounded_cache(opened.reader, plan.windows.tile), layers_of(prediction, plan) as layers:
        run_rows(prediction, backend, layers, rows, watch)
    return opened.take_damage()


def put_in_place(prediction: Prediction, plan: Plan) -> Results:
    """Make the files of a raster whose rows are all in the journal, which stays.

    Raises:
        Stopped: so it was asked.
        OutputError: they cannot be written.
    """
    opened, output = prediction.opened, prediction.output
    place = prediction.journal.folder / f"finishing{prediction.writer}"
    with writing(place):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    with bounded_cache(opened.reader, plan.windows.tile), layers_of(prediction, plan, place) as layers:
        results = layers.finish(opened.name, prediction.stop)
    with writing(output):
        for path in sorted(place.iterdir()):
            path.replace(output / path.name)
    places: dict[str, Any] = {name: output / path.name for name, path in results.files.items()}
    return replace(results, **places)


def _run(backend: Backend, batch: list[Read]) -> Arrays:
    images = [read.image for read in batch if read.image is not None]
    return backend.run(images[0][None] if len(images) == 1 else np.stack(images)) if images else Arrays()


WINDOWS_SHARE = 0.95
"""The windows' share of the work; the rest is turning the maps into their final form."""


def predict(
    backend: Backend,
    raster: str | Sequence[str],
    output: Path,
    options: Options | None = None,
    events: EventLog | None = None,
) -> Results:
    """Predict a raster into a folder: `classes.tif`, `confidence.tif` on request, `detections.gpkg`, `values.tif`.

    A prediction that was interrupted, in whatever way, goes on where it stopped when the same is asked for again, and
    ends with the same bytes.

    Args:
        backend: the model.
        raster: any raster that GDAL opens, or several that become one (`reading.RasterMosaic`).
        output: the folder, made where it is missing.
        options: how.
        events: gets `progress` and `warning`; its stop file is honoured between batches.

    Raises:
        RasterError: the raster is missing, unreadable, or has other bands than the model reads.
        OutputError: the folder cannot be written, or the disk has too little space.
        LabelError: the layer of `where` is missing, without CRS, or has no polygons.
        DeviceError: a window does not fit into the device's memory.
        Stopped: the stop file came; what is finished waits in the folder `prediction.partial`.
    """
    options, events = options or Options(), events or EventLog(None)
    opened = Opened(raster, backend.card, options.where)
    prediction = Prediction(opened, backend.card, Path(output), options, events.stop_requested)
    few_pools()
    plan = make_plan(prediction, backend, lambda told: events.write(WarningEvent(told)))
    progress = Progress(events, plan, opened.name, options.fraction)
    with bounded_cache(opened.reader, plan.windows.tile), layers_of(prediction, plan) as layers:
        run_rows(prediction, backend, layers, range(plan.windows.rows), progress)
        if opened.reader.damage.windows:
            events.write(WarningEvent(opened.reader.damage.sentence(opened.name)))
        results = layers.finish(opened.name, events.stop_requested)
    progress.finish()
    prediction.journal.remove()
    return results


class Progress:
    """Writes `progress` events, a few a second at most."""

    def __init__(self, events: EventLog, plan: Plan, raster: str, fraction: tuple[float, float]) -> None:
        self.events, self.raster, self.fraction = events, raster, fraction
        self.of, self.megapixels = len(plan.windows), plan.megapixels
        self.before = self.done = len(plan.finished) * plan.windows.columns
        self.started = time.monotonic()
        self._told = -PROGRESS_SECONDS

    @property
    def share(self) -> float:
        """Share of the windows done."""
        return self.done / self.of

    def stop_if_asked(self) -> None:
        """End in order where that is wished.

        Raises:
            Stopped: it is.
        """
        if self.events.stop_requested():
            raise Stopped(
                f"The prediction of {self.raster} was stopped at {self.share:.0%}.",
                "Start it again to go on from there.",
            )

    def advance(self, count: int) -> None:
        """Count windows as done."""
        self.done = min(self.done + count, self.of)
        seconds = max(time.monotonic() - self.started, 1e-6)
        if seconds - self._told < PROGRESS_SECONDS and self.done < self.of:
            return
        self._told = seconds
        self._write(seconds, WINDOWS_SHARE * self.share)

    def finish(self) -> None:
        """Say that the files are in place."""
        self._write(time.monotonic() - self.started, 1.0)

    def _write(self, seconds: float, share: float) -> None:
        start, end = self.fraction
        rate = (self.done - self.before) / seconds
        self.events.write(
            ProgressEvent(
                stage="predict",
                raster=self.raster,
                step=self.done,
                of=self.of,
                samples_per_second=round(rate, 2),
                megapixels_per_second=round(rate / self.of * self.megapixels, 3),
                eta_seconds=round((1 - share) * self.of / rate, 1) if rate else None,
                fraction=round(start + (end - start) * share, 4),
            )
        )
