"""Maps of values (regression): windows blended into a float raster, with a band for each output of the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.io import DatasetWriter
from rasterio.windows import Window as RasterWindow

from ..types import given
from .backends import Arrays
from .blending import axis_weights
from .cog import BLOCK, optimise, stop_if
from .layers import Results
from .opened import Prediction
from .reading import Read
from .sinks import writing
from .strips import Rows, close_whole, strip_file
from .windows import Window, WindowGrid

VALUES = "values"
NODATA = float("nan")


class ValueBlender:
    """Blends windows that come in the lattice's order, carrying their borders as `Blender` does, but in float32.

    Args:
        grid: the lattice.
        bands: K.
    """

    def __init__(self, grid: WindowGrid, bands: int) -> None:
        self.grid = grid
        self._right = np.zeros((bands, grid.tile, grid.overlap), np.float32)
        self._bottom = np.zeros((bands, grid.overlap, grid.columns * grid.stride + grid.overlap), np.float32)

    def add(self, window: Window, values: np.ndarray | None) -> np.ndarray:
        """Take the next window (K, tile, tile), none without data; give back (K, h, w) that no later one changes."""
        left, top, right, bottom = self.grid.inner_edges(window)
        tile, overlap, stride = self.grid.tile, self.grid.overlap, self.grid.stride
        weights = axis_weights(tile, overlap, top, bottom)[:, None] * axis_weights(tile, overlap, left, right)
        weighted = (np.zeros((len(self._right), tile, tile), np.float32) if values is None else values) * weights
        if left:
            weighted[:, :, :overlap] += self._right
        if right:
            self._right[...] = weighted[:, :, stride:]
        done = weighted[:, :, : stride if right else tile]
        border = self._bottom[:, :, window.j * stride : window.j * stride + done.shape[2]]
        if top:
            done[:, :overlap] += border
        if bottom:
            border[...] = done[:, stride:]
        found: np.ndarray = done[:, : stride if bottom else tile]
        return found


class ValueLayers(Rows):
    """`values.tif` of one raster, in the place of `Layers`, and like it: finished rows wait in the journal.

    Args:
        prediction: of the raster.
        windows: its lattice.
        output: the file's folder; none is the prediction's.
    """

    needs_border = True

    def __init__(self, prediction: Prediction, windows: WindowGrid, output: Path | None = None) -> None:
        self.path, self.grid = (output or prediction.output) / f"{VALUES}.tif", prediction.opened.region.grid
        self.names = [one.name for one in prediction.card.values]
        self.blender = ValueBlender(windows, len(self.names))
        super().__init__(prediction.journal, windows, {VALUES: self._profile()})

    def add(self, batch: list[Read], arrays: Arrays) -> None:
        """Take windows in order, and what the backend said of those with data."""
        order = iter(range(len(batch)))
        for read in batch:
            values = None if read.image is None else given(arrays.values)[next(order)]
            block = self.blender.add(read.window, values)
            if not read.window.kept:
                continue
            inside = self.windows.inside(read.window, *block.shape[1:])
            rows, columns = inside
            block = block[:, rows, columns]
            valid = np.zeros(block.shape[1:], bool) if read.shown is None else read.shown[inside]
            row, column = max(0, read.window.row), max(0, read.window.column)
            shown = np.where(valid, block, np.float32(NODATA))
            self.writer.give(self.strips.write, read.window.i, VALUES, row, column, shown)
            if read.window.j == self.windows.columns - 1:
                self.writer.give(self.strips.commit, read.window.i, None)

    def finish(self, raster: str, stop: Callable[[], bool]) -> Results:
        """Put the file in place.

        Args:
            raster: the raster's path.
            stop: asked now and then whether to give up.
        """
        self.settle()
        whole, optimised = self._whole(stop), self.path.with_name(f"{VALUES}.partial.cog.tif")
        with writing(self.path):
            optimise(whole, optimised, stop)
            optimised.replace(self.path)
        return Results(raster, values=self.path)

    def _profile(self) -> dict[str, Any]:
        return {"count": len(self.names), "dtype": "float32", "nodata": NODATA}

    def _whole(self, stop: Callable[[], bool]) -> Path:
        """The rows of the journal as one raster."""
        path, grid = self.journal.folder / f"{VALUES}{self.journal.writer}.tif", self.grid
        shape = {"width": grid.width, "height": grid.height, "crs": grid.crs, "transform": grid.transform}
        tiles = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "bigtiff": "IF_SAFER", "interleave": "band"}
        with (
            writing(path),
            rasterio.open(path, "w", driver="GTiff", **shape, **tiles, **self._profile()) as target,
        ):
            for band, name in enumerate(self.names, 1):
                target.set_band_description(band, name)
            for i in range(self.windows.rows):
                stop_if(stop, self.path.name)
                first, end = self.windows.finished(i)
                if end > first:
                    _copy(self.journal.row(i) / strip_file(VALUES), target, first)
            close_whole(target)
        return path


def _copy(source: Path, target: DatasetWriter, row: int) -> None:
    """Put a strip into a raster from a row on, block by block: a strip is as wide as the map."""
    with rasterio.open(source) as strip:
        for _, part in strip.block_windows(1):
            place = RasterWindow(part.col_off, row + part.row_off, part.width, part.height)
            target.write(strip.read(window=part), window=place)
