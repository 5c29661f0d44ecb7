"""The C library's memory: kept in few pools, and given back to the system when nobody uses it any more."""

from __future__ import annotations

import contextlib
import ctypes
import sys

M_ARENA_MAX = -8
"""glibc's number of the option (malloc.h)."""
ARENAS = 2
"""glibc's pools; by default each thread has its own, and what one lets go of no other one gets."""


def few_pools() -> None:
    """Have all threads share glibc's pools: else each keeps the largest windows that it ever held."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Have the C library let go of what was freed: glibc keeps the windows' buffers of every thread that had some."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
