"""Processes on Linux, from `/proc` (proc(5))."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from .process import Process

PROC = Path("/proc")
STATE, PARENT, START = 0, 1, 19
"""Fields of `stat`, counted after the program's name, which may hold blanks and brackets itself."""


def look(pid: int) -> Process | None:
    """A process; none where it has ended, whether or not someone waited for it."""
    folder = PROC / str(pid)
    try:
        words = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        line = (folder / "cmdline").read_bytes()
    except OSError:
        return None
    if words[STATE] in "ZX":
        return None
    ticks = int(words[START])
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    arguments = tuple(each.decode("utf-8", "replace") for each in line.split(b"\0") if each)
    return Process(pid, int(words[PARENT]), ticks, boot + ticks / os.sysconf("SC_CLK_TCK"), arguments)


def everyone() -> list[Process]:
    """All processes that can be seen."""
    pids = [int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()]
    return [process for process in map(look, pids) if process is not None]


def kill(process: Process) -> None:
    """End a process at once; does nothing where its id is another's by now.

    Raises:
        PermissionError: it is another user's.
    """
    with suppress(ProcessLookupError):
        try:
            handle = os.pidfd_open(process.pid)  # holds on to this very process
        except ProcessLookupError:
            raise
        except (AttributeError, OSError):  # a kernel before 5.3
            if process.is_same(look(process.pid)):
                os.kill(process.pid, signal.SIGKILL)
            return
        try:
            if process.is_same(look(process.pid)):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)
