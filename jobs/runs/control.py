"""Starts, stops and ends runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ..errors import GeoDistilError
from ..launch import launch
from ..process import STOP_FILE
from ..translation import tr
from .alive import command_line
from .state import RunState


def start(run: Path) -> int:
    """Train a run, from its last checkpoint where it has one; it goes on when QGIS ends.

    Returns:
        The child's process id.

    Raises:
        GeoDistilError: there is no engine, or the folder cannot be written.
    """
    try:
        return launch(run)
    except OSError as error:
        raise GeoDistilError(
            "output", tr("The run folder {run} cannot be written: {reason}.").format(run=run, reason=error.strerror)
        ) from error


def ask_to_stop(run: Path) -> None:
    """Ask for a checkpoint and an orderly end.

    Raises:
        GeoDistilError: the folder cannot be written.
    """
    try:
        (run / STOP_FILE).touch()
    except OSError as error:
        raise GeoDistilError(
            "output", tr("{run} cannot be written: {reason}.").format(run=run / STOP_FILE, reason=error.strerror)
        ) from error


def end_now(state: RunState) -> None:
    """End a run's process and its helpers at once; what came after the last checkpoint is lost.

    Raises:
        GeoDistilError: it runs on another machine, or may not be ended.
    """
    started = state.history.started
    pid, host = int(started.get("pid") or 0), started.get("host")
    if host != socket.gethostname() or not state.busy or pid <= 0:
        raise GeoDistilError(
            "process",
            tr("{state} does not run on this machine.").format(state=state.name),
            tr("End it on {host}.").format(host=host),
        )
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
        return
    with suppress(ProcessLookupError):
        _kill_with_helpers(pid)
    with suppress(OSError):  # nobody is left to answer it
        (state.folder / STOP_FILE).unlink()


def _kill_with_helpers(pid: int) -> None:
    # Started from here, the engine leads its group or the leader is gone; else others may be in it, a shell's script.
    group = os.getpgid(pid)
    if group != os.getpgrp() and (group == pid or not command_line(group)):
        os.killpg(group, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)
