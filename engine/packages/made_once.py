"""Folders of the user's cache, made by whichever process asks first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..processes import scratch


def made_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """A folder that is either absent or complete, also where several processes ask for it at the same moment.

    Args:
        folder: in the cache; its name says what is in it, so that whoever makes it makes the same.
        fill: writes the content into the empty folder it is given; called only while there is none.

    Raises:
        OSError: the cache cannot be written.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch(folder.parent) as temporary:
        complete = temporary / "model"
        complete.mkdir()
        fill(complete)
        try:
            complete.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder
