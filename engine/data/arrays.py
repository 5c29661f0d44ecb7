"""Arrays that processes share: in a file that is written once, and in memory for batches on their way.

Shared memory that is made anew for every batch costs a page fault for each 4 KB, in the process that fills it and in
the one that reads it: longer than cutting the chips takes.

A packed R-tree is boxes in an order in which neighbours lie together, the extents of each 64 of them, and so on. It is
nothing but arrays, so it can be mapped from a file; `shapely.STRtree` is built anew by each process.

A file is written part by part, and no process has it whole. It is a line of JSON (columns, facts), padded, and the
columns one after the other. It is opened as it lies on the disk, and pickles as its path: a reading process maps it,
and the system keeps each page once for all of them.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import shutil
import time
import uuid
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import on_disk
from ..processes import scratch

if TYPE_CHECKING:  # arrays are read by predictions, too, which do without
    import torch
    from torch import Tensor

SHARED = Path("/dev/shm")  # nosec B108 # only asked how much room it has
"""Where Linux keeps memory that processes share; containers are given 64 MB of it unless somebody asks for more."""
MOST_OF_IT = 0.5
"""Share of what is free there that one role's buffers may take: others come after it."""


class SharedBuffers:
    """Memory that processes share, with room for a few batches; batch `number` lies in buffer `number % count`.

    It pickles into processes as they are started. Whoever takes a batch must have done so before batch
    `number + count` is put there.

    Args:
        shapes: for each part of a batch, its shape and type.
        count: the most batches on their way at once.
    """

    def __init__(self, shapes: dict[str, tuple[tuple[int, ...], torch.dtype]], count: int) -> None:
        import torch

        self._count = count
        self._parts = {
            name: torch.empty((count, *shape), dtype=dtype).share_memory_() for name, (shape, dtype) in shapes.items()
        }
        for part in self._parts.values():
            part.zero_()  # taken now, so that who asks next what is free is told

    def room(self, number: int) -> dict[str, Tensor]:
        """Where to put the parts of a batch."""
        return {name: part[number % self._count] for name, part in self._parts.items()}

    def take(self, number: int) -> dict[str, Tensor]:
        """The parts of a batch, copied: their buffer is filled again."""
        import torch

        # by numpy, in one thread: PyTorch's would wait for each other while readers have the processors
        return {name: torch.from_numpy(part.numpy().copy()) for name, part in self.room(number).items()}


def bytes_of(shapes: dict[str, tuple[tuple[int, ...], torch.dtype]]) -> int:
    """The memory of one batch of parts of these shapes and types."""
    return sum(math.prod(shape) * dtype.itemsize for shape, dtype in shapes.values())


def affordable(batch: int, count: int) -> int:
    """How many batches of so many bytes may lie in buffers, at most `count`.

    Memory that is promised and not there would end the process that writes to it, without a word.
    """
    if not SHARED.is_dir():
        return count
    return min(count, int(MOST_OF_IT * shutil.disk_usage(SHARED).free / batch))


NODE = 64
"""Children of a node."""
_CHILDREN = np.arange(NODE)


def packing_order(boxes: np.ndarray) -> np.ndarray:
    """Indices (n,) of boxes (n, 4), neighbours together: in columns of nodes, each from top to bottom."""
    middles = boxes[:, :2] + boxes[:, 2:]
    columns = max(1, round(np.sqrt(len(boxes) / NODE)))
    column = np.argsort(np.argsort(middles[:, 0], kind="stable"), kind="stable") * columns // max(len(boxes), 1)
    return np.lexsort((middles[:, 1], column))


