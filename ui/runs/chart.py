"""A small line chart, drawn with QPainter: axes, stages, lines, and a legend that tells values at the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from qgis.PyQt.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from ...jobs.progress import spoken
from ...jobs.runs.history import Chart, Points, Series, number
from ...jobs.translation import tr

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


COLOURS = ("#3b8ed0", "#e6773a", "#2fa58b", "#b565c9", "#c09a1e", "#d9534f", "#7a8b99", "#5b6ee1")
"""Readable on light and dark ground; line styles tell apart those that share a colour."""

STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
SMOOTHED_FROM = 30
"""Points from which a loss is drawn smoothed over its faint raw line."""

GAP = 6.0
DOT = 2.5
SWATCH = 18
LEAST_LINES = 3
"""Least height of the plot itself, in lines of text."""


class ChartView(QWidget):
    """Shows one chart; mouse and arrow keys move a cursor along the steps.

    Args:
        name: what a screen reader calls it.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chart: Chart | None = None
        self._cursor: float | None = None
        self._frame: Frame | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumWidth(180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """As low as can be read; it grows where there is room, and nothing scrolls before that."""
        return QSize(320, self.minimumHeight())

    def set_chart(self, chart: Chart | None) -> None:
        """Show a chart, or none."""
        self._chart = chart
        self.setAccessibleDescription(chart.summary() if chart else tr("No values yet"))
        self._make_room()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrower chart needs more lines for its legend."""
        self._make_room()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw everything anew; there are a few hundred points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        if self._chart is None:
            painter.setPen(self._faint(150))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("No values yet"))
        else:
            self._paint_chart(painter, self._chart)
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The cursor follows the mouse."""
        if self._frame is not None:
            self._set_cursor(self._frame.step(event.pos().x()))

    def leaveEvent(self, event: QEvent) -> None:
        """The legend tells the newest values again."""
        self._cursor = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the cursor from point to point, Escape takes it away."""
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if move is not None and self._chart is not None:
            self._move_cursor(move)
        elif event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self._cursor = None
            self.update()
        else:
            super().keyPressEvent(event)

    def _make_room(self) -> None:
        metrics = QFontMetricsF(self.font())
        lines = self._legend_places(metrics)[1] + 2 * metrics.height() + 3 * GAP
        self.setMinimumHeight(round(lines + LEAST_LINES * metrics.height()))

    def _set_cursor(self, step: float) -> None:
        steps = self._steps()
        self._cursor = min(steps, key=lambda each: abs(each - step)) if steps else None
        self.update()

    def _move_cursor(self, move: int) -> None:
        steps = self._steps()
        if not steps:
            return
        here = steps.index(self._cursor) if self._cursor in steps else len(steps) - (move > 0)
        self._cursor = steps[min(max(here + move, 0), len(steps) - 1)]
        self.setAccessibleDescription(
            tr("Step {cursor:.0f}, {names}").format(
                cursor=self._cursor, names=", ".join(map(self._legend_text, self._series()))
            )
        )
        self.update()

    def _series(self) -> list[Series]:
        return self._chart.series if self._chart else []

    def _steps(self) -> list[float]:
        return sorted({step for series in self._series() for piece in series.pieces for step, _ in piece})

    # painting

    def _paint_chart(self, painter: QPainter, chart: Chart) -> None:
        metrics = QFontMetricsF(self.font())
        low, high = value_range(chart)
        places, legend_height = self._legend_places(metrics)
        top, bottom = GAP + metrics.height(), self.height() - legend_height - metrics.height() - 1.5 * GAP
        marks = ticks(low, high, max(2, min(5, int((bottom - top) / (1.6 * metrics.height())))))
        left = max(metrics.horizontalAdvance(f"{mark:g}") for mark in marks) + 2 * GAP
        right = self.width() - metrics.horizontalAdvance(f"{chart.end:.0f}") / 2 - GAP
        area = QRectF(QPointF(left, top), QPointF(right, bottom))
        self._frame = frame = Frame(area, max(chart.end, 1.0), low, high)
        self._paint_axes(painter, frame, marks, metrics)
        self._paint_stages(painter, frame, chart, metrics)
        for index, series in enumerate(chart.series):
            self._paint_series(painter, frame, series, index, chart.is_score)
        self._paint_cursor(painter, frame)
        self._paint_legend(painter, places, metrics, area.bottom() + metrics.height() + GAP)

    def _paint_axes(self, painter: QPainter, frame: Frame, marks: list[float], metrics: QFontMetricsF) -> None:
        beside, below = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignHCenter
        for mark in marks:
            y = frame.point(0, mark).y()
            painter.setPen(QPen(self._faint(45), 1))
            painter.drawLine(QPointF(frame.area.left(), y), QPointF(frame.area.right(), y))
            painter.setPen(self._faint(190))
            box = QRectF(0, y - metrics.height() / 2, frame.area.left() - GAP, metrics.height())
            painter.drawText(box, int(beside), f"{mark:g}")
        most = max(1, int(frame.area.width() / metrics.horizontalAdvance("000000")))
        for mark in ticks(0, frame.right, min(most, 6)):
            box = QRectF(frame.x(mark) - 40, frame.area.bottom() + 2, 80, metrics.height())
            painter.drawText(box, int(below), f"{mark:.0f}")

    def _paint_stages(self, painter: QPainter, frame: Frame, chart: Chart, metrics: QFontMetricsF) -> None:
        ends = [start for start, _ in chart.stages[1:]] + [chart.end]
        for (start, name), end in zip(chart.stages, ends):
            x, width = frame.x(start), frame.x(end) - frame.x(start)
            if start:
                painter.setPen(QPen(self._faint(120), 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(x, frame.area.top() - metrics.height()), QPointF(x, frame.area.bottom()))
            text = metrics.elidedText(spoken(name), Qt.TextElideMode.ElideRight, width - GAP)
            if len(chart.stages) > 1 and len(text) > 2:
                painter.setPen(self._faint(150))
                painter.drawText(QPointF(x + GAP / 2, frame.area.top() - metrics.descent() - 1), text)

    def _paint_series(self, painter: QPainter, frame: Frame, series: Series, index: int, dots: bool) -> None:
        for piece in series.pieces:
            smoothed = not dots and len(piece) >= SMOOTHED_FROM
            if smoothed:
                painter.setPen(_pen(index, 1.0, 70))
                painter.drawPolyline(_polygon(frame, piece))
            painter.setPen(_pen(index, 1.8))
            painter.drawPolyline(_polygon(frame, smooth(piece) if smoothed else piece))
            if dots or len(piece) == 1:
                painter.setBrush(_colour(index))
                for step, value in piece:
                    painter.drawEllipse(frame.point(step, value), DOT, DOT)

    def _paint_cursor(self, painter: QPainter, frame: Frame) -> None:
        if self._cursor is None:
            return
        painter.setPen(QPen(self._faint(200), 1))
        x = frame.x(self._cursor)
        painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, frame.area.bottom()))

    # legend

    def _legend_text(self, series: Series) -> str:
        value = series.last if self._cursor is None else _value_at(series, self._cursor)
        return f"{series.name} {number(value)}" if value is not None else series.name

    def _legend_places(self, metrics: QFontMetricsF) -> tuple[list[QPointF], float]:
        """Where each entry goes, in lines as wide as the chart, and their height."""
        places, x, y = [], GAP, 0.0
        for series in self._series():
            # Room for the widest value, so that entries do not jump under a moving cursor.
            width = metrics.horizontalAdvance(f"{series.name} 0.000") + SWATCH + 2 * GAP
            if x > GAP and x + width > self.width():
                x, y = GAP, y + metrics.height()
            places.append(QPointF(x, y))
            x += width
        return places, y + metrics.height()

    def _paint_legend(self, painter: QPainter, places: list[QPointF], metrics: QFontMetricsF, top: float) -> None:
        for index, (series, place) in enumerate(zip(self._series(), places)):
            x, middle = place.x(), top + place.y() + metrics.height() / 2
            painter.setPen(_pen(index, 2.4))
            painter.drawLine(QPointF(x, middle), QPointF(x + SWATCH - 4, middle))
            painter.setPen(self.palette().color(QPalette.ColorRole.Text))
            room = self.width() - x - SWATCH - GAP
            text = metrics.elidedText(self._legend_text(series), Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QPointF(x + SWATCH, middle + metrics.ascent() / 2 - 1), text)

    def _faint(self, alpha: int) -> QColor:
        colour = QColor(self.palette().color(QPalette.ColorRole.Text))
        colour.setAlpha(alpha)
        return colour


def _colour(index: int, alpha: int = 255) -> QColor:
    colour = QColor(COLOURS[index % len(COLOURS)])
    colour.setAlpha(alpha)
    return colour


def _pen(index: int, width: float, alpha: int = 255) -> QPen:
    return QPen(_colour(index, alpha), width, STYLES[index // len(COLOURS) % len(STYLES)])


def _polygon(frame: Frame, points: Points) -> QPolygonF:
    return QPolygonF([frame.point(step, value) for step, value in points])


def _value_at(series: Series, step: float) -> float | None:
    """The value at the nearest point of the stage that the step is in; none where the line was not drawn then."""
    for piece in series.pieces:
        if piece[0][0] <= step <= piece[-1][0]:
            return min(piece, key=lambda point: abs(point[0] - step))[1]
    return None
