"""Other processes of this machine: who they are, so that only our own are taken for ours, and only they are ended.

A process id means nothing by itself: the system gives it to someone else when its process has ended. The engine is
known by its id, its start and its command line together.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from .process import Process

if sys.platform == "win32":
    from .windows import everyone, kill, look
elif Path("/proc/self/stat").exists():
    from .linux import everyone, kill, look
else:
    from .unix import everyone, kill, look

__all__ = ["Process", "end", "engine", "everyone", "is_alive", "is_engine", "kill", "look", "with_helpers"]

CLOCK_SECONDS = 2.0
"""How far start times and the times in event logs may be apart: some systems tell whole seconds only."""

SILENCE_SECONDS = 900.0
"""How long a run on another machine may write nothing before it counts as dead."""

PROGRAMS = ("geodistil", "geodistil.exe", "geodistil-script.py", "afterwards.py")
"""Names of the engine's program and of ours that starts it."""


def engine(pid: int, last_sign: float) -> Process | None:
    """The engine's process of this id; none where it has ended, and where the id is a stranger's now.

    Args:
        pid: process id.
        last_sign: when it was last known to live, in seconds since 1970: whoever has its id later began later.
    """
    process = look(pid) if pid > 0 else None
    if process is None or process.started > last_sign + CLOCK_SECONDS:
        return None
    return process if is_engine(process.arguments) else None


def is_engine(arguments: tuple[str, ...]) -> bool:
    """Whether a command line is the engine's: `python -m engine ...`, its program, or our script that calls it.

    An empty one may be: for a moment after its start a process has none.
    """
    pairs = zip(arguments, arguments[1:])
    # Split by hand, as Windows' paths are no paths elsewhere.
    names = [argument.replace("\\", "/").rpartition("/")[2] for argument in arguments[:3]]
    return not arguments or ("-m", "engine") in pairs or any(name in PROGRAMS for name in names)


def with_helpers(process: Process) -> list[Process]:
    """A process, and all that it and its children have started and that live still; the first comes first."""
    found, others = [process], everyone()
    for parent in found:  # grows meanwhile
        # A parent's id that began after its child belongs to someone else by now.
        found += [
            each for each in others if each.parent == parent.pid and each.started >= parent.started - CLOCK_SECONDS
        ]
    return found


def end(processes: Iterable[Process]) -> None:
    """End processes and their helpers at once.

    Raises:
        PermissionError: one is another user's.
    """
    for process in [each for one in processes for each in with_helpers(one)]:
        kill(process)


def is_alive(pid: int, host: str, last_sign: float) -> bool:
    """Whether a run's process lives: looked up on its own machine, judged by its last event elsewhere.

    Args:
        pid: process id.
        host: the machine it runs on.
        last_sign: when it last wrote something, in seconds since 1970.
    """
    if host != socket.gethostname():
        return time.time() - last_sign < SILENCE_SECONDS
    return engine(pid, last_sign) is not None
