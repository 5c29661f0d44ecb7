"""Files to a server and back: only what is missing or changed; a broken one goes on, one that grows is followed."""

from __future__ import annotations

import io
import os
import posixpath
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Callable, NamedTuple

from .cargo import Item
from .connection import Connection

TAIL_BYTES = 64
"""Compared with what is there before anything is added, so that another file is not taken for this one's end."""


class Mirror:
    """One file of a run folder.

    Args:
        path: the file here; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self) -> dict[str, Any]:
        """What is here already, as the script `there` wants to know it."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL_BYTES))
                tail = file.read()
        except FileNotFoundError:
            size, tail = 0, b""
        return {"name": self._path.name, "offset": size, "tail": tail.hex()}

    def take(self, news: bytes, restarted: bool) -> None:
        """Add what is new.

        Args:
            news: the bytes.
            restarted: whether they are the file's beginning, and what is here is another's.
        """
        if news or restarted:
            with self._path.open("wb" if restarted else "ab") as file:
                file.write(news)


PART_BYTES = 1 << 20
UNANSWERED = 16
"""Parts under way at most: enough for a far server, and few enough to hear soon of a full disk."""
STATED = 500
"""Files asked about at once."""

Progress = Callable[[int, int], None]
"""Told how many bytes are done, and of how many."""


@dataclass(frozen=True)
class Load:
    """A file that is not there yet, or not as it is here.

    Args:
        item: the file.
        done: bytes of it that are there from a copying that broke off.
    """

    item: Item
    done: int


def missing(connection: Connection, folder: str, items: list[Item]) -> list[Load]:
    """What of these files is to be copied.

    Args:
        connection: to the server.
        folder: the server's folder.
        items: what is wanted there.
    """
    found = _stat(connection, folder, [item.place for item in items])
    wanted = [item for item, there in zip(items, found) if there != [item.size, item.modified]]
    parts = _stat(connection, folder, [item.partial() for item in wanted])
    return [Load(item, part[0] if part and part[0] <= item.size else 0) for item, part in zip(wanted, parts)]


def send(connection: Connection, folder: str, loads: list[Load], progress: Progress) -> None:
    """Copy files to a server; each appears there when all of it has come.

    Raises:
        ServerError: the connection broke off, or the disk there is full.
        OSError: a file here cannot be read.
    """
    total, before = sum(load.item.size for load in loads), 0

    def telling(before: int) -> Callable[[int], None]:
        return lambda done: progress(before + done, total)

    for load in loads:
        size = load.item.size
        _send(connection, folder, load, telling(before))
        before += size


def _stat(connection: Connection, folder: str, places: list[str]) -> list[Any]:
    paths, found = [posixpath.join(folder, place) for place in places], []
    for first in range(0, len(paths), STATED):
        found += connection.ask("stat", paths=paths[first : first + STATED])["found"]
    return found


def _send(connection: Connection, folder: str, load: Load, progress: Callable[[int], None]) -> None:
    item = load.item
    path, partial, modified = posixpath.join(folder, item.place), posixpath.join(folder, item.partial()), item.modified
    with item.path.open("rb") if item.content is None else io.BytesIO(item.content) as file:
        _send_parts(connection, file, partial, load.done, progress)
    connection.ask("settle", partial=partial, path=path, modified=modified)


def _send_parts(
    connection: Connection, file: BinaryIO, path: str, offset: int, progress: Callable[[int], None]
) -> None:
    file.seek(offset)
    under_way: deque[int] = deque()
    first = True
    while (part := file.read(PART_BYTES)) or first:
        first = False
        connection.send("write", part, path=path, offset=offset)
        offset += len(part)
        under_way.append(offset)
        if len(under_way) >= UNANSWERED:
            connection.receive()
            progress(under_way.popleft())
    for reached in under_way:
        connection.receive()
        progress(reached)


class Wanted(NamedTuple):
    """What is copied of a run folder there.

    Attributes:
        folder: the run folder.
        names: files and folders in it.
        last: the path in it that comes last, for it says that all of its folder is there.
    """

    folder: str
    names: list[str]
    last: str


def fetch(connection: Connection, wanted: Wanted, run: Path, progress: Progress) -> None:
    """Copy results into a run folder here, those that are missing or changed.

    Args:
        connection: to the server.
        wanted: what.
        run: the run folder here.
        progress: told how far it is.

    Raises:
        ServerError: the connection broke off.
        OSError: a file here cannot be written.
    """
    files = connection.ask("contents", folder=wanted.folder, names=wanted.names)["files"]
    lacking = [each for each in files if _sound(each[0]) and not _same(run / each[0], *each[1:])]
    lacking.sort(key=lambda each: each[0] == wanted.last)
    total, done = sum(size for _, size, _ in lacking), 0
    for name, size, modified in lacking:
        _fetch(connection, posixpath.join(wanted.folder, name), run / name, modified)
        done += size
        progress(done, total)


def _fetch(connection: Connection, path: str, target: Path, modified: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    offset = 0
    with partial.open("wb") as file:
        while part := connection.ask_bytes("read", path=path, offset=offset)[1]:
            file.write(part)
            offset += len(part)
    os.utime(partial, (modified, modified))
    os.replace(partial, target)


def _sound(name: str) -> bool:
    """Whether a path from there stays in the run folder."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and ":" not in name


def _same(path: Path, size: int, modified: int) -> bool:
    try:
        stat = path.stat()
    except OSError:
        return False
    return (stat.st_size, int(stat.st_mtime)) == (size, modified)


class Pace:
    """Fraction and time left of a copying, from how fast it has gone so far."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> tuple[float, float | None]:
        """The fraction done, and the seconds left where that can be told."""
        now = time.monotonic()
        self._began = self._began or (now, done)
        seconds, copied = now - self._began[0], done - self._began[1]
        left = (total - done) * seconds / copied if copied > 0 and seconds > 1 else None
        return done / total if total else 1.0, left
