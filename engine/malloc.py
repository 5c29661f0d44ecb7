"""What the C library does with freed memory (glibc only; elsewhere nothing happens), and whether there is any left."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -3, -4, -8
"""glibc's numbers of the options (malloc.h)."""
USUAL_BUFFER = 32 * 2**20
"""Bytes of the largest buffers that glibc, left alone, keeps when they are freed (DEFAULT_MMAP_THRESHOLD_MAX)."""
ARENAS = 2
"""glibc's pools; by default each thread has its own, and what one lets go of no other one gets."""
OWN: dict[str, int] = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
"""Memory that counts as this process's own, where systems know others."""
ROOM = 2**26
"""Bytes, without which no work of ours gets far."""


def has_room(size: int = ROOM) -> bool:
    """Whether this process could have so many bytes more."""
    try:
        mmap.mmap(-1, size, **OWN).close()  # asked for, never touched; filling 64 MB with zeros would take 60 ms
    except (OSError, MemoryError):
        return _in_freed(size)
    return True


def _in_freed(size: int) -> bool:
    """Whether what was freed, but kept, has that many bytes in one piece."""
    try:
        bytearray(size)
    except MemoryError:
        return False
    return True


def few_pools() -> None:
    """Have all threads share glibc's pools: else each keeps the largest windows that it ever held."""
    _ask("mallopt", M_ARENA_MAX, ARENAS)


def usual_thresholds() -> None:
    """Have glibc keep what it keeps of itself once large buffers came and went.

    Dask starts its workers with a `MALLOC_TRIM_THRESHOLD_` of 64 KB, and so each window's buffers cost page faults.
    """
    _ask("mallopt", M_MMAP_THRESHOLD, USUAL_BUFFER)
    _ask("mallopt", M_TRIM_THRESHOLD, 2 * USUAL_BUFFER)


def keep_freed() -> None:
    """Have freed memory stay with this process.

    Each training step asks for the same buffers again, and every page that went back to the system costs it a fault.
    """
    _ask("mallopt", M_MMAP_MAX, 0)
    _ask("mallopt", M_TRIM_THRESHOLD, -1)


def give_back() -> None:
    """Have the C library let go of what was freed: glibc keeps the windows' buffers of every thread that had some."""
    _ask("malloc_trim", 0)


def _ask(function: str, *arguments: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            getattr(ctypes.CDLL(None), function)(*arguments)
