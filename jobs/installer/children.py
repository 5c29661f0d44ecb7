"""Programs that the installer starts: their words go to the log and are kept; stopping ends them."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Callable, TextIO

POLL_SECONDS = 0.1
KILL_SECONDS = 3.0
PR_SET_PDEATHSIG = 1
"""prctl(2)."""


class ChildFailed(Exception):
    """A program ended with an error; `words` is all that it said."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def run(command: Sequence[str], environment: Mapping[str, str], between: Callable[[], None]) -> str:
    """Run a program to its end.

    Args:
        command: the program and its arguments.
        environment: its environment variables.
        between: called several times a second; what it raises ends the program.

    Returns:
        What it said, on both of its streams.

    Raises:
        ChildFailed: it could not be started, or ended with an error.
    """
    try:
        child = _start(command, environment)
    except OSError as error:
        raise ChildFailed(f"{command[0]} cannot be started: {error}") from error
    lines: list[str] = []
    reader = threading.Thread(target=_echo, args=(child.stdout, lines), daemon=True)
    reader.start()
    try:
        while child.poll() is None:
            between()
            with suppress(subprocess.TimeoutExpired):
                child.wait(POLL_SECONDS)
    finally:
        _end(child)
        reader.join(KILL_SECONDS)
    if child.returncode:
        raise ChildFailed("".join(lines) or f"{command[0]} ended with exit code {child.returncode}")
    return "".join(lines)


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    hidden: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    with_us: dict[str, Any] = {"preexec_fn": _end_with_parent} if sys.platform == "linux" else {}
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **hidden,
        **with_us,
    )


if sys.platform == "linux":
    _prctl = ctypes.CDLL(None).prctl

    def _end_with_parent() -> None:
        """Have the kernel end this child when the installer's main thread, which starts all, ends: also by a kill."""
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _echo(stream: TextIO, lines: list[str]) -> None:
    for line in stream:
        lines.append(line)
        with suppress(OSError):  # the log may be on a disk that is full; the child must be listened to all the same
            print(line, end="", flush=True)


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(KILL_SECONDS)
    if child.poll() is None:
        child.kill()
        child.wait()
