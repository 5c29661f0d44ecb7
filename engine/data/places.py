"""Chips drawn where something was found: ground in cells, what was measured in each, and draws that follow it."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Geometry

from .grid import Window
from .prepared import PreparedSource
from .sampling import ChipSampler, GroundSampler, one_of, tiling

MOST_CELLS = 128
"""Cells of all sources of a role together, where these are not more; as many are measured."""
ANYWHERE = 0.5
"""Share of the chips that are drawn as without a measurement, so that no ground is never seen."""


class Cells:
    """The training ground of a role's sources in square cells: of a chip's side, or of several where they were many.

    Args:
        sources: the role's sources.
        chip: side of a chip in pixels.
    """

    def __init__(self, sources: list[PreparedSource], chip: int) -> None:
        self.sources = sources
        grounds = [source.training for source in sources]
        side = chip * max(1, math.isqrt(int(sum(ground.area for ground in grounds) / (MOST_CELLS * chip**2))))
        while len(tiles := _tiles(grounds, side)) > max(MOST_CELLS, sum(not ground.is_empty for ground in grounds)):
            side += chip * -(-side // (4 * chip))
        self._cells = [(index, shapely.intersection(grounds[index], tile.box())) for index, tile in tiles]
        self._samplers: dict[int, GroundSampler] = {}
        by_source = np.sqrt([source.square_metres(source.training) for source in sources])
        areas = np.array([cell.area / grounds[index].area for index, cell in self._cells])
        self.shares = areas * (by_source / by_source.sum())[[index for index, _ in self._cells]]
        """(n,) of the chips that uniform draws take from each cell."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._cells)

    def place(self, cell: int, rng: np.random.Generator) -> tuple[int, float, float]:
        """A source's index and a place in a cell: column, row."""
        source, ground = self._cells[cell]
        if cell not in self._samplers:
            self._samplers[cell] = GroundSampler(ground)
        return source, *self._samplers[cell].draw(rng)


class PreferredPlaces:
    """Draws chips: a share of them anywhere, the others from cells in which much was measured.

    A cell is drawn as often as uniform draws would, times what was measured in it: where that is the same everywhere
    all draws are uniform.

    Args:
        sampler: draws anywhere.
        cells: of the same sources.
        measured: (n,) of each cell, not negative; not all zero.
    """

    def __init__(self, sampler: ChipSampler, cells: Cells, measured: np.ndarray) -> None:
        self._sampler, self._cells = sampler, cells
        self._until = np.cumsum(cells.shares * measured)

    def draw(self, rng: np.random.Generator) -> tuple[int, float, float]:
        """A source's index and the centre of a chip: column, row."""
        if rng.random() < ANYWHERE:
            return self._sampler.draw(rng)
        return self._cells.place(one_of(self._until, rng), rng)


def _tiles(grounds: list[Geometry], side: int) -> list[tuple[int, Window]]:
    """Windows of so many pixels a side that meet some grounds, each with its ground's index."""
    return [(index, window) for index, ground in enumerate(grounds) for window in tiling(ground, side)]
