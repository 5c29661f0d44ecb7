"""What pixels are worth: which cannot be trusted, and mean and deviation of bands, for each raster where asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from rasterio.io import DatasetReader

from ..errors import RasterError
from .grid import Grid, Window
from .opening import open_raster

REACH = 16
"""Native pixels that a collar can be wide: JPEG's largest block, with its colours at half the resolution."""
TOLERANCE = 16
"""Most that a pixel of the collar differs from no-data in any band."""


def has_collar(dataset: DatasetReader) -> bool:
    """Whether a raster's pixels, or those of a virtual raster's first file, went through lossy compression."""
    if dataset.dtypes[0] != "uint8":
        return False
    if dataset.driver != "VRT":
        return _is_lossy(dataset)
    try:
        with open_raster(next(iter(dataset.files[1:]), dataset.name)) as first:
            return _is_lossy(first)
    except RasterError:
        return False  # what is missing of a virtual raster is told when it is read


def without_collar(image: np.ndarray, valid: np.ndarray, nodata: float, reach: int) -> np.ndarray:
    """Where there is data once no-data has grown through nearly equal pixels, `reach` steps far at most.

    A pixel's answer depends on those within `reach` of it only, so windows read that much wider agree.

    Args:
        image: (C, H, W) uint8.
        valid: (H, W) bool, false where there is no data.
        nodata: its value.
        reach: in pixels.
    """
    if valid.all():
        return valid
    near = valid & (np.abs(image.astype(np.int16) - nodata) <= TOLERANCE).all(axis=0)
    empty = ~valid
    for _ in range(reach):
        grown = empty | (near & _beside(empty))
        if np.array_equal(grown, empty):
            break
        empty = grown
    return ~empty


def _is_lossy(dataset: DatasetReader) -> bool:
    compression = dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "").upper()
    return "JPEG" in compression or compression == "WEBP"


def _beside(empty: np.ndarray) -> np.ndarray:
    """Pixels with an empty one above, below, left or right."""
    beside = np.zeros_like(empty)
    beside[1:] |= empty[:-1]
    beside[:-1] |= empty[1:]
    beside[:, 1:] |= empty[:, :-1]
    beside[:, :-1] |= empty[:, 1:]
    return beside


_PLACES = 3
_COUNTING = threading.Lock()
"""Several threads read copies of a reader, which count together."""


@dataclass
class Damage:
    """Windows that could not be read and count as no data.

    Args:
        windows: how many.
        places: the centres of the first ones in CRS coordinates.
        reason: what GDAL said of the first.
    """

    windows: int = 0
    places: list[tuple[float, float]] = field(default_factory=list)
    reason: str = ""

    def add(self, window: Window, grid: Grid, reason: str) -> None:
        """Count a window, from any thread."""
        x, y = grid.to_crs(window.column + window.width / 2, window.row + window.height / 2)
        with _COUNTING:
            self.windows += 1
            self.reason = self.reason or reason
            if len(self.places) < _PLACES:
                self.places.append((float(x), float(y)))

    def joined(self, other: Damage) -> Damage:
        """What two processes have counted."""
        return Damage(self.windows + other.windows, (self.places + other.places)[:_PLACES], self.reason or other.reason)

    def sentence(self, path: str) -> str:
        """What, how much and where."""
        what = "1 window" if self.windows == 1 else f"{self.windows} windows"
        digits = 6 if max(map(abs, self.places[0])) <= 180 else 1
        places = "; ".join(f"{x:.{digits}f}, {y:.{digits}f}" for x, y in self.places)
        return (
            f"{path} is damaged: {what} cannot be read and count{'s' if self.windows == 1 else ''} as no data, around "
            f"{places}{' and elsewhere' if self.windows > len(self.places) else ''} ({self.reason.rstrip('.')})."
        )


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
