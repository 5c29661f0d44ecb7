"""What the C library does with freed memory (glibc only; elsewhere nothing happens)."""

from __future__ import annotations

import contextlib
import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8
"""glibc's numbers of the options (malloc.h)."""
ARENAS = 2
"""glibc's pools; by default each thread has its own, and what one lets go of no other one gets."""


def few_pools() -> None:
    """Have all threads share glibc's pools: else each keeps the largest windows that it ever held."""
    _ask("mallopt", M_ARENA_MAX, ARENAS)


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
