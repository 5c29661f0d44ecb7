"""Band statistics of the training ground, from a sample of windows."""

from __future__ import annotations

import numpy as np

from ..errors import RasterError
from .masks import coverage
from .moments import Moments, add
from .prepared import PreparedSource
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


def _pixels(source: PreparedSource, column: float, row: float, chip: int) -> np.ndarray:
    """Valid pixels (C, n) float64 of a window on a source's training ground."""
    window = window_around(source.reader.grid, column, row, chip)
    image, valid = source.reader.read(*window)
    return image[:, valid & coverage(source.training, window)].astype(np.float64)
