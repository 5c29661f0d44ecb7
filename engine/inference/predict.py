"""A raster in, a class map and detections out, with memory that does not grow with the raster."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Stopped
from ..events import EventLog
from .backends import Arrays, Backend
from .checks import FreeBytes, check_space, doubts, open_raster
from .layers import Layers, Results
from .reading import Read, batches, read_ahead, window_reader
from .sinks import bounded_cache
from .windows import WindowGrid, window_grid

PROGRESS_SECONDS = 0.5
WINDOWS_SHARE = 0.95
"""The windows' share of the work; the rest is turning the maps into their final form."""
EMPTY_RUN = 64
"""Most windows between two looks at the stop file, where windows are skipped for want of data."""


@dataclass(frozen=True)
class Options:
    """How to predict.

    Args:
        overlap: what neighbouring windows share, as a share of their side, 0 to 0.5.
        confidence: also write the probability of the class in percent.
        batch_size: windows in a batch.
        tile_size: side of a window in pixels, divisible by 32; none means the card's.
        fraction: start and end of this raster's part of the whole job, for `progress` events over several rasters.
        free_bytes: free space of a folder's disk.
    """

    overlap: float = 0.125
    confidence: bool = False
    batch_size: int = 4
    tile_size: int | None = None
    fraction: tuple[float, float] = (0.0, 1.0)
    free_bytes: FreeBytes = lambda folder: shutil.disk_usage(folder).free


def predict(
    backend: Backend, raster: str, output: Path, options: Options | None = None, events: EventLog | None = None
) -> Results:
    """Predict a raster into a folder: `classes.tif`, `confidence.tif` on request, `detections.gpkg`.

    Args:
        backend: the model.
        raster: any raster that GDAL opens.
        output: the folder, made where it is missing.
        options: how.
        events: gets `progress` and `warning`; its stop file is honoured between batches.

    Raises:
        RasterError: the raster is missing, unreadable, or has other bands than the model reads.
        OutputError: the folder cannot be written, or the disk has too little space.
        DeviceError: a window does not fit into the device's memory.
        Stopped: the stop file came; nothing is left behind.
    """
    options, events = options or Options(), events or EventLog(None)
    reader = open_raster(raster, backend.card)
    for message in doubts(reader, raster, backend.card):
        events.write("warning", message=message)
    output = Path(output)
    check_space(output, reader.grid, backend.card, options.confidence, options.free_bytes)
    windows = window_grid(
        reader.grid.width, reader.grid.height, options.tile_size or backend.card.tile_size, options.overlap
    )
    with bounded_cache(), ExitStack() as stack:
        layers = Layers(stack, output, reader.grid, windows, backend.card, options.confidence)
        progress = Progress(events, windows, raster, options.fraction)
        read = window_reader(reader, windows.tile, backend.card.mean)
        reads = read_ahead(read, windows, depth=2 * options.batch_size)
        stack.callback(reads.close)
        for batch in batches(reads, options.batch_size, EMPTY_RUN):
            if events.stop_requested():
                raise Stopped(f"The prediction of {raster} was stopped at {progress.share:.0%}.")
            layers.add(batch, _run(backend, batch))
            progress.advance(len(batch))
        results = layers.finish(raster)
        progress.finish()
        return results


class Progress:
    """Writes `progress` events, a few a second at most."""

    def __init__(self, events: EventLog, windows: WindowGrid, raster: str, fraction: tuple[float, float]) -> None:
        self.events, self.raster, self.fraction = events, raster, fraction
        self.of = len(windows)
        self.megapixels = windows.width * windows.height / 1e6
        self.done = 0
        self.started = time.monotonic()
        self._told = -PROGRESS_SECONDS

    @property
    def share(self) -> float:
        """Share of the windows done."""
        return self.done / self.of

    def advance(self, count: int) -> None:
        """Count windows as done."""
        self.done += count
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
        self.events.write(
            "progress",
            stage="predict",
            raster=self.raster,
            step=self.done,
            of=self.of,
            samples_per_second=round(self.done / seconds, 2),
            megapixels_per_second=round(self.share * self.megapixels / seconds, 3),
            eta_seconds=round(seconds * (1 / share - 1), 1),
            fraction=round(start + (end - start) * share, 4),
        )


def _run(backend: Backend, batch: list[Read]) -> Arrays:
    images = [read.image for read in batch if read.image is not None]
    return backend.run(np.stack(images)) if images else Arrays()
