"""Windows read ahead in a thread while the network works, and put together in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..data.raster import RasterReader
from .windows import Window


@dataclass
class Read:
    """A window as read.

    Args:
        window: its place.
        image: (C, T, T) float32, pixels that are not valid hold the band means; none without any data.
        valid: (T, T) bool; none without any data.
    """

    window: Window
    image: np.ndarray | None = None
    valid: np.ndarray | None = None


def window_reader(reader: RasterReader, tile: int, mean: list[float]) -> Callable[[Window], Read]:
    """What reads one window of a raster."""
    fill = np.asarray(mean, np.float32)[:, None, None]

    def read(window: Window) -> Read:
        image, valid = reader.read(window.column, window.row, tile, tile)
        if not valid.any():
            return Read(window)
        return Read(window, np.where(valid, image, fill).astype(np.float32, copy=False), valid)

    return read


def read_ahead(read: Callable[[Window], Read], windows: Iterable[Window], depth: int) -> Iterator[Read]:
    """Windows in order, at most `depth` read ahead of the consumer; errors of the thread are raised here."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="reader")
    waiting: deque[Future[Read]] = deque()
    try:
        for window in windows:
            waiting.append(pool.submit(read, window))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def batches(reads: Iterable[Read], size: int, most: int) -> Iterator[list[Read]]:
    """Runs of windows in order, `size` of them with data, and at most `most` altogether."""
    batch: list[Read] = []
    for read in reads:
        batch.append(read)
        if sum(one.image is not None for one in batch) == size or len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch
