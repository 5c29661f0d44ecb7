"""Room for batches on their way between processes, made once.

Shared memory that is made anew for every batch costs a page fault for each 4 KB, in the process that fills it and in
the one that reads it: longer than cutting the chips takes.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path

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
