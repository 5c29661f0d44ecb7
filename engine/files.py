"""Files that are written whole or not at all, flushed to the disk, and read with one kind of error for all damage."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any


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


MOST_BYTES = 64 * 2**20
"""Largest file that is read; the largest honest ones have footprints and thousands of classes."""


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: what is in it is no JSON object, with the reason.
    """
    return parse_object(read_bytes(path))


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """A file's content, of which one that is larger than `most` has only the beginning, one byte more than that.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with path.open("rb") as file:  # what is asked for is set aside, however little there is
        return file.read(min(os.fstat(file.fileno()).st_size or most, most) + 1)


def parse_object(content: bytes, most: int = MOST_BYTES) -> dict[str, Any]:
    """The object that bytes are.

    Raises:
        ValueError: they are none, with the reason.
    """
    values = parse_json(content, most)
    if not isinstance(values, dict):
        raise ValueError("it must hold one JSON object")
    return values


def parse_json(content: bytes | str, most: int = MOST_BYTES) -> Any:
    """What bytes or a text say in JSON; those that are longer than `most` are refused.

    Raises:
        ValueError: they are none, with the reason.
    """
    if len(content) > most:
        raise ValueError(f"it is larger than {most >> 20} MB")
    try:
        return json.loads(content if isinstance(content, str) else content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not valid JSON: {error.msg} at line {error.lineno}") from error
    except RecursionError as error:
        raise ValueError("its brackets are nested too deeply") from error
    except ValueError as error:  # Python limits the digits of whole numbers
        raise ValueError("it has a number of too many digits") from error


def json_or_none(path: Path) -> Any:
    """A JSON file's value; none where it is not there, or damaged."""
    try:
        return parse_json(read_bytes(path))
    except (OSError, ValueError):
        return None


def write_text(path: Path, text: str, flush: bool = False) -> None:
    """Write a file in one step: a reader, or a kill, finds the former one or this one.

    Args:
        path: of the file.
        text: its content.
        flush: whether also a loss of power must not take it away again, which costs a disk some milliseconds.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # What comes out of foreign files may hold halves of surrogate pairs, which no encoding has.
        partial.write_text(text, encoding="utf-8", errors="replace")
        if flush:
            synchronise(partial)
        os.replace(partial, path)
        if flush:
            synchronise(path.parent)
    finally:
        partial.unlink(missing_ok=True)
