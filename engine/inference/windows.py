"""The lattice of windows that a raster is predicted in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Window(NamedTuple):
    """A square of pixels of the grid: its place in the lattice, and its upper left pixel."""

    i: int
    """Row in the lattice."""
    j: int
    """Column in the lattice."""
    row: int
    column: int


@dataclass(frozen=True)
class WindowGrid:
    """Square windows at a regular stride, row by row; the last of a row and of a column may stick out of the raster.

    Args:
        width: the raster's, in pixels.
        height: the raster's, in pixels.
        tile: side of a window, in pixels.
        overlap: pixels that neighbours share, at most half a window, so that no pixel is in more than two windows
            of an axis.
    """

    width: int
    height: int
    tile: int
    overlap: int

    @property
    def stride(self) -> int:
        """Pixels from a window to the next."""
        return self.tile - self.overlap

    @property
    def columns(self) -> int:
        """Windows in a row."""
        return _windows(self.width, self.stride, self.overlap)

    @property
    def rows(self) -> int:
        """Rows of windows."""
        return _windows(self.height, self.stride, self.overlap)

    def __len__(self) -> int:
        return self.rows * self.columns

    def __iter__(self) -> Iterator[Window]:
        for i in range(self.rows):
            for j in range(self.columns):
                yield Window(i, j, i * self.stride, j * self.stride)

    def inner_edges(self, window: Window) -> tuple[bool, bool, bool, bool]:
        """Which edges (left, top, right, bottom) of a window have a neighbour beyond them."""
        return window.j > 0, window.i > 0, window.j < self.columns - 1, window.i < self.rows - 1


def window_grid(width: int, height: int, tile: int, overlap: float = 0.125) -> WindowGrid:
    """The lattice for a raster.

    Args:
        width: the raster's, in pixels.
        height: the raster's, in pixels.
        tile: side of a window, in pixels.
        overlap: what neighbours share, as a share of the window's side, 0 to 0.5.

    Raises:
        ValueError: the overlap is not in 0 to 0.5.
    """
    if not 0 <= overlap <= 0.5:
        raise ValueError(f"an overlap of {overlap} is not between 0 and 0.5")
    return WindowGrid(width, height, tile, int(tile * overlap))


def _windows(length: int, stride: int, overlap: int) -> int:
    return max(1, math.ceil((length - overlap) / stride))
