"""Maps of values (regression): windows blended into a float raster, with a band for each output of the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
import rasterio
from rasterio.windows import Window as RasterWindow

from ..config import Card
from .backends import Arrays
from .blending import axis_weights
from .cog import BLOCK, optimise
from .journal import Journal
from .layers import Results
from .reading import Read
from .region import Region
from .sinks import Sink, writing
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
        return done[:, : stride if bottom else tile]


class ValueLayers(Sink):
    """`values.tif` of one raster, in the place of `Layers`; it is written anew where it was interrupted.

    Args:
        output: the outputs' folder.
        region: what of the raster.
        windows: its lattice.
        card: the model's.
        confidence: there is none of values.
        journal: stays empty.
    """

    divisible = False
    """One process writes the file from the first row to the last."""
    hint = "Maps of values do not go on from there: start it again."
    """For people who have stopped it."""
    needs_border = True

    def __init__(
        self, output: Path, region: Region, windows: WindowGrid, card: Card, confidence: bool, journal: Journal
    ) -> None:
        super().__init__(output / f"{VALUES}.tif")
        self.grid, self.names = region.grid, [one.name for one in card.values]
        self.region, self.windows, self.journal = region, windows, journal
        self.blender = ValueBlender(windows, len(card.values))

    def __enter__(self) -> ValueLayers:
        super().__enter__()
        grid = self.grid
        shape = {"width": grid.width, "height": grid.height, "count": len(self.names), "dtype": "float32"}
        place = {"crs": grid.crs, "transform": grid.transform, "nodata": NODATA}
        tiles = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "bigtiff": "IF_SAFER", "interleave": "band"}
        with writing(self.path):
            self._raster = rasterio.open(
                self.partial, "w", driver="GTiff", compress="DEFLATE", **shape, **place, **tiles
            )
            for band, name in enumerate(self.names, 1):
                self._raster.set_band_description(band, name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is not None:
            self.journal.remove()

    def add(self, batch: list[Read], arrays: Arrays) -> None:
        """Take windows in order, and what the backend said of those with data."""
        order = iter(range(len(batch)))
        for read in batch:
            values = None if read.image is None else arrays.values[next(order)]
            block = self.blender.add(read.window, values)
            inside = self.windows.inside(read.window, *block.shape[1:])
            block = block[(slice(None), *inside)]
            valid = np.zeros(block.shape[1:], bool) if read.shown is None else read.shown[inside]
            place = RasterWindow(max(0, read.window.column), max(0, read.window.row), *reversed(valid.shape))
            if valid.size:
                with writing(self.path):
                    self._raster.write(np.where(valid, block, np.float32(NODATA)), window=place)

    def close(self) -> None:
        """Close the temporary file."""
        self._raster.close()

    def settle(self) -> None:
        """Nothing waits."""

    def finish(self, raster: str, stop: Callable[[], bool]) -> Results:
        """Put the file in place."""
        optimised = self.path.with_name(f"{VALUES}.partial.cog.tif")
        with writing(self.path):
            self.close()
            optimise(self.partial, optimised, stop)
            optimised.replace(self.path)
        return Results(raster, values=self.path)
