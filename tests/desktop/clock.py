"""A clock for a busy machine: it stands still while other programs have this thread's processor."""

from __future__ import annotations

import threading
import time
from pathlib import Path


def own_time() -> float:
    """Seconds that passed for this thread: at work, or waiting for something, but not for a free processor.

    Returns:
        Seconds since some moment; on systems that do not count a thread's waiting, those of the clock on the wall.
    """
    try:
        text = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
    except OSError:
        return time.perf_counter()
    return time.perf_counter() - int(text.split()[1]) / 1e9
