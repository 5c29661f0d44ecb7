"""Folders and semaphores that go at the end of their process; those of a killed one go when the next one starts.

Their names say whose they are, so that nothing is removed that is another's or whose owner lives.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import process
from pathlib import Path

from .identity import Identity, lives, me

SHARED = Path("/dev/shm")  # nosec B108 # where the kernel keeps semaphores; ours alone are looked at
FOLDER = re.compile(r"\.geodistil-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-(?P<started>[0-9.]+)-[0-9a-f]{8}")
SEMAPHORE = re.compile(r"sem\.geodistil-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-(?P<started>[0-9.]+)-.+")
NAMELESS = re.compile(r"\.(model-|review_)[a-z0-9_]{8}")
"""Folders of earlier engines, whose names say nothing of their process."""
_own: set[Path] = set()
"""Folders of this process that are there."""
LEFT_SECONDS = 3600.0
"""Untouched for so long, a folder is left behind whose process cannot be looked up from here."""


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """A folder of our own until the end; what was moved out of it stays.

    Args:
        parent: where; none is the system's place for temporary files.

    Raises:
        OSError: it cannot be made.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep(parent)
    folder = parent / f".{_name()}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    _own.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _own.discard(folder)


def remove_scratch() -> None:
    """Remove this process's folders now: it ends while some of its work goes on."""
    for folder in list(_own):
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders that killed processes have left in a folder; what cannot be removed stays."""
    with suppress(OSError):
        for entry in list(os.scandir(parent)):
            path = parent / entry.name
            if entry.is_dir(follow_symlinks=False) and _is_left(path):
                shutil.rmtree(path, ignore_errors=True)


def name_semaphores() -> None:
    """Have the semaphores that this process makes say whose they are; only Linux shows them, and has room for it."""
    if sys.platform == "linux":
        config = process.current_process()._config  # type: ignore[attr-defined]  # there is no public way
        config["semprefix"] = f"/{_name()}"


def sweep_semaphores(shared: Path = SHARED) -> None:
    """Remove the semaphores of killed processes, where the process that tracks them was killed too."""
    with suppress(OSError):
        for path in shared.glob("sem.geodistil-*"):
            if (match := SEMAPHORE.fullmatch(path.name)) and _lives(match) is False:
                path.unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    match = FOLDER.fullmatch(path.name)
    if match and (alive := _lives(match)) is not None:
        return not alive
    if not (match or NAMELESS.fullmatch(path.name)):
        return False
    return _age(path) > LEFT_SECONDS


def _age(folder: Path) -> float:
    """Seconds since anything in a folder was touched, by the clock of its file system; none where it is going."""
    try:
        newest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
        with tempfile.TemporaryFile(dir=folder.parent) as now:
            return os.fstat(now.fileno()).st_mtime - newest
    except OSError:
        return 0.0


def _lives(match: re.Match[str]) -> bool | None:
    own = me()
    if match["place"] != _place(own):
        return None
    return lives(Identity(own.host, own.world, int(match["pid"]), match["started"]))


def _name() -> str:
    own = me()
    return f"geodistil-{_place(own)}-{own.pid}-{own.started or 0}"


def _place(identity: Identity) -> str:
    return hashlib.sha256(f"{identity.host} {identity.world}".encode()).hexdigest()[:8]
