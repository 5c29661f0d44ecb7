"""Ranges and ticks of a chart's axes, and the way from values to pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from qgis.PyQt.QtCore import QPointF, QRectF

from ...jobs.runs.curves import Chart, Points

ROBUST = 0.98
"""Share of the losses that is sure to be in view; the first few may be far above."""

SETTLED = 3
"""Points of a stage after which its smoothed loss is sure to be in view."""

STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Frame:
    """Where the plot lies and which values it spans.

    Args:
        area: in pixels.
        right: largest step.
        low: smallest value.
        high: largest value.
    """

    area: QRectF
    right: float
    low: float
    high: float

    def point(self, step: float, value: float) -> QPointF:
        """A value's place, kept inside the plot."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return QPointF(self.x(step), self.area.bottom() - share * self.area.height())

    def x(self, step: float) -> float:
        """A step's place."""
        return self.area.left() + step / self.right * self.area.width()

    def step(self, x: float) -> float:
        """The step at a place."""
        return (x - self.area.left()) / max(1.0, self.area.width()) * self.right


def value_range(chart: Chart) -> tuple[float, float]:
    """The values to show: scores from 0 to 1 or less, losses from 0 to nearly the largest."""
    pieces = [piece for series in chart.series for piece in series.pieces]
    values = sorted(value for piece in pieces for _, value in piece)
    if not values:
        return 0.0, 1.0
    later = [value for piece in pieces for _, value in smooth(piece)[SETTLED:]]
    largest = values[-1] if chart.is_score else max([values[round(ROBUST * (len(values) - 1))], *later])
    low, high = min(0.0, values[0]), max(largest * 1.05, values[0] + 1e-6)
    if not chart.is_score:
        return low, high
    ceiling = max(ticks(low, high)) + tick_step(low, high)
    return low, min(1.0, ceiling) if high <= 1.05 else high


def tick_step(low: float, high: float, most: int = 5) -> float:
    """A round distance between ticks that gives at most so many of them."""
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    return next(step * power for step in STEPS if step * power >= rough * 0.999)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values from `low` to `high`."""
    step = tick_step(low, high, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def smooth(points: Points, weight: float = 0.12) -> Points:
    """An exponential moving average over the points; the first ones average over what there is."""
    return list(_averages(points, weight))


def _averages(points: Points, weight: float) -> Iterator[tuple[float, float]]:
    mean = 0.0
    for count, (step, value) in enumerate(points, start=1):
        mean += max(weight, 1 / count) * (value - mean)
        yield step, mean
