"""A raster in, a class map and detections out, with memory that does not grow with the raster."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..data.identity import of_raster
from ..data.raster import RasterReader
from ..errors import DeviceError, RasterError, Stopped
from ..events import EventLog
from ..malloc import few_pools
from .backends import Arrays, Backend
from .backends.base import cores
from .checks import FreeBytes, check_space, doubts, open_raster
from .collage import Collage
from .context import enough_overlap
from .journal import Journal
from .layers import Layers, Results
from .pipeline import ordered
from .radiometry import by_own_statistics
from .reading import Read, batches, bounded_cache, window_reader
from .region import EVERYWHERE, Region, Where, region_of
from .rows import missing_rows
from .sharing import POLL_SECONDS, Share
from .values import ValueLayers
from .windows import WindowGrid, in_phase, window_grid

PROGRESS_SECONDS = 0.5
WINDOWS_SHARE = 0.95
"""The windows' share of the work; the rest is turning the maps into their final form."""
EMPTY_RUN = 64
"""Most windows between two looks at the stop file, where windows are skipped for want of data."""
MOST_READERS = 4
JOURNAL = "prediction.partial"
"""The folder, beside the outputs, of what is finished of an interrupted prediction."""


@dataclass(frozen=True)
class Options:
    """How to predict.

    Args:
        overlap: what neighbouring windows share, as a share of their side, 0 to 0.5; none is what the network needs,
            as its card says, or as measured on the raster.
        confidence: also write the probability of the class in percent.
        batch_size: windows in a batch; none leaves it to the backend.
        tile_size: side of a window in pixels, divisible by 32; none means the card's.
        fraction: start and end of this raster's part of the whole job, for `progress` events over several rasters.
        model: tells this model's weights from others', so that no other model's interrupted prediction is continued.
        free_bytes: free space of a folder's disk.
        where: what of the raster.
        share: the same prediction runs in other processes too, and this one does a part of it.
    """

    overlap: float | None = None
    confidence: bool = False
    batch_size: int | None = None
    tile_size: int | None = None
    fraction: tuple[float, float] = (0.0, 1.0)
    model: str = ""
    free_bytes: FreeBytes = lambda folder: shutil.disk_usage(folder).free
    where: Where = EVERYWHERE
    share: Share | None = None


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
        raster: any raster that GDAL opens, or several that become one (`collage.Collage`).
        output: the folder, made where it is missing.
        options: how.
        events: gets `progress` and `warning`; its stop file is honoured between batches.

    Raises:
        RasterError: the raster is missing, unreadable, or has other bands than the model reads.
        OutputError: the folder cannot be written, or the disk has too little space.
        LabelError: the layer of `where` is missing, without CRS, or has no polygons.
        DeviceError: a window does not fit into the device's memory, or processes that share the work differ.
        Stopped: the stop file came; what is finished waits in the folder `prediction.partial`.
    """
    options, events = options or Options(), events or EventLog(None)
    card = backend.card
    reader = open_raster(raster, card) if isinstance(raster, str) else Collage(raster, card)
    name = reader.path
    for message in [*doubts(reader, name, card), *by_own_statistics(reader, card)]:
        events.write("warning", message=message)
    region = region_of(name, reader.grid, options.where)
    output = Path(output)
    check_space(output, name, region.grid, card, options.confidence, options.free_bytes)
    few_pools()
    with bounded_cache(reader, options.tile_size or card.tile_size):
        windows = _lattice(backend, reader, options).around(*region.part)
        journal = _journal(output / JOURNAL, _job(backend, raster, region, windows, options), options.share, events)
        kind = ValueLayers if "regression" in card.tasks else Layers
        progress = Progress(events, windows, name, options.fraction, journal)
        with kind(output, region, windows, card, options.confidence, journal) as layers:
            _all_rows(backend, reader, region, layers, options, progress)
            if reader.damage.windows:
                events.write("warning", message=reader.damage.sentence(name))
            results = _finish(layers, name, options.share, progress)
        return results


def _journal(folder: Path, job: dict[str, Any], share: Share | None, events: EventLog) -> Journal:
    """The prediction's journal, its finished rows checked; of several processes one prepares it."""
    journal = Journal(folder, "" if share is None else share.crew.name)
    told = journal.prepare(job) if share is None else _prepared_together(journal, job, share)
    for sentence in filter(None, (told, journal.drop_damaged(events.stop_requested))):
        events.write("warning", message=sentence)
    return journal


def _prepared_together(journal: Journal, job: dict[str, Any], share: Share) -> str:
    if share.agree("job", lambda: job) != job:
        raise DeviceError(
            f"This process would predict {job['raster'][0]['path']} otherwise than those that it shares the work with.",
            "Give all of them the same rasters, options and version, and --backend.",
        )
    told = ""
    while not journal.is_of(job) and not share.outcome:
        if share.take("journal"):
            told = journal.prepare(job)
        else:
            time.sleep(POLL_SECONDS)
    return told


