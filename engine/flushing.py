"""Files that survive the loss of power: what a program has written is on the disk only once it was asked for."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def synchronise(path: Path) -> None:
    """Have a file's or a folder's content on the disk itself.

    Windows knows it for files only, and some network file systems neither.

    Raises:
        OSError: a file's content cannot be written.
    """
    if path.is_dir():
        if os.name != "nt":
            with contextlib.suppress(OSError):
                _synchronise(path, os.O_RDONLY)
        return
    _synchronise(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)


def synchronise_tree(folder: Path) -> None:
    """Have a folder on the disk itself, with all that is in it; what is just being removed, or is another's, is not.

    Raises:
        OSError: a file's content cannot be written.
    """
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError, PermissionError):
                    synchronise(path)
        synchronise(Path(place))


def _synchronise(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
