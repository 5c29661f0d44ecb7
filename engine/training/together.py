"""Processes that a launcher has started to train together: joined, and their gradients averaged."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from .. import __version__, ranks
from ..config import Run, Training
from ..data import Prepared
from ..errors import DeviceError, TrainingError
from ..models import SynchronisedBatchNorm
from ..processes import Place
from ..recipes import Plan, Stage
from ..types import Batch, Role
from .checkpoints import State, fingerprint
from .optimizer import Passes

if TYPE_CHECKING:
    from lightning_fabric.plugins.precision.precision import _PRECISION_INPUT


TIMEOUT = timedelta(minutes=10)
"""How long processes wait for one that says nothing; of one that has ended most hear at once."""


def shared_fabric(device: torch.device, precision: str, where: Place) -> Fabric:
    """Fabric on this process's device, connected with the others'.

    Args:
        device: the kind of device; a card of a number is all processes' of its machine.
        precision: Fabric's name.
        where: this process's place.

    Raises:
        DeviceError: processes cannot share work on such a device.
        TrainingError: the others do not come.
    """
    if device.type not in ("cpu", "cuda"):
        raise DeviceError(f"A training on {device.type} is one process.", "Start it without torchrun, or choose cpu.")
    devices, backend = [device] * where.local_size, "gloo"
    if device.type == "cuda":
        devices, own = _cards(device, where.local_size)
        backend = "cpu:gloo,cuda:nccl" if own and dist.is_nccl_available() else "gloo"
    strategy = DDPStrategy(
        parallel_devices=devices,
        cluster_environment=_Environment(),
        process_group_backend=backend,
        timeout=TIMEOUT,
        find_unused_parameters=True,  # a step need not use all that its stage trains
        broadcast_buffers=False,  # they are the same: batch norms have the statistics of all
    )
    warnings.filterwarnings("ignore", message=".*broadcast_buffers")
    fabric = Fabric(
        accelerator=device.type, devices=1, strategy=strategy, precision=cast("_PRECISION_INPUT", precision)
    )
    try:
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"The {where.size} processes of this training do not find each other: {_first_line(error)}.",
            "See that MASTER_ADDR and MASTER_PORT are a machine and a port that all of them reach.",
        ) from error
    return fabric


def _cards(device: torch.device, processes: int) -> tuple[list[torch.device], bool]:
    """A card for each process of this machine, and whether each has its own; NCCL wants that, gloo does not."""
    if device.index is not None:
        return [device] * processes, processes == 1
    count = torch.cuda.device_count()
    bound = count == 1 and "SLURM_GPUS_PER_TASK" in os.environ  # each task is shown its own card only
    return [torch.device("cuda", index % count) for index in range(processes)], bound or count >= processes


@contextmanager
def joined(settings: Training, where: Place | None) -> Iterator[None]:
    """Inside, this process trains with the others; after it, alone again.

    Args:
        settings: of the training.
        where: this process's place; none: it is alone all along.

    Raises:
        TrainingError: another process has ended.
    """
    if where is None:
        yield
        return
    try:
        with ranks.dealt(settings.batch_size, where.local_size):
            yield
            ranks.wait()  # so that nobody leaves while others still listen to it
    except RuntimeError as error:
        if not _is_lost(error):
            raise
        raise TrainingError(
            f"One of the {where.size} processes of this training has ended, and the others end with it.",
            "Its own last words say why. Train again to go on from the last checkpoint.",
        ) from error
    dist.destroy_process_group()


def _is_lost(error: RuntimeError) -> bool:
    """Whether an error says that another process does not answer: gloo's have no type of their own."""
    return isinstance(error, dist.DistError) or "gloo" in str(error).lower()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


class _Environment(TorchElasticEnvironment):
    """As torchrun's, whoever has set it; machines may have more processes than others."""

    def validate_settings(self, num_devices: int, num_nodes: int) -> None:
        """There is nothing that Fabric need be told."""


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
