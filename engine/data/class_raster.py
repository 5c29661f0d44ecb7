"""Labels from a class raster on a source's grid: the nearest pixel's, or where that is coarser the most frequent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rasterio.enums import Resampling
from rasterio.transform import Affine
from shapely import Geometry

from ..errors import LabelError
from ..types import IGNORE_INDEX
from .grid import Grid, Window
from .points import Points
from .raster import OnGrid, RasterReader

_LOOK_SIDE = 2048
"""A class raster is looked over at no more than so many pixels a side."""
_POINTS_PER_CLASS = 4096
_COARSER = 1.5
"""Native pixels a side of a grid's pixel from which on several classes may lie in it."""


class ClassRaster:
    """A class raster on a source's grid.

    Args:
        path: raster whose only band holds class values.
        grid: the source's grid.
        values: the mask value of each class value; every other value is an error.
        channels: how many mask values there are.

    Raises:
        RasterError: it cannot be opened or has no CRS.
        LabelError: it has several bands.
    """

    def __init__(self, path: str, grid: Grid, values: dict[int, int], channels: int) -> None:
        self.path = path
        coarser = grid.gsd > _COARSER * RasterReader(path).native_gsd
        self._reader = RasterReader(path, on=OnGrid(grid, Resampling.mode if coarser else Resampling.nearest))
        self._known = np.array(sorted(values), np.int64)
        self._targets = np.array([values[value] for value in sorted(values)], np.uint8)
        self._channels = channels
        if len(self._reader.bands) != 1:
            raise LabelError(f"The class raster {path} has {len(self._reader.bands)} bands; a class raster has one.")

    def mask(self, window: Window) -> np.ndarray:
        """Class indices (H, W) uint8 with `IGNORE_INDEX`, also where the raster says nothing.

        Raises:
            LabelError: a value belongs to no class.
        """
        return self._mask(self._reader, window)

    def hull(self) -> Geometry:
        """The class raster's outline in grid pixels."""
        return self._reader.outline()

    def area_points(self, background: bool) -> Points:
        """Some places of each class, found by looking the raster over; background is no class here.

        Raises:
            LabelError: a value belongs to no class.
        """
        grid = self._reader.grid
        step = -(-max(grid.width, grid.height) // _LOOK_SIDE)
        width, height = -(-grid.width // step), -(-grid.height // step)
        coarse = Grid(grid.crs, grid.transform @ Affine.scale(step), width, height, grid.gsd * step)
        reader = RasterReader(self.path, on=OnGrid(coarse, Resampling.nearest))
        mask = self._mask(reader, Window(0, 0, width, height))
        first = int(background)
        return Points.joined([_places(mask, value, value - first, step) for value in range(first, self._channels)])

    def _mask(self, reader: RasterReader, window: Window) -> np.ndarray:
        image, valid = reader.read(*window)
        places = np.searchsorted(self._known, image[0]).clip(max=len(self._known) - 1)
        unknown = valid & (self._known[places] != image[0])
        if unknown.any():
            raise unknown_values(f"The class raster {Path(self.path).name}", np.unique(image[0][unknown]).tolist())
        return np.where(valid, self._targets[places], IGNORE_INDEX).astype(np.uint8)


def unknown_values(where: str, values: list[Any]) -> LabelError:
    """The error of label values that no class has."""
    shown = ", ".join(f"'{value}'" for value in values[:5]) + (", ..." if len(values) > 5 else "")
    one = len(values) == 1
    return LabelError(
        f"{where} has the value{'' if one else 's'} {shown}, which belong{'s' if one else ''} to no class.",
        "Add it to a class's values or to the values that are ignored.",
    )


def _places(mask: np.ndarray, value: int, index: int, step: int) -> Points:
    rows, columns = np.nonzero(mask == value)
    pixels = len(rows) * step**2
    chosen = np.random.default_rng(value).permutation(len(rows))[:_POINTS_PER_CLASS]
    each = np.full(len(chosen), pixels / max(len(chosen), 1))
    one = np.ones(len(chosen))
    return Points(
        np.full(len(chosen), index), (columns[chosen] + 0.5) * step, (rows[chosen] + 0.5) * step, each, each, one * step
    )
