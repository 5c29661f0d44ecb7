"""How long QGIS's event loop stands still."""

import time
from contextlib import suppress
from pathlib import Path

from qgis.PyQt.QtCore import Qt, QTimer

STALL_SECONDS = 0.1
"""Longer ones people notice."""


class Probe:
    """The longest time between two turns of the event loop, less what other programs took of the processor.

    `busiest` is the most that the main thread worked from one turn to the next: it is the same on a busy machine.
    """

    def __init__(self):
        self.longest, self.longest_with_others, self.busiest = 0.0, 0.0, 0.0
        self._last, self._queued, self._worked = time.perf_counter(), queued(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.turn)
        self._timer.start(2)

    def turn(self):
        """One more, now."""
        now, delays, worked = time.perf_counter(), queued(), time.thread_time()
        self.busiest = max(self.busiest, worked - self._worked)
        gap = now - self._last
        self.longest_with_others = max(self.longest_with_others, gap)
        self.longest = max(self.longest, gap - waited(self._queued, delays))
        self._last, self._queued, self._worked = now, delays, time.thread_time()


def queued():
    """Seconds that each of this process's threads was ready to run while other programs had the processor, so far."""
    delays = {}
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it has just ended
            delays[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return delays


def waited(before, now):
    """How much longer that is now; what a thread waited that has ended meanwhile is not known."""
    return sum(seconds - before.get(task, 0.0) for task, seconds in now.items())
