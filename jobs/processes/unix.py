"""Processes on macOS and other Unix systems, from `ps` (POSIX; `lstart` and `-ww` as BSD has them)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import suppress

from .process import Process

COLUMNS = ("-o", "pid=", "-o", "ppid=", "-o", "state=", "-o", "lstart=", "-o", "command=")
LINE = re.compile(
    r"\s*(?P<pid>\d+)\s+(?P<parent>\d+)\s+(?P<state>\S+)\s+"
    r"\w{3}\s+(?P<month>\w{3})\s+(?P<day>\d+)\s+(?P<hour>\d+):(?P<minute>\d+):(?P<second>\d+)\s+(?P<year>\d{4})"
    r"\s*(?P<command>.*)"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def look(pid: int) -> Process | None:
    """A process; none where it has ended, whether or not someone waited for it."""
    return next(iter(_listed("-p", str(pid))), None)


def everyone() -> list[Process]:
    """All processes that can be seen."""
    return _listed("-A")


def kill(process: Process) -> None:
    """End a process at once; does nothing where its id is another's by now.

    Raises:
        PermissionError: it is another user's.
    """
    if process.is_same(look(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _listed(*which: str) -> list[Process]:
    command = ["ps", "-ww", *which, *COLUMNS]
    environment = {**os.environ, "LC_ALL": "C"}  # months have their English names
    text = subprocess.run(command, env=environment, capture_output=True, check=False).stdout.decode("utf-8", "replace")
    return [process for process in map(parsed, text.splitlines()) if process is not None]


def parsed(line: str) -> Process | None:
    """A line of `ps`; none for processes that have ended and for what is no line of it."""
    found = LINE.fullmatch(line)
    if found is None or found["state"].startswith("Z") or found["month"] not in MONTHS:
        return None
    day, hour, minute, second = (int(found[name]) for name in ("day", "hour", "minute", "second"))
    month = MONTHS.index(found["month"]) + 1
    start = int(time.mktime((int(found["year"]), month, day, hour, minute, second, 0, 0, -1)))
    return Process(int(found["pid"]), int(found["parent"]), start, float(start), tuple(found["command"].split()))
