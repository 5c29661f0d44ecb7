"""The lattice of windows that a raster is predicted in, and overlapping windows blended into finished blocks.

The weights of all windows sum to one at every pixel, so no sum of weights is kept, and a pixel is decided as soon as
the last window that sees it has come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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


NODATA = 255
FIXED = 65535
"""Probability one of the border that waits for the next row: sixteen bits halve what grows with a raster's width."""
RAMP = 0.25
"""Share of an overlap, in its middle, in which one window gives way to the next. Nearer to its rim a window has no say:
there it lacks context, and the neighbour does not."""


class Block(NamedTuple):
    """Finished pixels: where they are, their channel (argmax, uint8) and its probability in percent (uint8) or none."""

    row: int
    column: int
    channels: np.ndarray
    confidence: np.ndarray | None


def axis_weights(tile: int, overlap: int, before: bool, after: bool) -> np.ndarray:
    """Weights along one axis of a window: one, squared-cosine ramps amid what a neighbour shares, zero beyond them.

    Args:
        tile: side of the window.
        overlap: pixels shared with a neighbour.
        before: whether a neighbour comes before it.
        after: whether a neighbour comes after it.

    Returns:
        (tile,) float32; a window's falling ramp and its neighbour's rising ramp sum to one.

    Examples:
        >>> falling, rising = axis_weights(8, 4, False, True), axis_weights(8, 4, True, False)
        >>> (falling[4:] + rising[:4]).round(6).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    weights = np.ones(tile, np.float32)
    along = ((np.arange(overlap) + 0.5) / max(overlap, 1) - 0.5) / RAMP + 0.5
    rising = np.sin(np.pi / 2 * along.clip(0, 1)) ** 2
    if before:
        weights[:overlap] *= rising
    if after:
        weights[tile - overlap :] *= rising[::-1]
    return weights


class Blender:
    """Blends windows that come in the lattice's order.

    Carried between windows: the right border of the last one, (K, tile, overlap), and the bottom border of the row
    above as far as it counts, (K, 5/8 overlap, width). Nothing grows with the raster's height.

    Args:
        grid: the lattice.
        channels: K.
        confidence: whether blocks tell it.
    """

    def __init__(self, grid: WindowGrid, channels: int, confidence: bool = False) -> None:
        self.grid = grid
        self.confidence = confidence
        self._right = np.zeros((channels, grid.tile, grid.overlap), np.float32)
        # Below its ramp the row above has no say.
        self._said = grid.overlap - int(grid.overlap * (1 - RAMP) / 2)
        self._bottom = np.zeros((channels, self._said, grid.columns * grid.stride + grid.overlap), np.uint16)

    def add(self, window: Window, probabilities: np.ndarray | None, valid: np.ndarray | None) -> Block:
        """Take the next window and give back the block that it finishes.

        Args:
            window: its place; every window of the lattice, or of its rows from any row on, must come in order.
            probabilities: (K, tile, tile) float32 that sum to one over K, overwritten; none for a window without data.
            valid: (tile, tile) bool; none for a window without data.

        Returns:
            The block at the window's upper left corner, one stride wide and high, as far as it lies in the raster;
            `NODATA` where not valid.
        """
        left, top, right, bottom = self.grid.inner_edges(window)
        tile, overlap, stride = self.grid.tile, self.grid.overlap, self.grid.stride
        weighted = probabilities
        if weighted is None:
            weighted = np.zeros((len(self._right), tile, tile), np.float32)
        else:
            self._weigh(weighted, window)
        if left:
            weighted[:, :, :overlap] += self._right
        if right:
            self._right[...] = weighted[:, :, stride:]
        # The columns that no later window of this row adds to.
        done = weighted[:, :, : stride if right else tile]
        border = self._bottom[:, :, window.j * stride : window.j * stride + done.shape[2]]
        if top:
            done[:, : self._said] += border * np.float32(1 / FIXED)
        if bottom:
            border[...] = (done[:, stride : stride + self._said] * FIXED + 0.5).clip(0, FIXED)
        return self._finish(window, done[:, : stride if bottom else tile], valid)

    def _weigh(self, probabilities: np.ndarray, window: Window) -> None:
        """Apply the ramps, in place, to the borders that have neighbours."""
        left, top, right, bottom = self.grid.inner_edges(window)
        tile, overlap, stride = self.grid.tile, self.grid.overlap, self.grid.stride
        across = axis_weights(tile, overlap, left, right)
        down = axis_weights(tile, overlap, top, bottom)[:, None]
        for there, part in ((left, np.s_[:overlap]), (right, np.s_[stride:])):
            if there:
                probabilities[:, :, part] *= across[part]
        for there, part in ((top, np.s_[:overlap]), (bottom, np.s_[stride:])):
            if there:
                probabilities[:, part] *= down[part]

    def _finish(self, window: Window, blended: np.ndarray, valid: np.ndarray | None) -> Block:
        inside = self.grid.inside(window, *blended.shape[1:])
        row, column = max(0, window.row), max(0, window.column)
        if valid is None:
            nothing = np.full(blended[0][inside].shape, NODATA, np.uint8)
            return Block(row, column, nothing, nothing if self.confidence else None)
        rows, columns = inside
        share, channels = best_channel(blended[:, rows, columns])
        percent = (share * 100 + 0.5).clip(0, 100).astype(np.uint8) if self.confidence else None
        missing = ~valid[inside]
        if missing.any():
            for values in (channels, percent):
                if values is not None:
                    values[missing] = NODATA
        return Block(row, column, channels, percent)


def best_channel(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest of (K, h, w) over K, at most 254 channels, and which it is, uint8, the first of equals.

    In whole-array comparisons, which take a tenth of the time of `argmax` along the slow axis.

    Examples:
        >>> share, channel = best_channel(np.array([[[0.2, 0.5]], [[0.8, 0.5]]]))
        >>> share.tolist(), channel.tolist()
        ([[0.8, 0.5]], [[1, 0]])
    """
    best = shares.max(axis=0)
    count = len(shares)
    place = np.zeros(best.shape, np.uint8)
    for channel, share in enumerate(shares):
        np.maximum(place, (share == best).view(np.uint8) * np.uint8(count - channel), out=place)
    return best, np.uint8(count) - place