def _all_rows(
    backend: Backend, reader: RasterReader, region: Region, layers: Layers, options: Options, progress: Progress
) -> None:
    """Add the rows of windows that are missing, and wait for those that other processes work on."""
    windows, share = layers.windows, options.share
    while True:
        rows = missing_rows(layers.journal, windows.rows, layers.needs_border, share)
        _windows(backend, reader, region, rows, layers, options, progress)
        layers.settle()
        if share is None or len(layers.journal.finished()) == windows.rows:
            return
        _pause(progress)


def _finish(layers: Layers, name: str, share: Share | None, progress: Progress) -> Results:
    """Put the files in place, or wait until another process has."""
    if results := _others_results(share, progress):
        return results
    results = layers.finish(name, progress.events.stop_requested)
    progress.finish()
    if share:
        share.outcome = {"results": results.as_dict()}
    layers.journal.remove()
    return results


def _others_results(share: Share | None, progress: Progress) -> Results | None:
    """What another process has put in place, none where that is up to this one."""
    while share and not share.take("finish") and not share.outcome:
        _pause(progress)
    if share is None or not (outcome := share.outcome):
        return None
    if "failed" in outcome:
        raise RasterError(outcome["failed"]["message"], outcome["failed"]["hint"])
    return Results.from_dict(outcome["results"])


def _pause(progress: Progress) -> None:
    progress.stop_if_asked()
    time.sleep(POLL_SECONDS)
    progress.advance(0)


def _lattice(backend: Backend, reader: RasterReader, options: Options) -> WindowGrid:
    """The lattice of the whole raster: whatever part is predicted, it looks the same."""
    grid, tile, overlap = reader.grid, options.tile_size or backend.card.tile_size, options.overlap
    if overlap is None:
        overlap = enough_overlap(backend, reader, tile)
    return window_grid(grid.width, grid.height, tile, in_phase(tile, overlap))


def _windows(
    backend: Backend,
    reader: RasterReader,
    region: Region,
    rows: Iterable[tuple[int, bool]],
    layers: Layers,
    options: Options,
    progress: Progress,
) -> None:
    """Read, run and add all windows of some rows; each in its own threads, ahead of the next."""
    windows = layers.windows
    size = options.batch_size or backend.batch_size
    readers = max(1, min(cores() // 4, MOST_READERS))
    read = window_reader(reader, windows.tile, backend.card.fill_values(), region)
    reads = ordered(read, windows.in_rows(rows), readers, readers + 2 * size, "reader")
    together = batches(reads, size, EMPTY_RUN, windows.columns)
    answers = ordered(
        lambda batch: (batch, _run(backend, batch)), together, backend.parallel, backend.parallel, "network"
    )
    with closing(reads), closing(answers):
        for batch, arrays in answers:
            progress.stop_if_asked()
            layers.add(batch, arrays)
            progress.advance(sum(read.window.kept for read in batch))


def _job(
    backend: Backend, raster: str | Sequence[str], region: Region, windows: WindowGrid, options: Options
) -> dict[str, Any]:
    """All that decides about the outputs' bytes, as JSON reads it back."""
    files = [raster] if isinstance(raster, str) else raster
    return {
        "engine": __version__,
        "backend": backend.name,
        "model": options.model,
        "card": backend.card.model_dump(mode="json"),
        "raster": [of_raster(file, together=len(files)) for file in files],
        "region": region.as_json(),
        "windows": [windows.width, windows.height, windows.tile, windows.overlap, list(windows.margin)],
        "batch_size": options.batch_size or backend.batch_size,
        "confidence": options.confidence,
    }


class Progress:
    """Writes `progress` events, a few a second at most, on what this process and others have done."""

    def __init__(
        self,
        events: EventLog,
        windows: WindowGrid,
        raster: str,
        fraction: tuple[float, float],
        journal: Journal,
    ) -> None:
        self.events, self.raster, self.fraction = events, raster, fraction
        self.columns, self.journal = windows.columns, journal
        self.of = len(windows)
        self.megapixels = windows.width * windows.height / 1e6
        self.before = self.done = self._finished()
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
        self.done = max(self.done, self._finished())
        self._write(seconds, WINDOWS_SHARE * self.share)

    def finish(self) -> None:
        """Say that the files are in place."""
        self._write(time.monotonic() - self.started, 1.0)

    def _finished(self) -> int:
        return len(self.journal.finished()) * self.columns

    def _write(self, seconds: float, share: float) -> None:
        start, end = self.fraction
        rate = (self.done - self.before) / seconds
        self.events.write(
            "progress",
            stage="predict",
            raster=self.raster,
            step=self.done,
            of=self.of,
            samples_per_second=round(rate, 2),
            megapixels_per_second=round(rate / self.of * self.megapixels, 3),
            eta_seconds=round((1 - share) * self.of / rate, 1) if rate else None,
            fraction=round(start + (end - start) * share, 4),
        )


def _run(backend: Backend, batch: list[Read]) -> Arrays:
    images = [read.image for read in batch if read.image is not None]
    return backend.run(images[0][None] if len(images) == 1 else np.stack(images)) if images else Arrays()
