"""The lattice of windows that a raster is predicted in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

NETWORK_STRIDE = 32
"""Pixels of an encoder's coarsest level."""


class Window(NamedTuple):
    """A square of pixels: its place in the lattice, and its upper left pixel, which may lie outside."""

    i: int
    """Row in the lattice."""
    j: int
    """Column in the lattice."""
    row: int
    column: int
    kept: bool = True
    """Whether its row is finished here; else it is run for the border that the next row needs."""


class Margin(NamedTuple):
    """Pixels of a raster, around the part of it that is predicted, where the lattice's windows may lie."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


NO_MARGIN = Margin()


@dataclass(frozen=True)
class WindowGrid:
    """Square windows at a regular stride, row by row; the last of a row and of a column may stick out of the raster.

    Around a part of a raster they lie where those of the whole raster do, and stick out on all sides.

    Args:
        width: the raster's, in pixels.
        height: the raster's, in pixels.
        tile: side of a window, in pixels.
        overlap: pixels that neighbours share, at most half a window, so that no pixel is in more than two windows
            of an axis.
        margin: around the raster; its left and upper part begins with the first window.
    """

    width: int
    height: int
    tile: int
    overlap: int
    margin: Margin = NO_MARGIN

    @property
    def stride(self) -> int:
        """Pixels from a window to the next."""
        return self.tile - self.overlap

    @property
    def columns(self) -> int:
        """Windows in a row."""
        return self._windows(self.margin.left, self.width, self.margin.right)

    @property
    def rows(self) -> int:
        """Rows of windows."""
        return self._windows(self.margin.top, self.height, self.margin.bottom)

    def __len__(self) -> int:
        return self.rows * self.columns

    def __iter__(self) -> Iterator[Window]:
        return self.in_rows((i, True) for i in range(self.rows))

    def in_rows(self, rows: Iterable[tuple[int, bool]]) -> Iterator[Window]:
        """The windows of some rows, each with whether it is kept."""
        left, top = self.margin[:2]
        for i, kept in rows:
            for j in range(self.columns):
                yield Window(i, j, i * self.stride - top, j * self.stride - left, kept)

    def finished(self, i: int) -> tuple[int, int]:
        """The raster's pixel rows, first and beyond the last, that row `i` of windows finishes."""
        first, end = (max(0, k * self.stride - self.margin.top) for k in (i, i + 1))
        return first, self.height if i == self.rows - 1 else end

    def inside(self, window: Window, height: int, width: int) -> tuple[slice, slice]:
        """Which rows and columns, of as many from a window's upper left pixel on, lie in the raster."""
        rows = slice(max(0, -window.row), max(0, min(height, self.height - window.row)))
        return rows, slice(max(0, -window.column), max(0, min(width, self.width - window.column)))

    def around(self, column: int, row: int, width: int, height: int) -> WindowGrid:
        """The windows that touch a part of the raster, placed from its upper left pixel on."""
        left, top = (start - max(0, (start - self.tile) // self.stride + 1) * self.stride for start in (column, row))
        margin = Margin(left, top, self.width - column - width, self.height - row - height)
        return WindowGrid(width, height, self.tile, self.overlap, margin)

    def inner_edges(self, window: Window) -> tuple[bool, bool, bool, bool]:
        """Which edges (left, top, right, bottom) of a window have a neighbour beyond them."""
        return window.j > 0, window.i > 0, window.j < self.columns - 1, window.i < self.rows - 1

    def _windows(self, before: int, length: int, after: int) -> int:
        """As many as the whole length has, but for those that lie wholly after the part."""
        whole = math.ceil((before + length + after - self.overlap) / self.stride)
        return max(1, min(whole, math.ceil((before + length) / self.stride)))


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


def in_phase(tile: int, overlap: float) -> float:
    """The overlap, widened so that windows lie whole strides of the network apart.

    Otherwise the network's coarse levels would sample the ground at other places in each window, and the same pixel
    would look different in two of them. Small windows, of which a stride is too much, keep their overlap.

    Args:
        tile: side of a window, in pixels.
        overlap: as a share of it, 0 to 0.5.
    """
    pixels = NETWORK_STRIDE * math.ceil(int(tile * overlap) / NETWORK_STRIDE)
    return pixels / tile if tile >= 8 * NETWORK_STRIDE and 2 * pixels <= tile else overlap
