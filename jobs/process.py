"""The engine as a child process: started, followed, stopped; and whether a process works in a folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .environment import ROOT, child_environment, engine_python
from .errors import CancelledError, GeoDistilError
from .events import EventReader
from .gdal_files import permission
from .processes import end, is_alive, look
from .progress import Feedback, report
from .translation import tr

OWNER_FILE = "owner.json"
"""The engine's, as long as it works there; a killed engine leaves it, which means nothing then."""


def refuse_owned(folder: Path) -> None:
    """Leave a folder alone in which the engine works.

    Raises:
        GeoDistilError: it does.
    """
    path = folder / OWNER_FILE
    try:
        owner, touched = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
    except (OSError, ValueError):
        return
    pid, host = (owner.get("pid"), owner.get("host")) if isinstance(owner, dict) else (None, None)
    if not (isinstance(pid, int) and isinstance(host, str)):
        return
    since = owner.get("since")
    begun = float(since) if isinstance(since, (int, float)) else touched
    if is_alive(pid, host, begun if host == socket.gethostname() else touched):
        raise GeoDistilError(
            "output",
            tr("The folder {folder} is in use: process {pid} on {host} works there.").format(
                folder=folder, pid=pid, host=host
            ),
            tr("Let it end, or stop it in the runs dock, then start again."),
        )


LOG_FILE = "log.txt"
STOP_FILE = "stop"
POLL_SECONDS = 0.2
KILL_SECONDS = 3.0
TAIL_LINES = 15


class EngineProcess:
    """A child `python -m engine ...` that works in a job folder.

    Its output goes to `log.txt` there and not to pipes: nobody has to drain them, and the child outlives QGIS.

    Args:
        arguments: the engine's command line.
        folder: the job folder, where the child writes `events.jsonl` and looks for `stop`.
        grace: seconds a cancelled child gets for an orderly end.
        python: the engine's Python; none finds it.
        root: the folder that holds the package `engine`.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        grace: float = 10.0,
        python: Path | None = None,
        root: Path = ROOT,
    ) -> None:
        self._folder = folder
        self._grace = grace
        (folder / STOP_FILE).unlink(missing_ok=True)
        self._reader = EventReader(folder, from_start=False)
        self._log_start = self._log_size()
        self._ending: dict[str, Any] = {}
        self.warnings: list[str] = []
        """The engine's, so far."""
        self._child = self._start([str(python or engine_python()), "-m", "engine", *arguments], root)

    @property
    def pid(self) -> int:
        """The child's process id, and on POSIX its group's."""
        return self._child.pid

    def follow(self, feedback: Feedback) -> dict[str, Any]:
        """Pass events on until the child has ended; cancelling asks for an orderly end, then kills its group.

        Returns:
            The event that ended the work, `finished` or `stopped`; empty where the command writes no events
            or was cancelled before it wrote one.

        Raises:
            GeoDistilError: the engine failed or died.
        """
        try:
            self._wait(feedback)
        finally:
            self.kill()
            (self._folder / STOP_FILE).unlink(missing_ok=True)
        self._report(feedback)
        return self._outcome(cancelled=feedback.isCanceled())

    def kill(self) -> None:
        """End the child and everything it started; does nothing where all have ended."""
        if self._child.returncode is not None:  # waited for already: its number may be another's
            return
        signal_group(self._child, force=False)
        deadline = time.monotonic() + KILL_SECONDS
        while not _has_ended(self._child) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 10)
        signal_group(self._child, force=True)
        self._child.wait()

    def _start(self, command: list[str], root: Path) -> subprocess.Popen[bytes]:
        with (self._folder / LOG_FILE).open("ab") as log:
            try:
                return subprocess.Popen(
                    command,
                    cwd=root,
                    env=child_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    **own_group(),
                )
            except OSError as error:
                raise GeoDistilError(
                    "environment",
                    tr("The engine's Python {python} cannot be started: {reason}.").format(
                        python=command[0], reason=error.strerror
                    ),
                ) from error

    def _wait(self, feedback: Feedback) -> None:
        deadline = None
        while not _has_ended(self._child):
            self._report(feedback)
            if feedback.isCanceled():
                (self._folder / STOP_FILE).touch()  # each time: a child that has just begun removes an old one
                deadline = deadline or time.monotonic() + self._grace
                if time.monotonic() > deadline:
                    return
            time.sleep(POLL_SECONDS)

    def _report(self, feedback: Feedback) -> None:
        for event in self._reader.new():
            if event.get("kind") in ("finished", "failed", "stopped"):
                self._ending = event
            elif event.get("kind") == "warning":
                self.warnings.append(str(event.get("message")))
            report(event, feedback)

    def _outcome(self, cancelled: bool) -> dict[str, Any]:
        kind, code = self._ending.get("kind"), self._child.returncode
        if kind == "failed" and not (cancelled and self._ending.get("code") == "stopped"):
            raise GeoDistilError.from_event(self._ending, self._log_tail())
        if kind in ("finished", "stopped"):
            return self._ending
        if code == 0 or cancelled:
            return {}
        raise GeoDistilError("engine", *_death(code, self._log_tail(1)), details=self._log_tail())

    def _log_size(self) -> int:
        path = self._folder / LOG_FILE
        return path.stat().st_size if path.exists() else 0

    def _log_tail(self, lines: int = TAIL_LINES) -> str:
        with (self._folder / LOG_FILE).open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode("utf-8", "replace").strip()
        return "\n".join(text.splitlines()[-lines:])


def finished(command: Sequence[str], folder: Path, feedback: Feedback, grace: float = 10.0) -> dict[str, Any]:
    """Run a command that writes events, to its end.

    Args:
        command: the engine's command line; leave to reach other files is given where it names a raster that may.
        folder: the job folder.
        feedback: is told, and may cancel.
        grace: seconds for an orderly end.

    Returns:
        The event `finished`.

    Raises:
        GeoDistilError: the engine failed or died.
        CancelledError: it was cancelled.
    """
    ending = EngineProcess([*command, *permission(command)], folder, grace).follow(feedback)
    if ending.get("kind") != "finished":
        raise CancelledError
    return ending


def _death(code: int, last_line: str) -> tuple[str, str]:
    """Message and hint for a child that ended without a word in its events."""
    if code == 1 and last_line:  # the command line's rule: one sentence on stderr
        return last_line[len("error: ") :] if last_line.startswith("error: ") else last_line, ""
    if code in (-9, 137):
        return (
            tr("The engine was killed, most likely because the memory ran out."),
            tr("Lower the batch size or the chip size."),
        )
    return tr("The engine died with exit code {code}.").format(code=code), tr("The log's last lines say where.")


def own_group() -> dict[str, Any]:
    """Arguments of Popen that put the child into a process group of its own."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether a child has ended. It is not waited for: until then its number, and its group's, are no one else's."""
    if sys.platform == "win32":  # where the handle keeps the number
        return child.poll() is not None
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return look(child.pid) is None  # macOS, before Python 3.13


def signal_group(child: subprocess.Popen[bytes], force: bool) -> None:
    """Ask a child of `own_group` and everything it started to end, or end them at once."""
    if sys.platform == "win32":
        process = look(child.pid)
        if process is not None:
            end([process])
        return
    # The whole group may have ended; macOS says EPERM of one that is not yet reaped.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL if force else signal.SIGTERM)
