"""The steps of processes that train together: PyTorch's DistributedDataParallel around a stage's losses."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from .. import __version__, ranks
from ..config import Run
from ..data import Prepared
from ..errors import TrainingError
from ..models import SynchronisedBatchNorm
from ..recipes import Plan, Stage
from ..types import Batch, Role
from .checkpoints import State, fingerprint
from .passes import Passes

Batches = Mapping[Role, Batch]

FEW = 16
"""Chips of a role in a process, below which batch norms take the statistics of all processes.

Errors grow with smaller batches (Wu and He, 2018, figure 1). Each batch norm waits for the others then, twice a step.
"""


class Learner(nn.Module):
    """A stage's losses as one module's forward pass, which all that the stage trains is part of.

    Frozen networks and moving averages are not, so that nothing of theirs is exchanged.

    Args:
        stage: whose losses.
        networks: all that they see.
        few: batch norms have the statistics of all processes' chips, or else of this one's.
    """

    def __init__(self, stage: Stage, networks: Mapping[str, nn.Module], few: bool) -> None:
        super().__init__()
        self._few = few
        self.trained = nn.ModuleDict({name: networks[name] for name in stage.trainable})
        self._losses, self._networks = stage.losses, dict(networks)

    def forward(self, batches: Batches, progress: float) -> dict[str, Tensor]:
        """The losses of this process's chips, whose means over the processes are those of the batch."""
        with SynchronisedBatchNorm() if self._few else nullcontext():
            return self._losses(self._networks, batches, progress)

    def same_statistics(self, told: Tensor) -> Tensor:
        """Means over the processes of what each tells, (n,) to (n,), exchanged together with batch norms' statistics.

        The running statistics of processes whose batch norms see their own chips become the means of all.
        """
        buffers = [] if self._few else [each for each in self.trained.buffers() if each.is_floating_point()]
        mine = torch.cat([told, *(buffer.flatten().float() for buffer in buffers)])
        found: tuple[Tensor, ...] = ranks.total(mine).split([len(told), *(each.numel() for each in buffers)])
        means, *others = (each / ranks.size() for each in found)
        for buffer, mean in zip(buffers, others, strict=True):
            buffer.copy_(mean.view_as(buffer))
        return means


class SharedPasses:
    """As `Passes`, of a batch that processes share; all chips of a process pass at once.

    Args:
        fabric: device, precision, and how processes exchange gradients.
        stage: to train.
        networks: all that its losses see.
        at_once: chips of each role in a batch.
    """

    def __init__(self, fabric: Fabric, stage: Stage, networks: Mapping[str, nn.Module], at_once: int) -> None:
        self._fabric, self.at_once = fabric, at_once
        self._learning = Learner(stage, networks, few=at_once // ranks.size() < FEW)
        self._learner = fabric.setup_module(self._learning, move_to_device=False)

    def gradients(
        self, stage: Stage, networks: Mapping[str, nn.Module], batches: Batches, progress: float
    ) -> dict[str, Tensor]:
        """Add the gradients of a step's losses, which are those of all chips; see `Passes.gradients`.

        Of a loss that is no number on any process the gradients are none either, on all of them.
        """
        losses = self._learner(batches, progress)
        self._fabric.backward(sum(losses.values()))
        # after them, so that processes wait for each other once a step
        means = self._learning.same_statistics(torch.stack([value.detach().float() for value in losses.values()]))
        return dict(zip(losses, means, strict=True))


def passes_of(
    fabric: Fabric,
    stage: Stage,
    networks: Mapping[str, nn.Module],
    at_once: int,
    told: Callable[[int], None] = lambda at_once: None,
) -> Passes | SharedPasses:
    """How the gradients of a stage's batches are found.

    Args:
        fabric: device and precision.
        stage: to train.
        networks: all that its losses see.
        at_once: chips of each role in a batch.
        told: as for `Passes`.
    """
    return Passes(fabric, at_once, told) if ranks.alone() else SharedPasses(fabric, stage, networks, at_once)


def forget_passes() -> None:
    """Have what watches a finished stage's gradients go: it would answer to those of the next one."""
    if not ranks.alone():
        gc.collect()


def same_everywhere(folder: Path, run: Run, prepared: Prepared, plan: Plan, state: State | None) -> None:
    """See that all processes are about to train the same.

    Raises:
        TrainingError: they see other settings, imagery or checkpoints.
    """
    stands = (state.stage, state.step) if state else None
    mine = __version__, fingerprint(run), prepared.mean, prepared.std, [stage.name for stage in plan.stages], stands
    if any(each != mine for each in ranks.of_each(mine)):
        raise TrainingError(
            f"The processes of this training see different things in {folder}, or have several versions of the engine.",
            "Put the run folder and its imagery on storage that all machines share, under the same path.",
        )
