"""A raster in, a class map and detections out, with memory that does not grow with the raster."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from ..errors import Stopped
from ..events import EventLog, ProgressEvent, WarningEvent
from ..malloc import few_pools
from .backends import Backend
from .layers import Results
from .opened import Opened, Options, Plan, Prediction, make_plan
from .parts import PROGRESS_SECONDS, layers_of, run_rows
from .reading import bounded_cache

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
        raster: any raster that GDAL opens, or several that become one (`raster_mosaic.RasterMosaic`).
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
