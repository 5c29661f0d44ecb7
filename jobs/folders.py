"""Folders that something is to be written into."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from qgis.core import QgsProcessingUtils


def writable(folder: Path) -> bool:
    """Whether files can be made in a folder. Tried, not asked: rights, read-only disks and Windows' lists answer alike.

    Not with `tempfile`, which on Windows goes on for ever where it may not write: https://bugs.python.org/issue22107.
    """
    path = folder / f".geodistil_{uuid4().hex}"
    try:
        path.touch(exist_ok=False)
        path.unlink()
    except OSError:
        return False
    return True


def file_stem(name: str) -> str:
    """A layer's name as a file's: letters, digits, - and _."""
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:60] or "layer"


def free_place(folder: Path, stem: str, suffix: str = "", form: str = "{stem}_{number}{suffix}") -> Path:
    """A path in a folder that nobody has: by its name, or the first one with a number from 2.

    Args:
        folder: where.
        stem: its name.
        suffix: its name's end.
        form: of names with a number.
    """
    place, number = folder / f"{stem}{suffix}", 2
    while place.exists():
        place, number = folder / form.format(stem=stem, number=number, suffix=suffix), number + 1
    return place


def job_folder(name: str) -> Path:
    """A new folder for a job among QGIS's temporary files, which go when QGIS ends."""
    return Path(tempfile.mkdtemp(prefix=f"geodistil_{name}_", dir=QgsProcessingUtils.tempFolder()))


def open_folder(name: str) -> Path:
    """The same with the usual rights, for what becomes a person's: others may read it as they may read their files."""
    folder = Path(QgsProcessingUtils.tempFolder()) / f"geodistil_{name}_{uuid4().hex}"
    folder.mkdir()
    return folder


@contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder of our own beside others, until the end; what was moved out of it stays.

    Raises:
        OSError: it cannot be made.
    """
    folder = parent / f"{prefix}{uuid4().hex}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
