"""Which of how many processes this is, as a launcher says it: torchrun, or SLURM's `srun`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ..errors import ConfigError

FIRST_PORT, PORTS = 15_000, 10_000
"""Ports of jobs of SLURM, by their numbers."""


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is: of all, and of those on its machine."""

    rank: int
    size: int
    local_rank: int
    local_size: int


def place() -> Place | None:
    """This process's place as torchrun, or `srun`, says it; none where it trains alone.

    Raises:
        ConfigError: the launcher says only half of it.
    """
    if "WORLD_SIZE" not in os.environ:
        _take_from_slurm()
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    given = {name: int(os.environ[name]) for name in names if os.environ.get(name, "").isdecimal()}
    if given.get("WORLD_SIZE", 1) == 1 and not given.get("RANK") and not given.get("LOCAL_RANK"):
        return None
    if missing := [name for name in (*names, "MASTER_ADDR", "MASTER_PORT") if not os.environ.get(name)]:
        raise ConfigError(
            f"This is one of several processes, and its environment does not say which: {', '.join(missing)} missing.",
            "Start a training with torchrun or srun; or alone, without RANK, LOCAL_RANK and WORLD_SIZE.",
        )
    return Place(*(given[name] for name in names))


def _take_from_slurm() -> None:
    """Of a step of several tasks, what torchrun would say."""
    values = os.environ
    tasks = values.get("SLURM_STEP_NUM_TASKS", "")  # only `srun` sets it; in a batch script there is one process
    if not tasks.isdecimal() or int(tasks) < 2:
        return
    on_nodes = re.sub(r"\(x\d+\)", "", values.get("SLURM_STEP_TASKS_PER_NODE", tasks))
    from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

    nodes = values.get("SLURM_STEP_NODELIST") or values.get("SLURM_NODELIST", "127.0.0.1")
    port = FIRST_PORT + int(values.get("SLURM_JOB_ID", "0")) % PORTS
    values.setdefault("MASTER_ADDR", SLURMEnvironment.resolve_root_node_address(nodes))
    values.setdefault("MASTER_PORT", str(port))
    values |= {
        "RANK": values["SLURM_PROCID"],
        "WORLD_SIZE": tasks,
        "LOCAL_RANK": values["SLURM_LOCALID"],
        "LOCAL_WORLD_SIZE": str(max(int(count) for count in on_nodes.split(","))),
    }


def check_place(where: Place, batch_size: int) -> None:
    """See that every process has something to do.

    Args:
        where: this process's place.
        batch_size: chips of a batch, which they share.

    Raises:
        ConfigError: there are more processes than a batch has chips.
    """
    if where.size > batch_size:
        raise ConfigError(
            f"This training has {where.size} processes, and its batches have {batch_size} "
            f"chip{'' if batch_size == 1 else 's'} to share.",
            f"Start at most {batch_size}, or raise training.batch_size.",
        )
