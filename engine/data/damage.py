"""What of a raster cannot be read, because its file is damaged: counted, and said in one sentence."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from .grid import Grid, Window

_PLACES = 3
_COUNTING = threading.Lock()
"""Several threads read copies of a reader, which count together."""


@dataclass
class Damage:
    """Windows that could not be read and count as no data.

    Args:
        windows: how many.
        places: the centres of the first ones in CRS coordinates.
        reason: what GDAL said of the first.
    """

    windows: int = 0
    places: list[tuple[float, float]] = field(default_factory=list)
    reason: str = ""

    def add(self, window: Window, grid: Grid, reason: str) -> None:
        """Count a window, from any thread."""
        x, y = grid.to_crs(window.column + window.width / 2, window.row + window.height / 2)
        with _COUNTING:
            self.windows += 1
            self.reason = self.reason or reason
            if len(self.places) < _PLACES:
                self.places.append((float(x), float(y)))

    def joined(self, other: Damage) -> Damage:
        """What two processes have counted."""
        return Damage(self.windows + other.windows, (self.places + other.places)[:_PLACES], self.reason or other.reason)

    def sentence(self, path: str) -> str:
        """What, how much and where."""
        what = "1 window" if self.windows == 1 else f"{self.windows} windows"
        digits = 6 if max(map(abs, self.places[0])) <= 180 else 1
        places = "; ".join(f"{x:.{digits}f}, {y:.{digits}f}" for x, y in self.places)
        return (
            f"{path} is damaged: {what} cannot be read and count{'s' if self.windows == 1 else ''} as no data, around "
            f"{places}{' and elsewhere' if self.windows > len(self.places) else ''} ({self.reason.rstrip('.')})."
        )
