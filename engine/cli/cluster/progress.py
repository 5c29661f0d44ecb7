"""How far a prediction of several rasters is that several workers are at."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...events import EventLog, ProgressEvent
from ...inference.parts import PROGRESS_SECONDS
from ...inference.predict import WINDOWS_SHARE

if TYPE_CHECKING:
    from ...inference.archive import Item
    from ...inference.opened import Plan


class Progress:
    """Writes `progress` events: windows of all rasters that were looked at so far, and the share of the whole job.

    Args:
        events: get them.
        items: of the job.
    """

    def __init__(self, events: EventLog, items: Sequence[Item]) -> None:
        self._events, self._items = events, items
        self._before: dict[int, int] = {}
        """Windows of an item that were finished when it was looked at."""
        self._done: dict[int, dict[int, int]] = defaultdict(dict)
        """Windows of an item's stretches that were done since, each at most as many as it has."""
        self._of: dict[int, int] = {}
        self._megapixels: dict[int, float] = {}
        self._ended: set[int] = set()
        self._last = 0
        self._told = self._started = time.monotonic()
        self._share_before = 0.0

    @property
    def fraction(self) -> float:
        """Of the whole job."""
        parts = sum(WINDOWS_SHARE * self._windows(index) / self._of[index] for index in set(self._of) - self._ended)
        return (parts + len(self._ended)) / len(self._items)

    def already(self, items: set[int]) -> None:
        """Items that an earlier start has done."""
        self._ended |= items
        self._started, self._share_before = time.monotonic(), len(self._ended) / len(self._items)

    def planned(self, index: int, plan: Plan) -> None:
        """An item was looked at."""
        self._of[index], self._megapixels[index] = len(plan.windows), plan.megapixels
        self._before[index] = len(plan.finished) * plan.windows.columns
        self._share_before += WINDOWS_SHARE * self._before[index] / self._of[index] / len(self._items)

    def stretch(self, index: int, first: int, windows: int) -> None:
        """So many windows of a stretch are done."""
        self._done[index][first] = windows
        self._last = index
        self.write()

    def finished(self, index: int) -> None:
        """Nothing more is done about an item."""
        self._ended.add(index)
        self._last = index
        self.write(at_once=True)

    def write(self, at_once: bool = False) -> None:
        """Tell it, a few times a second at most."""
        now = time.monotonic()
        if not self._of or (now - self._told < PROGRESS_SECONDS and not at_once):
            return
        self._told = now
        seconds = max(now - self._started, 1e-6)
        done = sum(self._of[i] if i in self._ended else self._windows(i) for i in self._of)
        rate = (done - sum(self._before.values())) / seconds
        of, share = sum(self._of.values()), self.fraction
        gained = share - self._share_before
        self._events.write(
            ProgressEvent(
                stage="predict",
                raster=self._items[self._last].name,
                step=done,
                of=of,
                samples_per_second=round(rate, 2),
                megapixels_per_second=round(rate / of * sum(self._megapixels.values()), 3),
                eta_seconds=round((1 - share) * seconds / gained, 1) if gained > 0 else None,
                fraction=round(share, 4),
            )
        )

    def _windows(self, index: int) -> int:
        return min(self._of[index], self._before[index] + sum(self._done[index].values()))