def levels_above(pieces: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The extents (m, 4) of nodes, the lowest level first, the last with `NODE` at most.

    Args:
        pieces: boxes (k, 4) in order; k is a multiple of `NODE` but in the last one.
    """
    levels = [_extents(pieces)]
    while len(levels[-1]) > NODE:
        levels.append(_extents([levels[-1]]))
    return levels


def query(leaves: np.ndarray, levels: list[np.ndarray], bounds: tuple[float, float, float, float]) -> np.ndarray:
    """Positions (m,) of boxes that meet or touch a rectangle, sorted.

    Args:
        leaves: the boxes (n, 4).
        levels: above them, from `levels_above`.
        bounds: of the rectangle: left, the lower of its second coordinates, right, the higher one.
    """
    found = np.arange(len(levels[-1]))
    for boxes, below in _downwards(leaves, levels):
        meets = _meeting(boxes[found], *bounds)
        found = found[meets]
        if below is not None:
            found = (found[:, None] * NODE + _CHILDREN).ravel()
            found = found[found < below]
    return found


def _downwards(leaves: np.ndarray, levels: list[np.ndarray]) -> Iterator[tuple[np.ndarray, int | None]]:
    """Each level from the top, and how many the next one has."""
    below = [len(leaves), *map(len, levels)]
    for index in range(len(levels) - 1, -1, -1):
        yield levels[index], below[index]
    yield leaves, None


def _meeting(boxes: np.ndarray, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return (boxes[:, 0] <= right) & (boxes[:, 2] >= left) & (boxes[:, 1] <= bottom) & (boxes[:, 3] >= top)


def _extents(pieces: Iterable[np.ndarray]) -> np.ndarray:
    found = [
        np.concatenate(
            [
                np.fmin.reduceat(boxes[:, :2], np.arange(0, len(boxes), NODE)),
                np.fmax.reduceat(boxes[:, 2:], np.arange(0, len(boxes), NODE)),
            ],
            axis=1,
        )
        for boxes in pieces
        if len(boxes)
    ]
    return np.concatenate(found) if found else np.zeros((0, 4))


_ALIGNED = 64
_HEADER = 2**16
"""Most bytes of the line of JSON, sentences about features that were left out included."""
IN_MEMORY = 2**22
"""Bytes up to which arrays that nobody keeps stay in memory."""
UNUSED_SECONDS = 30 * 86_400.0
"""After which what was kept is removed."""
PIECE = 2**16
"""Rows that are looked at together."""

Columns = Mapping[str, tuple[str, tuple[int, ...]]]
"""Name of each column, numpy's name of its type, and the shape of a row."""


class Workspace:
    """Where arrays are written: a folder that keeps them, or one that goes with what was written there.

    Args:
        kept: a folder for what is worth keeping; none keeps nothing.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self.kept = kept
        self._temporary: Path | None = None
        if kept is not None:
            _sweep(kept)

    def reopened(self, path: Path) -> ArrayFile | None:
        """What was kept at a path; none where nothing was, or it is not what was written."""
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            found = ArrayFile.open(path, self)
            os.utime(path)
            return found
        return None

    def temporary(self) -> Path:
        """A folder that goes when nobody has this object any more."""
        if self._temporary is None:
            stack = ExitStack()
            with on_disk("The folder of temporary arrays", self.kept or Path()):
                if self.kept:
                    self.kept.mkdir(parents=True, exist_ok=True)
                self._temporary = stack.enter_context(scratch(self.kept))
            weakref.finalize(self, stack.close)
        return self._temporary


def _sweep(folder: Path) -> None:
    """Remove what nobody has opened for long."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.is_file(follow_symlinks=False) and time.time() - entry.stat().st_mtime > UNUSED_SECONDS:
                os.unlink(entry.path)


class ArrayFile:
    """Named arrays that are only read.

    Args:
        arrays: by name.
        facts: plain JSON that belongs to them.
        path: the file that they lie in; none where they are in memory.
        workspace: where more like it may be written, in the process that has made them.
    """

    def __init__(
        self,
        arrays: dict[str, np.ndarray],
        facts: dict[str, Any],
        path: Path | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        self._arrays, self.facts, self.path, self.workspace = arrays, facts, path, workspace
        self._map: mmap.mmap | None = None

    @classmethod
    def open(cls, path: Path, workspace: Workspace | None = None) -> ArrayFile:
        """A file as it lies there.

        Raises:
            OSError: there is none.
            ValueError: it is not what was written.
        """
        with open(path, "rb") as file:
            head = json.loads(file.readline(_HEADER))
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        arrays = {}
        for name, (dtype, shape, start) in head["columns"].items():
            count = math.prod(shape)
            flat = np.frombuffer(mapped, dtype, count, start) if count else np.zeros(0, dtype)
            arrays[name] = flat.reshape(shape)
        found = cls(arrays, head["facts"], path, workspace)
        found._map = mapped
        return found

    def __getitem__(self, name: str) -> np.ndarray:
        """One of the arrays."""
        return self._arrays[name]

    def __reduce__(self) -> tuple[Any, ...]:
        """The path, where there is one."""
        return (ArrayFile, (self._arrays, self.facts)) if self.path is None else (ArrayFile.open, (self.path,))

    def forget(self) -> None:
        """Let the system have back the pages that were looked at: after a walk over all of a file."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


class ArrayWriter:
    """Columns that grow, in memory while they are small.

    Args:
        columns: what they hold.
        workspace: where they go when they are not.
    """

    def __init__(self, columns: Columns, workspace: Workspace) -> None:
        self._columns, self._workspace = columns, workspace
        self._parts: dict[str, list[np.ndarray]] = {name: [] for name in columns}
        self._spools: dict[str, Any] = {name: BytesIO() for name in columns}
        self._rows = dict.fromkeys(columns, 0)
        self._held, self._total, self._on_disk = 0, 0, False

    def add(self, **parts: np.ndarray | list[int]) -> None:
        """Add rows to some columns."""
        for name, given in parts.items():
            dtype, row = self._columns[name]
            values = np.ascontiguousarray(given, dtype).reshape(-1, *row)
            self._parts[name].append(values)
            self._rows[name] += len(values)
            self._held += values.nbytes
        if self._held > IN_MEMORY:
            self._spill()

    def walk(self, name: str) -> Iterator[np.ndarray]:
        """What a column holds so far, in pieces of `PIECE` rows (the last may be shorter)."""
        self._spill()
        dtype, row = self._columns[name]
        spool, size = self._spools[name], np.dtype(dtype).itemsize * math.prod(row)
        spool.seek(0)
        while some := spool.read(PIECE * size):
            yield np.frombuffer(some, dtype).reshape(-1, *row)
        spool.seek(0, os.SEEK_END)

    def _spill(self) -> None:
        with on_disk("The index of labels", self._workspace.kept or Path()):
            self._total += self._held
            if self._total > IN_MEMORY and not self._on_disk:
                self._move_to_disk()
            for name, parts in self._parts.items():
                for part in parts:
                    self._spools[name].write(part.data.cast("B") if part.size else b"")
                parts.clear()
        self._held = 0

    def _move_to_disk(self) -> None:
        folder = self._workspace.temporary()
        for name, held in self._spools.items():
            self._spools[name] = TemporaryFile(dir=folder)  # noqa: SIM115 # closed when nobody has it
            self._spools[name].write(held.getbuffer())
        self._on_disk = True


def finish(
    writers: Sequence[ArrayWriter], facts: dict[str, Any], workspace: Workspace, path: Path | None = None
) -> ArrayFile:
    """What writers have got, columns of the same name one after the other.

    Args:
        writers: they end with this.
        facts: plain JSON that belongs to the arrays.
        workspace: where the file goes if there is no path and they are large.
        path: the file; none keeps nothing.

    Raises:
        OutputError: the disk is full, or cannot be written to.
    """
    columns: dict[str, tuple[str, tuple[int, ...]]] = {}
    rows: dict[str, int] = {}
    for writer in writers:
        writer._spill()
        columns |= dict(writer._columns)
        rows |= {name: rows.get(name, 0) + count for name, count in writer._rows.items()}
    size = sum(_sizes(columns, rows).values())
    if path is None and size <= IN_MEMORY:
        arrays = {
            name: np.frombuffer(b"".join(_contents(writers, name)), dtype).reshape(-1, *row)
            for name, (dtype, row) in columns.items()
        }
        return ArrayFile(arrays, facts, workspace=workspace)
    place = path or workspace.temporary() / uuid.uuid4().hex
    with on_disk("The index of labels", place.parent, size):
        _write(writers, columns, rows, facts, place)
    return ArrayFile.open(place, workspace)


def _sizes(columns: Columns, rows: dict[str, int]) -> dict[str, int]:
    """Bytes of each column."""
    return {name: rows[name] * math.prod(row) * np.dtype(dtype).itemsize for name, (dtype, row) in columns.items()}


def _write(
    writers: Sequence[ArrayWriter], columns: Columns, rows: dict[str, int], facts: dict[str, Any], path: Path
) -> None:
    starts, end = {}, _HEADER
    for name, size in _sizes(columns, rows).items():
        starts[name], end = end, end + -(-size // _ALIGNED) * _ALIGNED
    described = {name: [dtype, [rows[name], *row], starts[name]] for name, (dtype, row) in columns.items()}
    head = json.dumps({"columns": described, "facts": facts}).encode() + b"\n"
    if len(head) > _HEADER:
        raise ValueError("there is more to say of arrays than there is room for")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with open(partial, "wb") as file:
            file.write(head)
            for name in columns:
                file.seek(starts[name])
                for writer in writers:
                    if name in writer._columns:
                        spool = writer._spools[name]
                        spool.seek(0)
                        shutil.copyfileobj(spool, file, 2**20)
            file.truncate(max(end, _HEADER))
        with suppress(PermissionError):  # where the file is there, and mapped, it says the same
            os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _contents(writers: Sequence[ArrayWriter], name: str) -> Iterator[bytes]:
    for writer in writers:
        if name in writer._columns:
            writer._spools[name].seek(0)
            yield writer._spools[name].read()
