"""Rasters seen as one, and windows as a network takes them, read ahead in threads and put together in batches."""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import rasterio
import shapely

from ..config import Card
from ..data.grid import Grid
from ..data.grid import Window as GridWindow
from ..data.opening import open_raster as open_anywhere
from ..data.radiometry import Damage, Radiometry
from ..data.raster import OnGrid, RasterReader
from ..errors import RasterError
from .checks import open_raster
from .region import Region
from .windows import Window

OPEN_FILES = 16
"""Rasters that each copy keeps open."""
SAME_PIXELS = 1e-3
"""Pixels by which two rasters may be shifted against each other, from end to end, and still share their pixels."""


class Part(NamedTuple):
    """A raster, and how many columns and rows its pixels are shifted in the whole."""

    reader: RasterReader
    column: int = 0
    row: int = 0


class RasterMosaic:
    """Rasters on the first one's grid, in its CRS, as one `RasterReader`; where they overlap, the first with data wins.

    Those with the same pixels are read plainly, others are warped on reading. Each copy is for one thread.

    Args:
        rasters: at least one.
        card: of the model that will read them.

    Raises:
        RasterError: one of them is unreadable, or does not fit the model.
    """

    def __init__(self, rasters: Sequence[str], card: Card) -> None:
        own = [open_raster(raster, card) for raster in rasters]
        first = own[0]
        self.path = first.path if len(own) == 1 else f"{first.path} and {len(own) - 1} more"
        self.dtype, self.native_gsd = first.dtype, max(reader.native_gsd for reader in own)
        corners = np.array([_outline(reader, first.grid).bounds for reader in own])
        for reader in itertools.compress(own, ~np.isfinite(corners).all(axis=1)):
            raise RasterError(f"{reader.path} lies where the CRS of {first.path} has no place for it.")
        left, top = (math.floor(value + SAME_PIXELS) for value in corners[:, :2].min(axis=0))
        right, bottom = (math.ceil(value - SAME_PIXELS) for value in corners[:, 2:].max(axis=0))
        extent = GridWindow(left, top, right - left, bottom - top)
        transform = first.grid.window_transform(extent)
        self.grid = Grid(first.grid.crs, transform, extent.width, extent.height, first.grid.gsd)
        self.parts = [_part(reader, self.grid) for reader in own]
        self.radiometry: Radiometry | None = None
        self._places = shapely.STRtree([_outline(part.reader, self.grid) for part in self.parts])
        self._places.query(shapely.Point(0, 0))  # built now, not from several threads
        self._open: OrderedDict[int, RasterReader] = OrderedDict()

    def __copy__(self) -> RasterMosaic:
        other = object.__new__(RasterMosaic)
        other.__dict__.update(self.__dict__, _open=OrderedDict())
        return other

    @property
    def damage(self) -> Damages:
        """Of all rasters."""
        return Damages([(part.reader.path, part.reader.damage) for part in self.parts if part.reader.damage.windows])

    @property
    def image_dtype(self) -> str:
        """As `RasterReader.image_dtype`."""
        return self.dtype if self.radiometry is None else "float32"

    def read(self, column: int, row: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """As `RasterReader.read`."""
        image, valid = self._read(column, row, width, height)
        return (image if self.radiometry is None else self.radiometry(image)), valid

    def _read(self, column: int, row: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        image, valid = None, np.zeros((height, width), bool)
        for index in np.sort(self._places.query(GridWindow(column, row, width, height).box())):
            part = self.parts[index]
            more, there = self._reader(index).read(column - part.column, row - part.row, width, height)
            image = np.zeros(more.shape, self.dtype) if image is None else image
            np.copyto(image, more, where=there & ~valid, casting="unsafe")
            valid |= there
            if valid.all():
                break
        if image is None:
            return np.zeros((len(self.parts[0].reader.bands), height, width), self.dtype), valid
        return image, valid

    def _reader(self, index: int) -> RasterReader:
        reader = self._open.pop(index, None) or copy.copy(self.parts[index].reader)
        self._open[index] = reader
        if len(self._open) > OPEN_FILES:
            self._open.popitem(last=False)
        return reader


class Damages(NamedTuple):
    """What several rasters do not give."""

    each: list[tuple[str, Damage]]

    @property
    def windows(self) -> int:
        """How many windows."""
        return sum(damage.windows for _, damage in self.each)

    def sentence(self, path: str) -> str:
        """What of which raster; `path` names the whole."""
        return " ".join(damage.sentence(raster) for raster, damage in self.each)


def _outline(reader: RasterReader, grid: Grid) -> shapely.Geometry:
    """A raster's outline in another grid's pixels; long edges get vertices, for straight lines bend."""
    fine = shapely.segmentize(reader.outline(), max(reader.grid.width, reader.grid.height) / 16)
    x_y = grid.pixels_from(reader.grid.crs)
    return shapely.transform(fine, lambda x, y: x_y(*reader.grid.to_crs(x, y)), interleaved=False)


def _part(reader: RasterReader, grid: Grid) -> Part:
    own = reader.grid
    if own.crs == grid.crs:
        corners = grid.pixels_from(own.crs)(*own.to_crs(np.array([0, own.width]), np.array([0, own.height])))
        (left, right), (top, bottom) = corners
        column, row = round(left), round(top)
        shift = np.array([left, top, right, bottom]) - [column, row, column + own.width, row + own.height]
        if np.abs(shift).max() <= SAME_PIXELS:
            return Part(reader, column, row)
    shared = RasterReader(reader.path, reader.bands, nodata=reader.nodata, on=OnGrid(grid))
    return Part(shared)


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
    with open_anywhere(reader.path) as raster:
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
