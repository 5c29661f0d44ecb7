"""One run in full: what it does, and its curves."""

from __future__ import annotations

import time
from typing import Callable

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...jobs.runs.curves import Chart, loss_charts, score_charts
from ...jobs.runs.history import Stage
from ...jobs.runs.state import RunState
from ...jobs.runs.words import device_text, message, stage_text, title, warning
from ...jobs.translation import tr
from ..widgets import FlowSplitter
from .chart import ChartView

SIDE_BY_SIDE_FROM = 640
"""Pixels of width at 96 dots an inch."""


class ChartPanel(QWidget):
    """A chart and the choice of which.

    Args:
        name: what it shows, for screen readers.
        charts: makes the charts of a run's stages.
    """

    def __init__(self, name: str, charts: Callable[[list[Stage]], list[Chart]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make = charts
        self._charts: list[Chart] = []
        self._choice = QComboBox()
        self._choice.setAccessibleName(tr("{name}: which").format(name=name))
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._choice.currentIndexChanged.connect(self._show_chosen)
        self._view = ChartView(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._choice)
        layout.addWidget(self._view, 1)

    def show_stages(self, stages: list[Stage]) -> None:
        """Draw a run's stages; the choice stays where the run has such a chart."""
        self._charts = self._make(stages)
        titles = [chart.title for chart in self._charts]
        if titles != [self._choice.itemText(index) for index in range(self._choice.count())]:
            chosen = self._choice.currentText()
            self._choice.blockSignals(True)
            self._choice.clear()
            self._choice.addItems(titles)
            self._choice.setCurrentIndex(titles.index(chosen) if chosen in titles else 0)
            self._choice.blockSignals(False)
        self._choice.setEnabled(bool(titles))
        self._show_chosen()

    def _show_chosen(self) -> None:
        index = self._choice.currentIndex()
        self._view.set_chart(self._charts[index] if 0 <= index < len(self._charts) else None)


class RunDetails(QWidget):
    """The selected run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: RunState | None = None
        self._place = 0
        self._title, self._message = _text(tr("Run and state")), _text(tr("What to know"))
        self._title.setTextFormat(Qt.TextFormat.RichText)
        self._rows = {name: _text(name) for name in (tr("Stage"), tr("Device"), tr("Note"), tr("Warning"))}
        self._form = QFormLayout()
        self._form.setVerticalSpacing(3)
        for name, label in self._rows.items():
            self._form.addRow(_caption(name), label)
        self._charts = FlowSplitter(SIDE_BY_SIDE_FROM)
        self._losses = ChartPanel(tr("Loss curves"), loss_charts)
        self._scores = ChartPanel(tr("Validation curves"), score_charts)
        self._charts.addWidget(self._losses)
        self._charts.addWidget(self._scores)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for item in (self._title, self._message):
            layout.addWidget(item)
        layout.addLayout(self._form)
        layout.addWidget(self._charts, 1)

    def show_run(self, state: RunState | None, place: int = 0) -> None:
        """Show a run; none leaves the last one's place empty."""
        self.setEnabled(state is not None)
        if state is None:
            return
        same = self._state is not None and self._state.history is state.history
        self._state, self._place = state, place
        self._title.setToolTip(str(state.folder))
        self._message.setText(message(state))
        self._message.setVisible(bool(message(state)))
        self._fill(tr("Stage"), stage_text(state))
        self._fill(tr("Device"), device_text(state))
        self._fill(tr("Note"), state.history.note)
        self._fill(tr("Warning"), warning(state))
        self.refresh_time()
        if not same:
            self._losses.show_stages(state.history.stages)
            self._scores.show_stages(state.history.stages)

    def refresh_time(self) -> None:
        """Count the time left down."""
        if self._state is not None:
            text = title(self._state, self._place, time.time())
            self._title.setText(f"<b>{_escaped(self._state.name)}</b> · {text}")

    def _fill(self, name: str, text: str) -> None:
        label = self._rows[name]
        if label.text() != text:
            label.setText(text)
        label.setVisible(bool(text))
        self._form.labelForField(label).setVisible(bool(text))


def _text(name: str) -> QLabel:
    label = QLabel()
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _caption(name: str) -> QLabel:
    label = QLabel(f"{name}:")
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    return label


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
