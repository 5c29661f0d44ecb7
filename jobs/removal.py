"""Folders that go away even while a cancelled task is still writing its last file into them."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from .background import Background, Cancelled, start
from .translation import tr

TRIES, PAUSE = 50, 0.1


def remove_later(folder: Path) -> None:
    """Remove a folder on another thread; a writer that was told to stop gets five seconds (`TRIES` x `PAUSE` s)."""
    start(Background(tr("Remove a temporary folder"), lambda cancelled: _remove(folder, cancelled), _ignore, _ignore))


def _remove(folder: Path, cancelled: Cancelled) -> None:
    for _ in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if cancelled() or not folder.exists():
            return
        time.sleep(PAUSE)


def _ignore(_: object) -> None:
    """What is left is in QGIS's temporary folder, which QGIS empties when it closes."""
