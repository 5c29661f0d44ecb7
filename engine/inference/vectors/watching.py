"""Progress events and the stop file, for work that goes through a list of steps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ...errors import Stopped
from ...events import Log, ProgressEvent

PROGRESS_SECONDS = 0.5
Step = TypeVar("Step")


def watched(steps: Iterable[Step], count: int, stage: str, events: Log) -> Iterator[Step]:
    """The steps, one by one; before each the stop file is looked at, and after it progress is written.

    Args:
        steps: the work.
        count: how many there are.
        stage: what the events call it.
        events: where they go; a few a second at most, and one in the end.

    Raises:
        Stopped: someone put a stop file there.
    """
    started = told = time.monotonic()
    for done, step in enumerate(steps, start=1):
        if events.stop_requested():
            raise Stopped(f"Making {stage} was stopped at {(done - 1) / count:.0%}.")
        yield step
        now = time.monotonic()
        if now - told >= PROGRESS_SECONDS or done == count:
            told = now
            left = (now - started) / done * (count - done)
            events.write(ProgressEvent(stage=stage, step=done, of=count, fraction=done / count, eta_seconds=left))
