"""How long QGIS's event loop stands still."""

import time
from pathlib import Path

from qgis.PyQt.QtCore import Qt, QTimer

STALL_SECONDS = 0.1
"""Longer ones people notice."""


class Probe:
    """The longest time between two turns of the event loop, less what other programs took of the processor."""

    def __init__(self):
        self.longest, self.longest_with_others = 0.0, 0.0
        self._last, self._queued = time.perf_counter(), queued()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.turn)
        self._timer.start(2)

    def turn(self):
        """One more, now."""
        now, waited = time.perf_counter(), queued()
        gap = now - self._last
        self.longest_with_others = max(self.longest_with_others, gap)
        self.longest = max(self.longest, gap - (waited - self._queued))
        self._last, self._queued = now, waited


def queued():
    """Seconds that this process's threads were ready to run while other programs had the processor."""
    delays = [task.read_text().split()[1] for task in Path("/proc/self/task").glob("*/schedstat")]
    return sum(map(int, delays)) / 1e9
