"""Checkpoints in two generations, flushed to the disk, whole or not at all, and checked when they are read.

`last.pt` is the newest, `previous.pt` the one before it. They are zip archives, as PyTorch writes them, so that each
tensor has a checksum; they are read without unpickling anything but tensors and plain values.
"""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch

from ..errors import GeoDistilError, OutputError, TrainingError, cannot_write
from ..files import synchronise
from ..models.devices import check_memory

LAST, PREVIOUS = "last.pt", "previous.pt"
UNREADABLE = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, UnpicklingError, RuntimeError, NotImplementedError),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError),
)
"""What a file may raise that is not what was written."""

Content = TypeVar("Content")


def atomically(path: Path, write: Callable[[Path], Any], first: Callable[[], Any] = lambda: None) -> Path:
    """Write a file whole or not at all, and have it on the disk.

    Args:
        path: of the file; its folder is made where it is missing.
        write: writes the file that it is given.
        first: done when that is on the disk, before it takes its place.

    Raises:
        OutputError: it cannot be written; the one before stays.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        synchronise(partial)
        first()
        os.replace(partial, path)
        synchronise(path.parent)
    except (OSError, RuntimeError) as error:
        sentence = cannot_write(f"The checkpoint {path}", path, error)
        with contextlib.suppress(OSError):  # the folder is gone or read-only, which the sentence says
            partial.unlink(missing_ok=True)
        raise sentence from error
    except GeoDistilError:  # what was written is not to be
        partial.unlink(missing_ok=True)
        raise
    return path


def write_generation(folder: Path, values: dict[str, Any], check: Callable[[], None] = lambda: None) -> Path:
    """Write tensors and plain values as the newest generation; the newest so far becomes the one before.

    Args:
        folder: where they lie.
        values: to be written.
        check: raises a GeoDistilError where what was written is not to be kept; nothing changes then.

    Raises:
        OutputError: it cannot be written; the generations there are stay.
    """
    path = folder / LAST

    def make_room() -> None:
        check()
        if path.exists():
            os.replace(path, folder / PREVIOUS)

    return atomically(path, lambda partial: _write(values, partial), make_room)


def begun(folder: Path) -> bool:
    """Whether there is a generation, in whatever state."""
    return (folder / LAST).exists() or (folder / PREVIOUS).exists()


def read_generation(
    folder: Path, make: Callable[[dict[str, Any]], Content], warn: Callable[[str], None]
) -> Content | None:
    """The newest generation that is whole, or none where there has never been one.

    A damaged one gives way for good to the one before it, so that this is not what the next write moves out of the way.

    Args:
        folder: where they lie.
        make: makes of the values what is wanted.
        warn: told where the newest cannot be read, and the one before it is used.

    Raises:
        TrainingError: none can be read.
        MemoryError: there is too little memory to read them.
    """
    if not begun(folder):
        return None
    newest, before = folder / LAST, folder / PREVIOUS
    try:
        return make(_read(newest))
    except UNREADABLE as error:
        check_memory(error)
        if not before.exists():
            raise TrainingError(
                f"The checkpoint {newest} cannot be read ({_reason(error)}), and there is none before it.",
                f"Put a copy of it back, or delete the folder {folder} to train anew.",
            ) from error
        damage = _reason(error)
    try:
        content = make(_read(before))
    except UNREADABLE as error:
        check_memory(error)
        raise TrainingError(
            f"The checkpoint {newest} cannot be read ({damage}), nor can {before.name} before it ({_reason(error)}).",
            f"Put a copy of one of them back, or delete the folder {folder} to train anew.",
        ) from error
    warn(
        f"The checkpoint {newest} cannot be read ({damage}); training goes on from the one before it, {before.name}, "
        "and does again what came after."
    )
    try:
        os.replace(before, newest)
        synchronise(folder)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be written: {error.strerror}.") from error
    return content


def packed(values: dict[str, Any]) -> bytes:
    """A generation in memory."""
    torch.save(values, file := io.BytesIO())
    return file.getvalue()


def unpacked(content: bytes) -> dict[str, Any]:
    """What `packed` made bytes of, on the CPU."""
    found: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return found


def _write(values: dict[str, Any], path: Path) -> None:
    with path.open("wb") as file:  # PyTorch's own writer does not say what was wrong with the disk
        torch.save(values, file)


def _read(path: Path) -> dict[str, Any]:
    """What a file holds, once all its checksums are right.

    Raises:
        Exception: one of `UNREADABLE`.
    """
    with zipfile.ZipFile(path) as archive:
        if (damaged := archive.testzip()) is not None:
            raise zipfile.BadZipFile(f"{damaged} does not match its checksum")
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it is damaged"
