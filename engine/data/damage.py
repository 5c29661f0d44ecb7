"""Pixels that cannot be trusted: what cannot be read, and the collar that lossy compression leaves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

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
