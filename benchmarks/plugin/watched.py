"""The session of `docs/screenshots/walk.py`, with a watch on QGIS's event loop; played inside QGIS by `stalls.py`."""

from __future__ import annotations

import faulthandler
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from desktop.clock import own_time
from desktop.hands import Steps
from qgis.PyQt.QtCore import Qt, QTimer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "screenshots"))

from walk import Walk

INTERVAL_MILLISECONDS = 5
TRACE_SECONDS = 0.08


def watched(values: dict[str, Any]) -> Steps:
    """The whole session; returns the gaps by phase."""
    walk = WatchedWalk(values)
    yield from walk.all()
    return {"gaps": walk.probe.gaps}


class Probe:
    """Notes how long each turn of the event loop takes: without and with what other programs took, in milliseconds.

    Args:
        trace: a file for what the main thread does in a turn that takes long; empty for none.
    """

    def __init__(self, trace: str) -> None:
        self.gaps: dict[str, list[tuple[float, float]]] = {}
        self._phase = ""
        self._trace: TextIO | None = Path(trace).open("w") if trace else None  # noqa: SIM115
        self._last, self._last_own = time.perf_counter(), own_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._turn)
        self._timer.start(INTERVAL_MILLISECONDS)

    def begin(self, phase: str) -> None:
        """Count what follows under a name."""
        self._phase = phase
        if self._trace:
            self._trace.write(f"\n== {phase}\n")
            self._trace.flush()

    def _turn(self) -> None:
        now, own = time.perf_counter(), own_time()
        if self._phase:
            gap = (1000 * max(0.0, own - self._last_own), 1000 * (now - self._last))
            self.gaps.setdefault(self._phase, []).append(gap)
        self._last, self._last_own = now, own
        if self._trace:
            faulthandler.dump_traceback_later(TRACE_SECONDS, file=self._trace)


class WatchedWalk(Walk):
    """A session that tells the probe what is going on."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.probe = Probe(values["trace"])

    def phase(self, name: str) -> None:
        """Begin a new row."""
        self.probe.begin(name)

    def picture(self, *arguments: Any, **options: Any) -> Steps:
        """None: taking one would hold the window up."""
        yield 0.2
