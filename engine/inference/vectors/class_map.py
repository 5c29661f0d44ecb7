"""A class map read strip by strip, with the confidence beside it; progress and the stop file of such work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window

from ...data.grid import pixel_metres
from ...data.opening import open_raster
from ...data.placement import check_placed
from ...errors import RasterError, Stopped
from ...events import Log, ProgressEvent

PROGRESS_SECONDS = 0.5
Step = TypeVar("Step")


def watched(steps: Iterable[Step], count: int, stage: str, events: Log) -> Iterator[Step]:
    """The steps, one by one; before each the stop file is looked at, and after it progress is written.

    Args:
        steps: the work.
        count: how many there are.
        stage: what the events call it.
        events: where they go; a few a second at most, and one in the end.

    Raises:
        Stopped: someone put a stop file there.
    """
    started = told = time.monotonic()
    for done, step in enumerate(steps, start=1):
        if events.stop_requested():
            raise Stopped(f"Making {stage} was stopped at {(done - 1) / count:.0%}.")
        yield step
        now = time.monotonic()
        if now - told >= PROGRESS_SECONDS or done == count:
            told = now
            left = (now - started) / done * (count - done)
            events.write(ProgressEvent(stage=stage, step=done, of=count, fraction=done / count, eta_seconds=left))


NODATA = 255
BACKGROUND = 0
KNOTS, EDGE, UNIFORM = 33, 12, 1e-3
"""Rows at which pixels are measured, how far from the ends, and what they may differ by and still count as equal."""
STRIP_PIXELS = 2**22
MINIMUM_ROWS = 128
LEAST_CACHE, MOST_CACHE = 16 * 2**20, 64 * 2**20
"""Bytes of GDAL's block cache: by default a share of the machine's memory, which a large map would fill."""
Filter = Callable[[np.ndarray, int, int], np.ndarray]


class MapFile(NamedTuple):
    """A class map that becomes a layer.

    Attributes:
        path: one band of bytes: 0 background, 1 the first class, 255 no-data.
        confidence: percent as one band of bytes on the same grid, 255 no-data; none where there is none.
        strip_rows: rows of a strip; none lets the map's width decide.
    """

    path: Path
    confidence: Path | None = None
    strip_rows: int | None = None


@dataclass(frozen=True)
class Strip:
    """Rows of a class map.

    Args:
        row: the first row.
        values: (h, w) uint8.
        above: (w,) the row above, none for the first strip.
        below: (w,) the row below, none for the last strip.
    """

    row: int
    values: np.ndarray
    above: np.ndarray | None
    below: np.ndarray | None


class ClassMap:
    """A one-band GeoTIFF of class values; used as a context.

    Args:
        path: the class map.
        strip_rows: rows of a strip; none chooses them so that a strip has about 4 million pixels.

    Raises:
        RasterError: missing, unreadable, without CRS, or not one band of bytes.
    """

    def __init__(self, path: Path, strip_rows: int | None = None) -> None:
        self.path = path
        self._raster = _open(path)
        self._cache = rasterio.Env(GDAL_CACHEMAX=_cache_bytes(self._raster))
        self.crs, self.transform = self._raster.crs, self._raster.transform
        self.width, self.height = self._raster.width, self._raster.height
        self.strip_rows = min(self.height, strip_rows or max(MINIMUM_ROWS, STRIP_PIXELS // self.width))
        self.metres = pixel_metres(self.crs, self.transform, self.width, self.height)[:2]
        """Ground lengths of a column and of a row at the map's centre."""

    def __enter__(self) -> ClassMap:
        self._cache.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._raster.close()
        self._cache.__exit__()

    def read(self, row: int, height: int) -> np.ndarray:
        """Rows as (height, width) uint8.

        Raises:
            RasterError: a block is broken.
        """
        try:
            found: np.ndarray = self._raster.read(1, window=Window(0, row, self.width, height))
            return found
        except RasterioError as error:
            raise RasterError(f"{self.path} cannot be read at row {row}: {error}.") from error

    def same_grid(self, other: ClassMap) -> bool:
        """Whether two maps have the same pixels."""
        same_size = (self.width, self.height) == (other.width, other.height)
        return same_size and self.crs == other.crs and self.transform.almost_equals(other.transform)

    def pixel_areas(self, row: int, height: int) -> np.ndarray:
        """Ground area in m2 of a pixel in each of some rows (height,); () where all are the same to a thousandth.

        It changes with latitude in many CRSs, smoothly, so it is measured at a few rows only.
        """
        inside = min(EDGE, height / 2)  # beyond a pole there is nothing to measure
        knots = np.linspace(inside, height - inside, min(height, KNOTS))
        areas = []
        for knot in knots:
            column, line = pixel_metres(self.crs, self.transform @ Affine.translation(0, row + knot), self.width, 0)[:2]
            areas.append(column * line)
        if max(areas) - min(areas) <= UNIFORM * max(areas):
            return np.array(np.mean(areas))
        found: np.ndarray = np.interp(np.arange(height) + 0.5, knots, areas)
        return found

    def starts(self) -> range:
        """First rows of the strips."""
        return range(0, self.height, self.strip_rows)

    def strips(self, change: Filter | None = None, halo: int = 0) -> Iterator[Strip]:
        """All strips from the top.

        Args:
            change: a function of (values, row, height) on the strip with `halo` more rows at each end; its result
                must have the same shape, and the halo is cut off again.
            halo: how many rows.
        """
        above: np.ndarray | None = None
        current: np.ndarray | None = None
        for row in self.starts():
            following = self._changed(row, change, halo)
            if current is not None:
                yield Strip(row - len(current), current, above, following[0])
                above = current[-1]
            current = following
        if current is not None:
            yield Strip(self.height - len(current), current, above, None)

    def _changed(self, row: int, change: Filter | None, halo: int) -> np.ndarray:
        height = min(self.strip_rows, self.height - row)
        if change is None:
            return self.read(row, height)
        first, last = max(0, row - halo), min(self.height, row + height + halo)
        return change(self.read(first, last - first), first, last - first)[row - first : row - first + height]


def _cache_bytes(raster: rasterio.DatasetReader) -> int:
    """Room for the two rows of blocks that strips may share, and as much for a map beside this one."""
    block_rows, _ = raster.block_shapes[0]
    found: int = min(MOST_CACHE, max(LEAST_CACHE, 4 * block_rows * raster.width))
    return found


def _open(path: Path) -> rasterio.DatasetReader:
    if not Path(path).exists():
        raise RasterError(f"The class map {path} does not exist.", "Correct its path or put the file back.")
    raster = open_raster(str(path))
    if raster.count != 1 or raster.dtypes[0] != "uint8":
        raise RasterError(
            f"{path} is not a class map: it has {raster.count} band(s) of {raster.dtypes[0]}, not one of uint8."
        )
    check_placed(raster, str(path))
    return raster
