"""Windows of a raster as a network takes them, read ahead in threads and put together in batches."""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
import rasterio

from ..data.opening import open_raster
from ..data.raster import RasterReader
from .raster_mosaic import RasterMosaic
from .region import Region
from .windows import Window

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, depth: int, name: str
) -> Generator[Result, None, None]:
    """Results in the items' order, at most `depth` of them ahead of the consumer.

    Args:
        work: what is done with each item, in a thread.
        items: drawn by the consumer's thread.
        threads: how many.
        depth: the most items that are worked on or wait while the consumer has a result.
        name: of the threads.

    Raises:
        Exception: whatever `work` raised, at its place in the order.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class Worker:
    """One thread that does what it is given, in order; who gives it too much waits.

    Args:
        depth: the most tasks that wait.
        name: of the thread.
    """

    def __init__(self, depth: int, name: str) -> None:
        self.depth = depth
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: deque[Future[Any]] = deque()

    def give(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Have something done; errors of earlier work are raised here."""
        self._waiting.append(self._pool.submit(work, *arguments))
        while len(self._waiting) > self.depth:
            self._waiting.popleft().result()

    def wait(self) -> None:
        """Until all is done; errors are raised here."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """End the thread; what waits is not done."""
        self._pool.shutdown(cancel_futures=True)


EMPTY_RUN = 64
"""Most windows in a batch, with those that are skipped for want of data: between two looks at the stop file."""

LEAST_CACHE, MOST_CACHE = 16 * 2**20, 512 * 2**20
"""Bytes of GDAL's block cache."""
LOOKED_AT = 4
"""Rasters of a mosaic whose blocks stand for all."""
KEPT_TYPES = {np.dtype(name) for name in ("uint8", "uint16", "int16", "float32")}
"""Types that every backend takes; others become float32 on reading."""


@dataclass
class Read:
    """A window as read.

    Args:
        window: its place.
        image: (C, T, T) raw values, pixels that are not valid hold the band means; none without any data.
        valid: (T, T) bool, where there is data; none without any.
        shown: (T, T) bool, where maps show it; none without any data.
    """

    window: Window
    image: np.ndarray | None = None
    valid: np.ndarray | None = None
    shown: np.ndarray | None = None


def window_reader(
    reader: RasterReader, tile: int, mean: list[float], region: Region | None = None
) -> Callable[[Window], Read]:
    """What reads one window of a raster, from any thread: each has its own open file, as GDAL asks for.

    Args:
        reader: the raster.
        tile: side of a window, in pixels.
        mean: of the bands; it stands where there is no data.
        region: the part that windows are of; those that miss its polygons count as without data.
    """
    own = threading.local()
    region = region or Region.whole(reader.grid)

    def read(window: Window) -> Read:
        if not hasattr(own, "reader"):
            own.reader = copy.copy(reader)
        place = region.place(window, tile)
        if not region.touches(place):
            return Read(window)
        image, valid = own.reader.read(*place)
        if not valid.any():
            return Read(window)
        image = image if image.dtype in KEPT_TYPES else image.astype(np.float32)
        filled = image if valid.all() else np.where(valid, image, _fill(mean, image.dtype))
        return Read(window, filled, valid, region.shown(place, valid))

    return read


@contextlib.contextmanager
def bounded_cache(reader: RasterReader | RasterMosaic, tile: int) -> Iterator[None]:
    """Hold GDAL's block cache to what windows next to each other share; by default it may fill with a large raster.

    Args:
        reader: the raster; where it has strips and no tiles, windows share its whole width.
        tile: side of a window, in pixels.
    """
    parts = itertools.islice(reader.parts, LOOKED_AT) if isinstance(reader, RasterMosaic) else ()
    wanted = max(
        _shared_bytes(each, tile) for each in [part.reader for part in parts] or [cast("RasterReader", reader)]
    )
    with rasterio.Env(GDAL_CACHEMAX=min(max(wanted, LEAST_CACHE), MOST_CACHE)):
        yield


def _shared_bytes(reader: RasterReader, tile: int) -> int:
    """Bytes of the blocks that two neighbouring windows touch."""
    with open_raster(reader.path) as raster:
        height, width = raster.block_shapes[0]
        side = math.ceil(tile * reader.grid.gsd / reader.native_gsd)
        across = min(raster.width, (2 * math.ceil(side / width) + 1) * width)
        down = min(raster.height, (math.ceil(side / height) + 1) * height)
        found: int = across * down * raster.count * max(np.dtype(dtype).itemsize for dtype in raster.dtypes)
        return found


def batches(reads: Iterable[Read], size: int, most: int, columns: int) -> Iterator[list[Read]]:
    """Runs of windows in order, `size` of them with data, at most `most` altogether, and of one row of windows.

    A row's batches are the same wherever a prediction starts, and so are a network's answers, to the last bit.
    """
    batch: list[Read] = []
    for read in reads:
        batch.append(read)
        full = sum(one.image is not None for one in batch) == size or len(batch) == most
        if full or read.window.j == columns - 1:
            yield batch
            batch = []


def _fill(mean: list[float], dtype: np.dtype) -> np.ndarray:
    """The band means (C, 1, 1) in the raster's own type."""
    values = np.asarray(mean, float)[:, None, None]
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = np.rint(values).clip(limits.min, limits.max)
    return values.astype(dtype)
