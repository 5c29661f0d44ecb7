"""The maps and objects of one row of windows on their way to the disk."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import DatasetWriter
from rasterio.transform import from_origin
from rasterio.windows import Window as RasterWindow

from .blending import NODATA
from .journal import Journal
from .merging import Found
from .sinks import BLOCK, writing
from .windows import WindowGrid

STEPS = (1, 2)
"""A map is kept at full and at half size: all its overviews can be drawn from the latter, without a second reading."""
OBJECTS = "objects.npz"
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
        layers: names of the maps.
    """

    def __init__(self, journal: Journal, windows: WindowGrid, layers: list[str]) -> None:
        self.journal, self.windows, self.layers = journal, windows, layers
        self._open: dict[str, DatasetWriter] = {}
        self._folder: Path | None = None

    def write(self, i: int, layer: str, row: int, column: int, values: np.ndarray) -> None:
        """Write (h, w) uint8 values of row `i` of windows, their upper left pixel at a row and column of the grid.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        self._begin(i)
        for step in STEPS:
            part = values[-row % step :: step, -column % step :: step]
            if part.size:
                first = strip_rows(self.windows, i, step)[0]
                place = RasterWindow(-(-column // step), -(-row // step) - first, part.shape[1], part.shape[0])
                with writing(self._folder):
                    self._open[strip_file(layer, step)].write(part, 1, window=place)

    def commit(self, i: int, found: Found | None) -> None:
        """Finish row `i`, with the objects of its windows.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        self._begin(i)
        folder, self._folder = self._folder, None
        with writing(folder):
            self.close()
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
            for layer, step in itertools.product(self.layers, STEPS):
                first, end = strip_rows(self.windows, i, step)
                if end > first:
                    shape = {"width": -(-self.windows.width // step), "height": end - first}
                    name = strip_file(layer, step)
                    self._open[name] = rasterio.open(self._folder / name, "w", **shape, **STRIP)


def read_objects(folder: Path) -> Found:
    """The objects of a finished row's windows."""
    with np.load(folder / OBJECTS) as arrays:
        return Found(**arrays)


def strip_file(layer: str, step: int) -> str:
    """The name of a map's file in a row's folder."""
    return f"{layer}_{step}.tif"


def strip_rows(windows: WindowGrid, i: int, step: int) -> tuple[int, int]:
    """The rows, first and beyond the last, that row `i` of windows finishes of a map with every `step`-th pixel."""
    first, end = windows.finished(i)
    return -(-first // step), -(-end // step)
