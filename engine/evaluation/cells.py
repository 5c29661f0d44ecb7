"""Square cells of a raster, summed up while its windows pass, and the few that would help most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

POOL = 2000
"""Cells of which the best are chosen; so many of the most helpful are kept, however large the rasters."""

NEAR = 2.0
"""Distance in cells over which two cells are thought to show the same thing."""

ALIKE = 0.5
"""Difference of appearance, in standard deviations of the model's imagery, over which two cells are thought alike."""


@dataclass
class Cells:
    """Cells with what is known of them; every array has n rows.

    Args:
        raster: index of the raster.
        place: (n, 2) row and column in the raster's lattice of cells.
        uncertainty: 0 to 1.
        disagreement: 0 to 1.
        dominant: channel or class that most of the cell is, -1 where there is none.
        appearance: (n, A) mean and spread of the standardised bands.
    """

    raster: np.ndarray
    place: np.ndarray
    uncertainty: np.ndarray
    disagreement: np.ndarray
    dominant: np.ndarray
    appearance: np.ndarray

    def __len__(self) -> int:
        return len(self.raster)

    def __getitem__(self, index: np.ndarray | slice) -> Cells:
        return Cells(*(getattr(self, one.name)[index] for one in fields(self)))

    @property
    def help(self) -> np.ndarray:
        """How much a cell's labels would help: uncertainty plus disagreement, 0 to 2."""
        found: np.ndarray = self.uncertainty + self.disagreement
        return found

    @classmethod
    def join(cls, parts: list[Cells]) -> Cells:
        """All cells of some parts, at least one."""
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))

    def best(self, count: int) -> Cells:
        """The most helpful ones."""
        return self[np.sort(np.argsort(-self.help, kind="stable")[:count])]


class CellSums:
    """Sums of layers over the cells of one raster; rows of cells are handed out as soon as they are complete.

    Args:
        width: the raster's, in pixels.
        cell: side of a cell, in pixels.
        layers: F.
    """

    def __init__(self, width: int, cell: int, layers: int) -> None:
        self.cell = cell
        self._columns, self._layers = -(-width // cell), layers
        self._open: dict[int, np.ndarray] = {}

    def add(self, row: int, column: int, values: np.ndarray) -> None:
        """Add (F, h, w) values whose upper left pixel is at a row and column of the raster."""
        if values.size == 0:
            return
        rows, row_starts = self._split(row, values.shape[1])
        columns, column_starts = self._split(column, values.shape[2])
        sums = np.add.reduceat(np.add.reduceat(values, row_starts, axis=1, dtype=float), column_starts, axis=2)
        for index, cell_row in enumerate(rows):
            self._row(cell_row)[:, columns] += sums[:, index]

    def complete(self, row: int) -> Iterator[tuple[int, np.ndarray]]:
        """Rows of cells, (F, columns), that end above a row of pixels; each is given once."""
        for cell_row in sorted(self._open):
            if (cell_row + 1) * self.cell <= row:
                yield cell_row, self._open.pop(cell_row)

    def rest(self) -> Iterator[tuple[int, np.ndarray]]:
        """The rows of cells that are left in the end."""
        for cell_row in sorted(self._open):
            yield cell_row, self._open.pop(cell_row)

    def _split(self, start: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Cells that pixels from `start` lie in, and the first pixel of each, counted from `start`."""
        return np.unique(np.arange(start, start + length) // self.cell, return_index=True)

    def _row(self, cell_row: int) -> np.ndarray:
        return self._open.setdefault(int(cell_row), np.zeros((self._layers, self._columns)))


def farthest_first(cells: Cells, count: int) -> np.ndarray:
    """Indices of the cells to label, in their order: helpful ones that differ from those before them.

    Greedy: the next cell is the one with the largest help times novelty, where

        novelty(i) = min over chosen j of 1 - (s_ij + a_ij) / 2,
        s_ij = exp(-(distance in cells / NEAR)^2 / 2), 0 between rasters,
        a_ij = exp(-(rms difference of appearance / ALIKE)^2 / 2),

    so a neighbour that looks the same counts for nothing, and a far one that looks the same, or a near one that looks
    different, for half. Farthest-first traversal is Gonzalez's (1985), used as core-set selection in active
    learning by Sener and Savarese (arXiv 1708.00489).

    Args:
        cells: n candidates.
        count: how many to choose at most.

    Returns:
        at most `count` indices; cells that help nothing are never chosen.

    Examples:
        >>> place = np.array([[0, 0], [0, 1], [9, 9]])  # two neighbours that look the same, and one far away
        >>> unsure, zeros = np.array([0.9, 0.8, 0.5]), np.zeros(3, int)
        >>> cells = Cells(zeros, place, unsure, disagreement=zeros, dominant=zeros, appearance=np.zeros((3, 2)))
        >>> farthest_first(cells, 3).tolist()
        [0, 2, 1]
    """
    chosen: list[int] = []
    novelty = np.ones(len(cells))
    while len(chosen) < min(count, len(cells)):
        gain = cells.help * novelty
        gain[chosen] = 0
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        chosen.append(best)
        novelty = np.minimum(novelty, 1 - _likeness(cells, best))
    return np.array(chosen, int)


def _likeness(cells: Cells, index: int) -> np.ndarray:
    """How much cells (n,) are like one of them, 0 to 1."""
    distance = np.hypot(*(cells.place - cells.place[index]).T) / NEAR
    near = np.exp(-(distance**2) / 2) * (cells.raster == cells.raster[index])
    difference = ((cells.appearance - cells.appearance[index]) ** 2).mean(axis=1) / ALIKE**2
    found: np.ndarray = (near + np.exp(-difference / 2)) / 2
    return found
