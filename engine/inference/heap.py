"""Memory that nobody uses any more, given back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys


def give_back() -> None:
    """Have the C library let go of what was freed: glibc keeps the windows' buffers of every thread that had some."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
