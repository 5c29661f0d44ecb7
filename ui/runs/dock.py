"""The runs dock, live: what it shows of runs it reads from their folders, so it may come and go at any time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

from qgis.core import Qgis
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QPoint, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...jobs.errors import GeoDistilError
from ...jobs.package_registry import looks_like_package
from ...jobs.runs import files
from ...jobs.runs.history import Chart, Stage, loss_charts, score_charts
from ...jobs.runs.state import RunState, Status
from ...jobs.runs.tracker import Gone, Watcher
from ...jobs.runs.waiting import WaitingList, list_folder
from ...jobs.runs.words import device_text, message, stage_text, title, warning
from ...jobs.servers.following import Followers
from ...jobs.translation import tr
from ..messages import tell
from ..model_widget import PackageDrops
from ..widgets import FlowSplitter
from .actions import GENERAL, Actions
from .chart import ChartView
from .commands import Commands, DockCalls, OpenAlgorithm
from .table import RunsModel, RunsTable

RUN_SIDE_BY_SIDE_FROM = 640
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
        self._charts = FlowSplitter(RUN_SIDE_BY_SIDE_FROM)
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


TICK_MILLISECONDS = 250
TICK_SECONDS = 0.004
"""Most that one tick takes in; what is left waits for the next."""

SLOW_EVERY = 8
"""Ticks between two looks at settings and waiting list."""

DOCK_SIDE_BY_SIDE_FROM = 800
"""Pixels of width, at 96 dots an inch, from which the details stand beside the list."""

LEVELS = {
    Status.FINISHED: Qgis.MessageLevel.Success,
    Status.FAILED: Qgis.MessageLevel.Warning,
    Status.KILLED: Qgis.MessageLevel.Warning,
}
"""Endings that a person is told of."""


class RunsDock(QgsDockWidget):
    """The dock.

    Args:
        iface: QGIS's interface, for its message bar.
        open_algorithm: opens an algorithm's dialog with parameters filled in.
        watcher: watches the runs; none makes one.
    """

    def __init__(self, iface: Any, open_algorithm: OpenAlgorithm, watcher: Watcher | None = None) -> None:
        super().__init__(tr("GeoDistil runs"), iface.mainWindow())
        self.setObjectName("GeoDistilRuns")
        self._iface, self._watcher, self._waiting = iface, watcher or Watcher(), WaitingList(list_folder())
        calls = DockCalls(self._tell, open_algorithm, self._open_template, self._look_again)
        self._commands = Commands(self, self._waiting, calls)
        self._followers = Followers()
        self._drops = PackageDrops(iface, open_algorithm)
        self.setAcceptDrops(True)
        self._model = RunsModel(self)
        self._table, self._details = RunsTable(self._model), RunDetails()
        self._actions = Actions(self, self._do)
        self._pages = QStackedWidget()
        self._lay_out()
        self._table.selectionModel().currentRowChanged.connect(lambda *_: self._show_selected())
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._open_menu)
        self._table.deletePressed.connect(self._actions["delete"].trigger)
        self._table.doubleClicked.connect(lambda _: self._actions["folder"].trigger())
        self._show_selected()
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin to watch and to start what waits."""
        self._look()
        self._watcher.start()
        self._timer.start(TICK_MILLISECONDS)

    def stop(self) -> None:
        """Watch no longer; the runs go on."""
        self._timer.stop()
        self._followers.leave()
        self._watcher.stop()

    def sizeHint(self) -> QSize:
        """Room for the list's columns and two charts."""
        return QSize(440, 660) * self.logicalDpiX() / 96

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Model packages are welcome."""
        if any(looks_like_package(file) for file in _files(event)):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Register the packages among what is dropped."""
        taken = [self._drops.handleFileDrop(file) for file in _files(event)]
        if any(taken):
            event.acceptProposedAction()

    # what is seen

    def _lay_out(self) -> None:
        runs = FlowSplitter(DOCK_SIDE_BY_SIDE_FROM, keeps_first=True)
        runs.addWidget(self._table)
        runs.addWidget(_scrolled(self._details))
        runs.setStretchFactor(0, 0)
        runs.setStretchFactor(1, 1)
        self._pages.addWidget(self._empty_page())
        self._pages.addWidget(runs)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(6, 2, 6, 6)
        layout.addWidget(self._actions.bar())
        layout.addWidget(self._pages, 1)
        self.setWidget(body)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        text = QLabel(
            tr(
                "There are no runs yet. Train a network with Plugins > GeoDistil > Train a model…, or show where runs "
                "are."
            )
        )
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = QHBoxLayout()
        buttons.addStretch()
        for entry in reversed(GENERAL):
            button = QPushButton(self._actions[entry.name].icon(), entry.text)
            button.clicked.connect(self._actions[entry.name].trigger)
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(page)
        layout.addStretch()
        layout.addWidget(text)
        layout.addLayout(buttons)
        layout.addStretch()
        return page

    def _show_selected(self) -> None:
        state = self._table.selected()
        waiting = self._waiting_place(state)
        self._actions.show_state(state)
        self._details.show_run(state, waiting)
        self._pages.setCurrentIndex(1 if self._model.states() else 0)

    def _waiting_place(self, state: RunState | None) -> int:
        waiting = self._waiting.runs()
        return waiting.index(state.folder) + 1 if state is not None and state.folder in waiting else 0

    def _open_menu(self, place: QPoint) -> None:
        self._actions.menu(self).popup(self._table.viewport().mapToGlobal(place))

    # what is done

    def _do(self, name: str) -> None:
        general = name in {entry.name for entry in GENERAL}
        state = None if general else self._table.selected()
        if general or state is not None:
            self._commands.do(name, state)
            self._look()
            self._show_selected()

    def _tell(self, sentence: str, level: Qgis.MessageLevel, details: str = "") -> None:
        tell(self._iface, sentence, level, details)

    # what goes on

    def _tick(self) -> None:
        self._take_changes()
        if self._ticks % SLOW_EVERY == 0:
            self._look()
        if self._ticks % 4 == 0 and self.isVisible():
            self._model.refresh_time()
            self._details.refresh_time()
        self._ticks += 1

    def _take_changes(self) -> None:
        """Take in what the watcher saw, for a few milliseconds at most."""
        changes, until = self._watcher.changes(), time.perf_counter() + TICK_SECONDS
        selected, touched = self._table.selected(), False
        while changes and time.perf_counter() < until:
            change = changes.popleft()
            touched |= selected is None or selected.folder == change.folder
            if isinstance(change, Gone):
                self._model.remove(change.folder)
            else:
                self._take(change)
        if touched:
            self._select_something()
            self._show_selected()

    def _take(self, state: RunState) -> None:
        row = self._model.row_of(state.folder)
        before = self._model.states()[row] if row is not None else None
        self._model.put(state)
        if before is not None and before.busy and state.status in LEVELS:
            level = LEVELS[state.status] if state.predicted else Qgis.MessageLevel.Warning
            self._tell(f"{state.name}: {state.status.value}. {message(state)}", level)
            if state.server is not None and state.status is Status.FINISHED and not state.predicted:
                self._commands.do("start", state)  # a server trains; what is to be predicted lies here

    def _select_something(self) -> None:
        if self._table.selected() is None and self._model.states():
            self._table.selectRow(0)

    def _look(self) -> None:
        """Settings, servers and waiting list."""
        if self._followers.keep():
            self._watcher.hurry()
        self._watch()
        try:
            self._commands.keep_asking(self._model.states())
            self._commands.start_next(self._model.states(), self._watcher.deleted)
        except GeoDistilError as error:
            self._commands.fail(error)
        self._model.set_waiting(self._waiting.runs())

    def _open_template(self, run: Path) -> None:
        """Open the wizard, filled in as it was for a run."""
        from ..opening import open_training

        open_training(self._iface, run, lambda: self.setUserVisible(True))

    def _look_again(self) -> None:
        self._watch()
        self._watcher.hurry()

    def _watch(self) -> None:
        self._watcher.watch(files.run_folders(), [*files.known_runs(), *files.followed_runs(), *self._waiting.runs()])


def _files(event: QDropEvent) -> list[str]:
    """The local files and folders that are dragged."""
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


def _scrolled(widget: QWidget) -> QScrollArea:
    """The widget as wide as there is room, and scrolled where the screen is too low for it."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
