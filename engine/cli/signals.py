"""Ctrl-C and SIGTERM ask for the same orderly end as the file `stop`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..events import STOP_FILE


@contextmanager
def orderly_stop(folder: Path) -> Iterator[None]:
    """While inside, the first signal puts `stop` into `folder`, the second one interrupts.

    A `stop` left over from an earlier end is removed first.
    """
    stop = folder / STOP_FILE
    stop.unlink(missing_ok=True)

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.exists() or not folder.is_dir():
            raise KeyboardInterrupt
        stop.touch()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.unlink(missing_ok=True)
