"""Chips of cells of some ground, to be looked at by networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..config import Run
from ..types import Batch
from .chips import cut
from .loading import stacked, unpacked
from .places import Cells
from .prepared import Prepared
from .sampling import window_around


def cell_batches(cells: Cells, chosen: np.ndarray, prepared: Prepared, run: Run, key: int) -> Iterator[Batch]:
    """A chip of each of some cells as it is, without augmentation, in their order.

    Args:
        cells: of the sources of a role.
        chosen: (m,) indices of cells.
        prepared: the run's data.
        run: its settings.
        key: each gives other chips.

    Raises:
        RasterError: a raster cannot be read.
    """
    sources, size, side = cells.sources, run.training.batch_size, run.training.chip_size
    for first in range(0, len(chosen), size):
        chips = []
        for cell in chosen[first : first + size].tolist():
            rng = np.random.default_rng([run.training.seed, key, cell])
            index, column, row = cells.place(cell, rng)
            window = window_around(sources[index].reader.grid, column, row, side)
            piece = cut(sources[index], window, training=True)
            chips.append(piece.chip(piece.hide(piece.image, prepared.fill()), prepared.image_dtype()))
        yield unpacked(stacked(chips), sources[0].role)
