"""What one installation knows, tells in `events.jsonl` and starts; one at a time in a folder."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any, Callable, TextIO

from .errors import InstallError, Stopped, marked

EVENTS_FILE = "events.jsonl"
STOP_FILE = "stop"
RESERVE_FILE = "reserve"
RESERVE_BYTES = 1 << 16


class Events:
    """Appends events to a folder's log and looks for its `stop` file.

    A little room is kept in reserve, so that a full disk can still be told of.

    Args:
        folder: the environment's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._stop = folder / STOP_FILE
        self._path = folder / EVENTS_FILE
        self._reserve = folder / RESERVE_FILE

    def open(self) -> None:
        """Take the reserve; to be called by the one installation that writes."""
        self._reserve.write_bytes(bytes(RESERVE_BYTES))

    def close(self) -> None:
        """Give the reserve back."""
        self._reserve.unlink(missing_ok=True)

    def write(self, kind: str, **values: Any) -> None:
        """Append one event."""
        line = json.dumps({"time": round(time.time(), 3), "kind": kind, **values}) + "\n"
        try:
            self._append(line)
        except OSError:
            self.close()
            self._append(line)

    def check_stop(self) -> None:
        """End here where a person asked for it.

        Raises:
            Stopped: the file `stop` is there.
        """
        if self._stop.exists():
            raise Stopped

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)


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


LOCK_FILE = "install.lock"
PATIENCE_SECONDS = 1.0
"""Somebody who only looks whether the lock is taken holds it for an instant."""


@contextmanager
def only_one(folder: Path, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the folder's lock.

    The lock is the operating system's and goes with the process that holds it: the file that a killed installer
    leaves behind is no lock.

    Raises:
        InstallError: `busy`, another process holds it.
    """
    with (folder / LOCK_FILE).open("a+b") as file:
        _wait(file, patience)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        try:
            yield
        finally:
            _unlock(file)


def is_locked(folder: Path) -> bool:
    """Whether an installation is under way in a folder."""
    try:
        with _opened(folder / LOCK_FILE) as file:
            if not _lock(file):
                return True
            _unlock(file)
    except OSError:  # there is no lock, or none that we might ever hold
        return False
    return False


def _opened(path: Path) -> IO[bytes]:
    """Some systems lock only what may be written; another user's environment may only be read."""
    try:
        return path.open("r+b")
    except FileNotFoundError:
        raise
    except OSError:
        return path.open("rb")


def _wait(file: IO[bytes], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not _lock(file):
        if time.monotonic() > deadline:
            raise InstallError(
                "busy",
                marked("Another installation of the engine's environment is under way."),
                marked("Wait until it ends, or cancel it where it was started."),
            )
        time.sleep(0.05)


if sys.platform == "win32":
    import msvcrt

    # A region far behind the end: on Windows a locked region cannot be read, and the file's text is for people.
    FAR = 1 << 30

    def _lock(file: IO[bytes]) -> bool:
        try:
            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


REQUEST_FILE = "request.json"
STATE_FILE = "installed.json"
REGISTRY = "https://pypi.org/simple"


@dataclass
class Request:
    """What is wanted; `request.json`. Nothing secret is in it: proxies and indexes come by environment variables.

    Args:
        requirements: the folder of locked requirements, one folder a platform.
        python: the Python to make the environment from; empty leaves the choice here.
        tool: `uv`, `pip`, or `auto` for uv and, where that cannot be had, pip.
        build: a build of torch, `default` for the registry's, or `auto`.
        wheels: a folder of wheels to install from instead of an index.
        imports: modules that must load in the end.
        engine: the folder that holds the package `engine`, whose `doctor` then has the last word; empty for none.
        own: an environment that a person made; it is only verified, nothing is installed.
        indexes: other addresses for the indexes of torch's builds.
    """

    requirements: str = ""
    python: str = ""
    tool: str = "auto"
    build: str = "auto"
    wheels: str = ""
    imports: list[str] = field(default_factory=list)
    engine: str = ""
    own: str = ""
    indexes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Request:
        """The request of a folder; keys of a newer plugin are left out."""
        values = json.loads((folder / REQUEST_FILE).read_text(encoding="utf-8"))
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


class Job:
    """One installation.

    Args:
        folder: the environment's folder: `venv`, `cache`, `tools`, `events.jsonl`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events = Events(folder)
        self.request = Request.read(folder)
        self.venv = folder / "venv"
        self.cache = folder / "cache"
        self.scratch = folder / "scratch"

    @property
    def index(self) -> str:
        """The package index, as the tools would choose it."""
        names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
        return next((os.environ[name] for name in names if os.environ.get(name)), REGISTRY)

    @property
    def variables(self) -> dict[str, str]:
        """The children's environment: everything they keep is in the folder, and nobody is asked anything."""
        scratch = str(self.scratch)
        return {
            **os.environ,
            "TMPDIR": scratch,
            "TMP": scratch,
            "TEMP": scratch,
            "UV_CACHE_DIR": str(self.cache / "uv"),
            "UV_PYTHON_INSTALL_DIR": str(self.folder / "pythons"),
            "UV_NO_PROGRESS": "1",
            "UV_SYSTEM_CERTS": "1",
            "UV_HTTP_TIMEOUT": "60",
            "PIP_NO_CACHE_DIR": "1",  # a package that is installed is never asked for again
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_PROGRESS_BAR": "off",
        }

    def spoil(self) -> None:
        """Whatever was installed does not count as complete until all has been tried again."""
        (self.folder / STATE_FILE).unlink(missing_ok=True)

    def run(self, command: list[str], beat: Callable[[], None] = lambda: None) -> str:
        """Run a program, which a person may stop; `beat` is called while it runs."""

        def between() -> None:
            self.events.check_stop()
            beat()

        return run(command, self.variables, between)
