"""Ctrl-C and SIGTERM ask for the same orderly end as the file `stop`, which work that does not look is held to."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

from ..events import STOP_FILE
from ..processes.interruption import ASKING, Interrupted, Interrupter
from ..types import given


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

    def ask() -> None:
        if stop is None:
            raise Interrupted
        if stop.exists() or not given(folder).is_dir():
            raise KeyboardInterrupt
        stop.touch()

    try:
        with _answered(Interrupter(lambda: bool(stop and stop.exists()) or also(), leave), ask):
            yield
    finally:
        if stop:
            stop.unlink(missing_ok=True)


@contextmanager
def stop_with_others(folder: Path, asked: Event) -> Iterator[Callable[[], bool]]:
    """While inside, a signal sets `asked`: a process of several ends in order when the one that owns the folder does.

    Work that does not end within a second of that, or of a stop in the folder, is interrupted as by `orderly_stop`.

    Yields:
        whether a stop is asked for, by either; one left over from an earlier end is the owner's to remove.

    Raises:
        Interrupted: the work was.
    """
    begun = time.time()

    def wanted() -> bool:
        try:
            return asked.is_set() or (folder / STOP_FILE).stat().st_mtime >= begun
        except OSError:
            return False

    with _answered(Interrupter(wanted, lambda: None), asked.set):
        yield wanted


@contextmanager
def _answered(interrupter: Interrupter, ask: Callable[[], None]) -> Iterator[None]:
    """While inside, signals but those of the interrupter ask for a stop."""

    def answer(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not interrupter.is_signal():
            ask()

    before = {number: signal.signal(number, answer) for number in ASKING}
    try:
        with interrupter:
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
