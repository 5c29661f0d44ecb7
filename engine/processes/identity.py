"""Who a process is, and which of how many, as a launcher says it."""

from __future__ import annotations

import os
import re
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from ..errors import ConfigError

PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process among all of all machines and times.

    Args:
        host: its machine's name.
        world: what process ids mean something in: this start of the machine and, on Linux, its name space, for
            containers that share a name or a folder have ids of their own. Empty where a system does not tell.
        pid: its id there.
        started: its start in the system's own unit; empty where it is not told.
    """

    host: str
    world: str
    pid: int
    started: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Identity | None:
        """Back from JSON; none where it is none."""
        try:
            world, started = values.get("world", ""), values.get("started", "")  # which older versions did not tell
            return cls(str(values["host"]), str(world), int(values["pid"]), str(started))
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


def me() -> Identity:
    """This process."""
    return Identity(socket.gethostname(), _world(), os.getpid(), _start_of(os.getpid()) or "")


def lives(identity: Identity) -> bool | None:
    """Whether a process is there still; none where it cannot be known from here, as on another machine."""
    if (identity.host, identity.world) != (socket.gethostname(), _world()):
        return None
    started = _start_of(identity.pid)
    if started == "" or (started is None and _hidden(identity.pid)):
        return None
    return started is not None and started == identity.started


def _world() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink(PROC / 'self/ns/pid')}"
    except OSError:
        return ""


def _hidden(pid: int) -> bool:
    """Whether a process is there and another user's, who shows us nothing of it (`hidepid`)."""
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _start_of(pid: int) -> str | None:
    """When a process began, in the system's unit, empty where it is not told; none where it has ended.

    Ended is also one that nobody has waited for.
    """
    if not (PROC / "self/stat").exists():
        return _start_by_psutil(pid)
    try:  # psutil adds the start of the machine, which moves when its clock is set
        stat = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    words = stat.rpartition(")")[2].split()  # the program's name may hold blanks and brackets itself
    return None if words[0] in "ZX" else words[19]


def _start_by_psutil(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return ""


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
