"""Who a process is: its id alone is given to someone else when it has ended."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

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
