"""Mean and deviation of bands, from sums; rasters of several sensors or dates, standardised each by its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .grid import Grid

PLACES = (12, 48)
"""Windows along each side of a raster that is measured; the second where the first meet no data."""
SIDE = 64
"""Of such a window, in pixels at the model's ground sampling distance, for that is what the network sees."""


Bands = Sequence[float] | np.ndarray
"""A number of each band."""


@dataclass
class Moments:
    """Sums over pixels, in float64: `count`, and (C,) `total` and `squares` relative to (C,) `origin`.

    The origin is near the mean, or the squares would lose their digits.
    """

    count: int
    origin: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    def mean(self) -> np.ndarray:
        """(C,) means."""
        return self.origin + self.total / self.count

    def std(self) -> np.ndarray:
        """(C,) standard deviations; 1 where all values are the same."""
        variance = self.squares / self.count - (self.total / self.count) ** 2
        return np.sqrt(np.where(variance > 1e-12 * np.maximum(self.mean() ** 2, 1e-12), variance, 1))


def add(moments: Moments | None, pixels: np.ndarray) -> Moments:
    """Moments with the pixels (C, n) float64 too; none is those of no pixel."""
    if moments is None:
        zero = np.zeros(len(pixels))
        moments = Moments(0, pixels.mean(axis=1), zero, zero)
    apart = pixels - moments.origin[:, None]
    return Moments(
        moments.count + pixels.shape[1],
        moments.origin,
        moments.total + apart.sum(axis=1),
        moments.squares + (apart**2).sum(axis=1),
    )


@dataclass(frozen=True)
class Radiometry:
    """A linear map of a raster's bands to the mean and deviation that a network standardises by.

    What the network then sees is (raw - mean) / std with the raster's own numbers.

    Args:
        gain: (C,) float32.
        offset: (C,) float32.
    """

    gain: np.ndarray
    offset: np.ndarray

    @classmethod
    def between(cls, own: tuple[Bands, Bands], common: tuple[Bands, Bands]) -> Radiometry:
        """From a raster's own mean and deviation of each band to common ones."""
        (mean, std), (to_mean, to_std) = np.asarray(own, float), np.asarray(common, float)
        gain = to_std / std
        return cls(gain.astype(np.float32), (to_mean - gain * mean).astype(np.float32))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """(C, H, W) float32 of raw values (C, H, W)."""
        found: np.ndarray = image * self.gain[:, None, None] + self.offset[:, None, None]
        return found


class Readable(Protocol):
    """A raster, or several as one."""

    grid: Grid

    def read(self, column: int, row: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """Image (C, H, W), valid (H, W)."""
        ...


def measured(raster: Readable) -> Moments | None:
    """Moments of a whole raster's bands, from 144 small windows in even distances; none where it has no data.

    It is measured in the same way to train and to predict, whatever overviews it has.

    Raises:
        RasterError: it cannot be read.
    """
    for places in PLACES:
        moments = None
        for row in _starts(raster.grid.height, places):
            for column in _starts(raster.grid.width, places):
                image, valid = raster.read(column, row, SIDE, SIDE)
                if valid.any():
                    moments = add(moments, image[:, valid].astype(np.float64))
        if moments is not None:
            return moments
    return None


def _starts(length: int, places: int) -> list[int]:
    """Where windows begin: in the middles of as many equal parts, or side by side where those are smaller."""
    places = max(1, min(places, length // SIDE))
    return [max(0, round((index + 0.5) * length / places - SIDE / 2)) for index in range(places)]
