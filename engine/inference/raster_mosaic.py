"""Several rasters seen as one."""

from __future__ import annotations

import copy
import itertools
import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely

from ..config import Card
from ..data.damage import Damage
from ..data.grid import Grid, Window
from ..data.radiometry import Radiometry
from ..data.raster import OnGrid, RasterReader
from ..errors import RasterError
from .checks import open_raster

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
        extent = Window(left, top, right - left, bottom - top)
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
        for index in np.sort(self._places.query(Window(column, row, width, height).box())):
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
