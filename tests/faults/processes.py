"""Processes of the engine that can be ended at any moment, and what they leave behind."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.graphs import trace_once

GRAPHS: list[Path] = []
"""Where graphs lie that jobs take in the place of tracing them again; see `tests.graphs`. Empty: each is exported."""
KILL_SECONDS = 3.0
"""Within this all children of a killed process must be gone."""


class Attempt:
    """One start of a job, in a forked process: the engine is loaded once for all.

    Args:
        arguments: of the engine.
        log: file that takes what it says.
        within: called in the process before the job begins.
    """

    def __init__(self, arguments: list[str], log: Path, within: Callable[[], None] = lambda: None) -> None:
        self.begun = time.monotonic()
        self.process = os.fork()
        if not self.process:
            _be(arguments, log, within)

    def wait(self, seconds: float) -> int | None:
        """The exit code, negative for a signal; none where it runs longer."""
        end = time.monotonic() + seconds
        while True:
            found, status = os.waitpid(self.process, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() >= end:
                return None
            time.sleep(0.005)

    def send(self, number: signal.Signals) -> None:
        """A signal to the process itself, not to its children."""
        os.kill(self.process, number)

    def entered(self, folder: Path) -> bool:
        """Whether it has taken a folder below one for its own, and so begun."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return any(json.loads(path.read_text()).get("pid") == self.process for path in folder.rglob("owner.json"))
        return False

    def children(self) -> list[psutil.Process]:
        """All below it."""
        return psutil.Process(self.process).children(recursive=True)


def _be(arguments: list[str], log: Path, within: Callable[[], None]) -> None:
    """The child's life."""
    code = 70
    try:
        os.setsid()
        with log.open("ab") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        faulthandler.enable()  # says where a library ended the process
        from engine.cli.main import main

        for folder in GRAPHS:
            trace_once(folder)
        within()
        code = main(arguments)
    finally:
        os._exit(code)


def on_this_machine(seconds: float) -> float:
    """What takes so long on an idle machine takes longer where programs wait for processors."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def left_alive(children: list[psutil.Process], seconds: float = KILL_SECONDS) -> list[int]:
    """The ids of those that still run when the time is over."""
    _, alive = psutil.wait_procs(children, timeout=on_this_machine(seconds))
    return [child.pid for child in alive if child.status() != psutil.STATUS_ZOMBIE]


def seen(folder: Path, what: str) -> int:
    """How many events of this kind, or of this stage, a run has written."""
    file, count = next(folder.rglob("events.jsonl"), None), 0
    for line in file.read_bytes().splitlines() if file else ():
        with contextlib.suppress(ValueError, AttributeError):  # torn by a kill
            event = json.loads(line)
            count += what in (event.get("kind"), event.get("stage"))
    return count
