"""Archives of strangers: read as far as they are sound, refused where they would fill disk or memory."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path

from .errors import GeoDistilError
from .translation import local, tr

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
