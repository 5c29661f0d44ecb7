"""One installation at a time in a folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import InstallError, marked

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
