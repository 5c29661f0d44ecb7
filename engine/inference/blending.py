"""Overlapping windows blended into finished blocks, with memory of a window and two thin borders.

The weights of all windows sum to one at every pixel, so no sum of weights is kept, and a pixel is decided as soon as
the last window that sees it has come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from .windows import Window, WindowGrid

NODATA = 255


class Block(NamedTuple):
    """Finished pixels: where they are, their channel (argmax, uint8) and its probability in percent (uint8)."""

    row: int
    column: int
    channels: np.ndarray
    confidence: np.ndarray


def axis_weights(tile: int, overlap: int, before: bool, after: bool) -> np.ndarray:
    """Weights along one axis of a window: squared-cosine ramps where a neighbour overlaps, one elsewhere.

    Args:
        tile: side of the window.
        overlap: pixels shared with a neighbour.
        before: whether a neighbour comes before it.
        after: whether a neighbour comes after it.

    Returns:
        (tile,) float32; a window's falling ramp and its neighbour's rising ramp sum to one.
    """
    weights = np.ones(tile, np.float32)
    rising = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / max(overlap, 1)) ** 2
    if before:
        weights[:overlap] *= rising
    if after:
        weights[tile - overlap :] *= rising[::-1]
    return weights


class Blender:
    """Blends windows that come in the lattice's order.

    Carried between windows: the right border of the last one, (K, tile, overlap), and the bottom border of the row
    above, (K, overlap, width). Nothing grows with the raster's height.

    Args:
        grid: the lattice.
        channels: K.
    """

    def __init__(self, grid: WindowGrid, channels: int) -> None:
        self.grid = grid
        self._right = np.zeros((channels, grid.tile, grid.overlap), np.float32)
        self._bottom = np.zeros((channels, grid.overlap, grid.columns * grid.stride + grid.overlap), np.float32)

    def add(self, window: Window, probabilities: np.ndarray | None, valid: np.ndarray | None) -> Block:
        """Take the next window and give back the block that it finishes.

        Args:
            window: its place; every window of the lattice must come, in order.
            probabilities: (K, tile, tile) float32 that sum to one over K; none for a window without data.
            valid: (tile, tile) bool; none for a window without data.

        Returns:
            The block at the window's upper left corner, one stride wide and high, or to the raster's border;
            `NODATA` where not valid.
        """
        left, top, right, bottom = self.grid.inner_edges(window)
        tile, overlap, stride = self.grid.tile, self.grid.overlap, self.grid.stride
        across = axis_weights(tile, overlap, left, right)
        down = axis_weights(tile, overlap, top, bottom)
        if probabilities is None:
            weighted = np.zeros((len(self._right), tile, tile), np.float32)
        else:
            weighted = probabilities * (down[:, None] * across)
        if left:
            weighted[:, :, :overlap] += self._right
        if right:
            self._right[...] = weighted[:, :, stride:]
        # The columns that no later window of this row adds to.
        done = weighted[:, :, : stride if right else tile]
        border = self._bottom[:, :, window.column : window.column + done.shape[2]]
        if top:
            done[:, :overlap] += border
        if bottom:
            border[...] = done[:, stride:]
        return self._finish(window, done[:, : stride if bottom else tile], valid)

    def _finish(self, window: Window, blended: np.ndarray, valid: np.ndarray | None) -> Block:
        height = min(blended.shape[1], self.grid.height - window.row)
        width = min(blended.shape[2], self.grid.width - window.column)
        if valid is None:
            nothing = np.full((height, width), NODATA, np.uint8)
            return Block(window.row, window.column, nothing, nothing)
        share, channels = torch.from_numpy(blended[:, :height, :width]).max(dim=0)
        keep = valid[:height, :width]
        percent = np.rint(share.numpy() * 100).clip(0, 100)
        return Block(
            window.row,
            window.column,
            np.where(keep, channels.numpy(), NODATA).astype(np.uint8),
            np.where(keep, percent, NODATA).astype(np.uint8),
        )
