"""A terminal's part: events as a bar or lines, the progress of work of few long parts, Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from tqdm import tqdm

from ..events import (
    STOP_FILE,
    Event,
    EventLog,
    FailedEvent,
    FinishedEvent,
    Listener,
    MetricsEvent,
    NoteEvent,
    PartOfLog,
    ProgressEvent,
    StageEvent,
    StoppedEvent,
    WarningEvent,
)
from ..processes.lifetime import ASKING, Interrupted, Interrupter
from ..types import given

LINE_EVERY = 10.0
"""Seconds between lines where the error stream is no terminal."""


def progress_listener(stream: TextIO | None = None) -> Listener:
    """A listener for `EventLog` that shows a person how it goes, on the error stream unless told otherwise."""
    stream = stream or sys.stderr
    return _Bar(stream) if stream.isatty() else _Lines(stream)


def readable(seconds: float | None) -> str:
    """Seconds as people say them, or `?`."""
    return "?" if seconds is None or seconds != seconds else tqdm.format_interval(max(0, seconds))


def summary(event: Event) -> str | None:
    """An event as one line, or none where it is not for people."""
    if isinstance(event, StageEvent):
        which = "" if event.index is None else f" {event.index + 1} of {event.of}"
        return f"stage{which}: {event.name}"
    if isinstance(event, NoteEvent):
        return event.message
    if isinstance(event, WarningEvent):
        return f"warning: {event.message}"
    if isinstance(event, MetricsEvent):
        values = ", ".join(f"{name} {value:.3f}" for name, value in event.values.items() if name.count("/") == 1)
        return f"{event.network} after {event.step} steps: {values}"
    return None


def _named(event: ProgressEvent) -> str:
    """What is going on, as of `packaging` its part too."""
    return ": ".join(filter(None, (event.stage, event.part)))


class _Bar:
    """A tqdm bar over the whole job, from 0 to 100 percent."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[Any] | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, ProgressEvent):
            self._show(event)
        elif isinstance(event, FinishedEvent | FailedEvent | StoppedEvent):
            self._close()
        elif (line := summary(event)) is not None:
            tqdm.write(line, file=self._stream)

    def _show(self, event: ProgressEvent) -> None:
        if self._bar is None:
            self._bar = tqdm(total=100, file=self._stream, bar_format="{l_bar}{bar}| {postfix}")
        self._bar.set_description_str(_named(event))
        self._bar.set_postfix_str(f"{event.step}/{event.of}, {readable(event.eta_seconds)} left", refresh=False)
        self._bar.n = 100 * event.fraction
        self._bar.refresh()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class _Lines:
    """One line per stage, validation and warning, and progress every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = 0.0

    def __call__(self, event: Event) -> None:
        line = summary(event)
        if isinstance(event, ProgressEvent) and (event.part or time.monotonic() - self._told > LINE_EVERY):
            self._told = time.monotonic()
            left, what = readable(event.eta_seconds), _named(event) if event.part else "step"
            line = f"{100 * event.fraction:3.0f} %  {what} {event.step} of {event.of}, {left} left"
        if line is not None:
            print(line, file=self._stream, flush=True)


PACKAGING = "packaging"
"""The stage, in progress events, of all that is made of a trained network."""


class Steps:
    """Tells of each part when it begins; where a stop was asked for, it does not begin.

    Args:
        events: told.
        parts: what they are, for people, and how long each takes beside the others.
    """

    def __init__(self, events: EventLog | PartOfLog, parts: Iterable[tuple[str, float]]) -> None:
        self._events, self._parts = events, list(parts)
        self._done, self._begun = 0, time.monotonic()

    def begin(self, part: str) -> None:
        """Say that a part begins, and so that those before it are done.

        Args:
            part: one of them, in their order; some may be left out.

        Raises:
            Stopped: a stop was asked for.
        """
        from ..errors import Stopped

        if self._events.stop_requested():
            raise Stopped(f"It was stopped as asked, before: {part}.", "Start it again to go on.")
        names = [name for name, _ in self._parts]
        self._done = names.index(part)
        self._write(part, self._done + 1)

    def end(self) -> None:
        """Say that all is done."""
        self._done = len(self._parts)
        self._write(self._parts[-1][0], len(self._parts))

    def _write(self, part: str, step: int) -> None:
        seconds, done = time.monotonic() - self._begun, sum(weight for _, weight in self._parts[: self._done])
        whole = sum(weight for _, weight in self._parts)
        self._events.write(
            ProgressEvent(
                stage=PACKAGING,
                part=part,
                step=step,
                of=len(self._parts),
                eta_seconds=round(seconds * (whole - done) / done, 1) if done else None,
                fraction=round(done / whole, 4),
            )
        )


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
def stop_with_others(folder: Path, asked: threading.Event) -> Iterator[Callable[[], bool]]:
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
