"""Folders that something is written into, folders that go, and strangers' archives that are unpacked into them."""

from __future__ import annotations

import lzma
import re
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from qgis.core import QgsProcessingUtils

from .background import Background, Cancelled, start
from .errors import GeoDistilError
from .translation import local, tr

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


BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What a damaged archive raises, or one that is packed in an unknown way or with a password."""
MOST_MEMBERS = 100_000
MOST_RATIO = 200
"""How much larger than packed a file may be."""
FREELY = 64 << 20
"""Bytes to which that does not apply: logs and empty databases do shrink that much."""
MOST_READ = 64 << 20
"""Bytes of a file that is read whole, such as a card."""


def look_over(archive: zipfile.ZipFile, file: Path) -> list[zipfile.ZipInfo]:
    """An archive's members, once none of them is a trap.

    Raises:
        GeoDistilError: two have one name, or they would be many times as large as the archive.
    """
    infos, names = archive.infolist(), set()
    if len(infos) > MOST_MEMBERS:
        raise _refused(tr("{file} holds {count} files.").format(file=file, count=local(len(infos), 0)))
    for info in infos:
        if info.filename in names:
            raise _refused(tr("{file} holds two files of the name {path}.").format(file=file, path=info.filename))
        names.add(info.filename)
        if info.file_size > max(FREELY, MOST_RATIO * info.compress_size):
            raise _refused(
                tr("{path} in {file} would be more than {count} times as large as it is packed.").format(
                    path=info.filename, file=file, count=MOST_RATIO
                )
            )
    return infos


def names_in(path: Path) -> set[str]:
    """The names of the files in a folder or an archive, without their folders.

    Raises:
        OSError: it cannot be read.
        Exception: one of `BROKEN`.
    """
    if path.is_dir():
        return {each.name for each in path.iterdir()}
    with zipfile.ZipFile(path) as archive:
        return {Path(name).name for name in archive.namelist()}


def content_of(path: Path, name: str, most: int = MOST_READ) -> bytes:
    """A file of a folder, or of an archive wherever it lies in it.

    Raises:
        KeyError: there is none in the archive.
        OSError: there is none in the folder, or it cannot be read.
        ValueError: it is larger than `most`.
        GeoDistilError: the archive is a trap.
        Exception: one of `BROKEN`.
    """
    if path.is_dir():
        with (path / name).open("rb") as file:
            content = file.read(most + 1)
    else:
        with zipfile.ZipFile(path) as archive:
            found = [info.filename for info in look_over(archive, path) if Path(info.filename).name == name]
            with archive.open(min(found, key=len, default=name)) as file:
                content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{name} is larger than {most >> 20} MB")
    return content


def _refused(sentence: str) -> GeoDistilError:
    return GeoDistilError("package", sentence, tr("It was not unpacked."))


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
