"""The maps and objects of one row of windows on their way to the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.io import DatasetWriter
from rasterio.transform import from_origin
from rasterio.windows import Window as RasterWindow

from ..types import given
from .blending import NODATA
from .cog import BLOCK, cut_short
from .journal import Journal
from .merging import Found
from .pipeline import Worker
from .sinks import writing
from .windows import WindowGrid

if TYPE_CHECKING:
    from typing_extensions import Self

OBJECTS = "objects.npz"
WAITING_BLOCKS = 16
STRIP = {
    "driver": "GTiff",
    "dtype": "uint8",
    "count": 1,
    "nodata": NODATA,
    # Any but none, which GDAL would warn of.
    "transform": from_origin(0, 0, 2, 2),
    "tiled": True,
    "blockxsize": BLOCK,
    "blockysize": BLOCK,
}
"""Not compressed: the finished map is, and doing it twice would cost more of a processor than all the writing."""


class StripWriter:
    """Writes rows of windows into a journal, one after the other; all its methods belong into one thread.

    Args:
        journal: where to.
        windows: the lattice.
        layers: names of the maps, and what their files are like where that is not `STRIP`.
    """

    def __init__(self, journal: Journal, windows: WindowGrid, layers: dict[str, dict[str, Any]]) -> None:
        self.journal, self.windows, self.layers = journal, windows, layers
        self._open: dict[str, DatasetWriter] = {}
        self._folder: Path | None = None

    def write(self, i: int, layer: str, row: int, column: int, values: np.ndarray) -> None:
        """Write values of row `i` of windows, (h, w) or (K, h, w), from a row and column of the grid on.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        self._begin(i)
        if values.size:
            values = values.reshape(-1, *values.shape[-2:])
            place = RasterWindow(column, row - self.windows.finished(i)[0], *reversed(values.shape[1:]))
            with writing(given(self._folder)):
                self._open[layer].write(values, window=place)

    def commit(self, i: int, found: Found | None) -> None:
        """Finish row `i`, with the objects of its windows.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        self._begin(i)
        folder, self._folder = given(self._folder), None
        with writing(folder):
            for dataset in self._open.values():
                close_whole(dataset)
            self._open = {}
            if found is not None:
                np.savez(folder / OBJECTS, **vars(found))
        self.journal.commit(i)

    def close(self) -> None:
        """Let go of the files."""
        for dataset in self._open.values():
            dataset.close()
        self._open = {}

    def _begin(self, i: int) -> None:
        if self._folder is not None:
            return
        self._folder = self.journal.begin(i)
        with writing(self._folder):
            first, end = self.windows.finished(i)
            shape = {"width": self.windows.width, "height": end - first}
            for layer, profile in self.layers.items() if end > first else ():
                profile = {**STRIP, **profile, **shape}
                self._open[layer] = rasterio.open(self._folder / strip_file(layer), "w", **profile)


class Rows:
    """What the outputs of one raster share: rows of windows go into a journal, in a thread that compresses and writes.

    Used as a context: the thread ends with it.

    Args:
        journal: may hold finished rows already.
        windows: the lattice.
        layers: as of `StripWriter`.
    """

    def __init__(self, journal: Journal, windows: WindowGrid, layers: dict[str, dict[str, Any]]) -> None:
        self.journal, self.windows = journal, windows
        self.strips = StripWriter(journal, windows, layers)
        self.writer = Worker(WAITING_BLOCKS, "writer")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.writer.close()
        self.strips.close()

    def settle(self) -> None:
        """Have all rows that were added in the journal."""
        self.writer.wait()


def close_whole(dataset: DatasetWriter) -> None:
    """Close a raster in tiles of `BLOCK` without compression, and see that it is all there.

    Raises:
        OSError: it is not.
    """
    tiles = -(-dataset.width // BLOCK) * -(-dataset.height // BLOCK)
    needed = tiles * BLOCK**2 * dataset.count * np.dtype(dataset.dtypes[0]).itemsize
    dataset.close()
    if Path(dataset.name).stat().st_size < needed:
        raise cut_short(dataset.name)


def read_objects(folder: Path) -> Found:
    """The objects of a finished row's windows."""
    with np.load(folder / OBJECTS) as arrays:
        return Found(**arrays)


def strip_file(layer: str) -> str:
    """The name of a map's file in a row's folder."""
    return f"{layer}.tif"
