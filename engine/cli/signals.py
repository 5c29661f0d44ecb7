"""Ctrl-C and SIGTERM ask for the same orderly end as the file `stop`, which work that does not look is held to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..events import STOP_FILE
from ..processes.interruption import ASKING, Interrupted, Interrupter


@contextmanager
def orderly_stop(
    folder: Path | None,
    also: Callable[[], bool] = lambda: False,
    last_words: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """While inside, the first signal puts `stop` into `folder`, the second one interrupts.

    Work that does not end within a second of a stop is interrupted, see `Interrupter`. A `stop` left over from an
    earlier end is removed first.

    Args:
        folder: none has the first signal interrupt.
        also: whether something else than the file asks for a stop.
        last_words: called before the process ends because the work cannot be interrupted.

    Raises:
        Interrupted: the work was.
    """
    stop = folder / STOP_FILE if folder else None
    if stop:
        stop.unlink(missing_ok=True)
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave() -> None:
        last_words()
        if stop:
            stop.unlink(missing_ok=True)

    interrupter = Interrupter(lambda: bool(stop and stop.exists()) or also(), leave)

    def ask(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and interrupter.is_signal():
            return
        if stop is None:
            raise Interrupted
        if stop.exists() or not folder.is_dir():
            raise KeyboardInterrupt
        stop.touch()

    before = {number: signal.signal(number, ask) for number in ASKING}
    try:
        with interrupter:
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if stop:
            stop.unlink(missing_ok=True)
