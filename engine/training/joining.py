"""Processes that a launcher has started to train together: their device and process group."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy

from .. import ranks
from ..config import Training
from ..errors import DeviceError, TrainingError
from ..processes import Place

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
