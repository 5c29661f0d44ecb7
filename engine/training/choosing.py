"""Unlabelled chips chosen by what networks say of a sample of the ground, measured anew now and then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from .. import ranks
from ..config import Run
from ..data import Prepared
from ..data.chips import cut
from ..data.loading import stacked, unpacked
from ..data.sampling import ANYWHERE, MOST_CELLS, Cells, window_around
from ..recipes import TABLE, Stage
from ..recipes.disagreement import DisagreementTable
from ..types import Batch, Role, given


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


ROLE: Role = "unlabelled"
_TOP = 0.1


class Chooser:
    """Keeps a stage's table up to date.

    What it measures depends on the networks, the run's seed and the number of the measurement alone, and takes nothing
    from torch's random numbers: a training that goes on from a checkpoint measures what the one without a break did.

    Args:
        stage: one with a choice, which trains the table.
        run: its settings.
        prepared: its sources.
        fabric: gives device and precision.
    """

    def __init__(self, stage: Stage, run: Run, prepared: Prepared, fabric: Fabric) -> None:
        self._choice, self._run, self._prepared, self._fabric = given(stage.chooses), run, prepared, fabric
        self._cells = Cells(prepared.of_role(ROLE), run.training.chip_size)
        self._number: int | None = None

    def measured(self, networks: Mapping[str, nn.Module]) -> np.ndarray | None:
        """(n,) of each cell what was measured in it; none before the first time."""
        table = cast("DisagreementTable", networks[TABLE])
        return table.values.cpu().double().numpy() if table.measured > 0 else None

    def renew(self, networks: Mapping[str, nn.Module], progress: float) -> str:
        """Measure where that is due, and say what was found; empty where it is not.

        Raises:
            RasterError: a raster cannot be read.
        """
        table = cast("DisagreementTable", networks[TABLE])
        if self._number is None:  # asking a graphics card at every step would cost time
            self._number = int(table.measured)
        number = self._number
        if number >= self._choice.due(progress):
            return ""
        rng = np.random.default_rng([self._run.training.seed, number])
        chosen, found = np.sort(rng.permutation(len(self._cells))[:MOST_CELLS]), []
        with torch.no_grad():
            for batch in cell_batches(self._cells, chosen, self._prepared, self._run, number):
                with self._fabric.autocast():
                    found.append(self._choice.measure(networks, batch.to(self._fabric.device)))
        table.take(torch.cat(found, dim=1), torch.from_numpy(chosen).to(table.values.device))
        table.load_state_dict(ranks.from_first(table.state_dict()))  # graphics cards do not agree to the last bit
        self._number += 1
        return self._sentence(networks)

    def _sentence(self, networks: Mapping[str, nn.Module]) -> str:
        drawn = self._cells.shares * self.measured(networks)
        top = np.sort(drawn)[::-1][: max(1, round(_TOP * len(drawn)))]
        share = top.sum() / max(drawn.sum(), 1e-12)
        return (
            f"Of the unlabelled chips {100 * ANYWHERE:.0f} % are drawn anywhere, the others where teachers disagree: "
            f"{100 * share:.0f} % of these from the tenth of {len(drawn)} cells in which they do most."
        )
