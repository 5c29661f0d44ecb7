"""Removes the environment on another thread: it has tens of thousands of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from ..background import Background
from ..errors import GeoDistilError
from ..translation import tr
from .place import remove


def removal(folder: Path, done: Callable[[Any], None], failed: Callable[[GeoDistilError], None]) -> Background:
    """The task that removes an environment.

    Args:
        folder: the environment's folder.
        done: called on the main thread when nothing is left.
        failed: called on the main thread with the error.
    """
    title = tr("Remove GeoDistil's engine environment")
    return Background(title, lambda _cancelled: remove(folder), done, failed, can_cancel=False)
