"""Model archives of strangers: looked over by their directory and their card before anything is unpacked."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from ..config import Card
from ..config.problems import shown
from ..errors import OutputError, PackageError
from ..text_files import MOST_BYTES as MOST_OF_AN_ITEM
from ..text_files import parse_object
from .item import FILES, ITEM_FILE, read_card

MOST_BYTES = 8 * 2**30
"""Largest unpacked size of an archive."""
MOST_MEMBERS = 1000
MOST_RATIO = 200
"""How much larger than packed a file may be: weights hardly shrink, and pages of text to a tenth."""
FREELY = 2**20
"""Bytes of a file to which that does not apply."""
SPARE_BYTES = 64 * 2**20
"""What is to be left free on the disk."""

Members = dict[str, zipfile.ZipInfo]


def look_over(archive: zipfile.ZipFile, path: Path) -> tuple[Members, Card]:
    """The package's files in an archive, at its root or in its only folder, by their names; and its card.

    Raises:
        PackageError: it holds what no package does, is too large, has two files of a name, or is no package.
    """
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise PackageError(f"{path} holds {len(infos)} files, and a model has at most {len(FILES)}.")
    names = set()
    for info in infos:
        if not _stays_inside(info):
            raise PackageError(f"{path} is not safe to unpack: it holds '{shown(info.filename)}'.")
        if info.filename in names:
            raise PackageError(f"{path} is not safe to unpack: it holds '{shown(info.filename)}' twice.")
        names.add(info.filename)
        if info.file_size > max(FREELY, MOST_RATIO * info.compress_size):
            raise PackageError(
                f"{path} is not safe to unpack: '{shown(info.filename)}' would be over {MOST_RATIO} times as large."
            )
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise PackageError(f"{path} unpacks to more than {MOST_BYTES // 2**30} GB, which no model does.")
    items = [PurePosixPath(info.filename) for info in infos if PurePosixPath(info.filename).name == ITEM_FILE]
    if len(items) != 1:
        count = "no" if not items else f"{len(items)} files"
        raise PackageError(f"{path} is not a model: it has {count} {ITEM_FILE}.")
    inside = {info.filename: info for info in infos}
    wanted = {name: str(items[0].parent / name) for name in FILES}
    members = {name: inside[member] for name, member in wanted.items() if member in inside}
    return members, _card(archive, members[ITEM_FILE], path)


def extract(archive: zipfile.ZipFile, members: Members, folder: Path, path: Path) -> None:
    """Write members into a folder.

    Raises:
        OutputError: the disk has no room for them.
    """
    needed, free = sum(info.file_size for info in members.values()) + SPARE_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{path} needs {needed / 1e9:.1f} GB, and {folder.parents[1]} has {free / 1e9:.1f} GB left.",
            "Make room there, or unpack it yourself.",
        )
    for name, info in members.items():
        with archive.open(info) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target)


def _card(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Card:
    if info.file_size > MOST_OF_AN_ITEM:
        raise PackageError(f"{path} is not a model: its {ITEM_FILE} is larger than {MOST_OF_AN_ITEM >> 20} MB.")
    try:
        return read_card(parse_object(archive.read(info)), str(path))
    except ValueError as error:
        raise PackageError(f"The {ITEM_FILE} of {path} is unreadable: {error}.") from error


def _stays_inside(info: zipfile.ZipInfo) -> bool:
    """Whether a member is no link and its path, on any system, is below the folder it is unpacked to."""
    name = info.filename.replace("\\", "/")
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return not (is_link or name.startswith("/") or ":" in name or ".." in PurePosixPath(name).parts)
