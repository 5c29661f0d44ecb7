"""Mean and deviation of bands, from sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
