"""Band statistics from samples of windows: of the training ground, and of whole rasters."""

from __future__ import annotations

import hashlib
from dataclasses import fields

import numpy as np

from .. import __version__
from ..errors import RasterError
from .arrays import ArrayWriter, Workspace, finish
from .identity import seen
from .masks import coverage
from .opening import open_raster
from .prepared import PreparedSource
from .radiometry import Moments, add, measured
from .raster import RasterReader
from .reach import is_remote
from .sampling import ChipSampler, window_around

_WINDOWS = 64


def band_moments(sources: list[PreparedSource], chip: int, seed: int) -> Moments:
    """Moments of each band over the valid pixels of some windows on the training ground.

    Args:
        sources: every source that the recipe trains on.
        chip: side of a window in pixels.
        seed: seed of the windows.

    Raises:
        RasterError: there is no valid pixel.
    """
    sampler, rng = ChipSampler(sources, chip, 0.0), np.random.default_rng([seed, len(sources)])
    moments = None
    for _ in range(_WINDOWS):
        index, column, row = sampler.draw(rng)
        pixels = _pixels(sources[index], column, row, chip)
        if pixels.shape[1]:
            moments = add(moments, pixels)
    if moments is None:
        names = ", ".join(source.name for source in sources)
        raise RasterError(f"There is no valid pixel on the training ground of {names}.", "Check the no-data value.")
    return moments


def raster_moments(reader: RasterReader, workspace: Workspace) -> Moments | None:
    """Moments of a whole raster, measured or kept from when its files were the same; none where it has no data.

    Raises:
        RasterError: it cannot be read.
        OutputError: the disk is full, or cannot be written to.
    """
    if workspace.kept is None or is_remote(reader.path):
        return measured(reader)
    with open_raster(reader.path) as dataset:
        files = list(dataset.files)
    parts = __version__, files, seen(files), reader.bands, str(reader.nodata), reader.grid.width, reader.grid.gsd
    path = workspace.kept / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.moments"
    names = [each.name for each in fields(Moments)]
    if kept := workspace.reopened(path):
        return Moments(int(kept["count"][0]), *(kept[name].copy() for name in names[1:]))
    damaged, moments = reader.damage.windows, measured(reader)
    if moments is not None and reader.damage.windows == damaged:  # damage is to be met, and told, each time
        values = ArrayWriter({name: ("int64" if name == "count" else "float64", ()) for name in names}, workspace)
        values.add(**{name: np.atleast_1d(getattr(moments, name)) for name in names})
        finish([values], {}, workspace, path)
    return moments


def _pixels(source: PreparedSource, column: float, row: float, chip: int) -> np.ndarray:
    """Valid pixels (C, n) float64 of a window on a source's training ground."""
    window = window_around(source.reader.grid, column, row, chip)
    image, valid = source.reader.read(*window)
    return image[:, valid & coverage(source.training, window)].astype(np.float64)
