"""The list of runs: a table model, its order, and how it is drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPointF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    pyqtSignal,
)
from qgis.PyQt.QtGui import QBrush, QColor, QIcon, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ...jobs.runs.state import RunState, Status
from ...jobs.runs.words import message, status_text, time_left
from ...jobs.translation import tr

HEADERS = (tr("Run"), tr("State"), tr("Progress"), tr("Time left"))
RUN, STATE, PROGRESS, TIME_LEFT = range(4)
SORT_ROLE = int(Qt.ItemDataRole.UserRole)
STATE_ROLE = SORT_ROLE + 1

COLOURS = {
    Status.NEW: "#808a93",
    Status.WAITING: "#808a93",
    Status.COPYING: "#3b8ed0",
    Status.STARTING: "#3b8ed0",
    Status.RUNNING: "#3b8ed0",
    Status.PREDICTING: "#3b8ed0",
    Status.STOPPING: "#3b8ed0",
    Status.STOPPED: "#c09a1e",
    Status.KILLED: "#c09a1e",
    Status.FAILED: "#d9534f",
    Status.FINISHED: "#2fa58b",
}
ORDER = [
    Status.RUNNING,
    Status.PREDICTING,
    Status.STOPPING,
    Status.STARTING,
    Status.COPYING,
    Status.WAITING,
    Status.FAILED,
    Status.KILLED,
    Status.STOPPED,
    Status.NEW,
    Status.FINISHED,
]
"""What wants attention first."""


class RunsModel(QAbstractTableModel):
    """The runs as rows. Method names are Qt's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states: list[RunState] = []
        self._waiting: list[Path] = []
        self._dots = {status: _dot(colour) for status, colour in COLOURS.items()}

    def states(self) -> list[RunState]:
        """All runs."""
        return self._states

    def row_of(self, folder: Path) -> int | None:
        """A run's row; none where it is not known."""
        return next((row for row, state in enumerate(self._states) if state.folder == folder), None)

    def put(self, state: RunState) -> None:
        """Add a run, or show its new state."""
        row = self.row_of(state.folder)
        if row is None:
            self.beginInsertRows(QModelIndex(), len(self._states), len(self._states))
            self._states.append(state)
            self.endInsertRows()
        else:
            self._states[row] = state
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADERS) - 1))

    def remove(self, folder: Path) -> None:
        """Take a run away."""
        row = self.row_of(folder)
        if row is not None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._states[row]
            self.endRemoveRows()

    def set_waiting(self, waiting: list[Path]) -> None:
        """Say which runs wait, in their order."""
        if waiting == self._waiting:
            return
        touched, self._waiting = {*waiting, *self._waiting}, waiting
        for row, state in enumerate(self._states):
            if state.folder in touched:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADERS) - 1))

    def refresh_time(self) -> None:
        """Count the time left down."""
        for row, state in enumerate(self._states):
            if state.status in (Status.RUNNING, Status.PREDICTING, Status.COPYING):
                self.dataChanged.emit(self.index(row, TIME_LEFT), self.index(row, TIME_LEFT))

    def shown(self, state: RunState) -> RunState:
        """The state as a person sees it: what waits and does not work, is waiting."""
        waits = state.folder in self._waiting and not state.busy
        return replace(state, status=Status.WAITING) if waits else state

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: D102, B008
        return 0 if parent.isValid() else len(self._states)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: D102, B008
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        state = self.shown(self._states[index.row()])
        if role == STATE_ROLE:
            return state
        if role == SORT_ROLE:
            return self._sort_key(state, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(state, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{state.folder}\n{message(state)}"
        if role == Qt.ItemDataRole.DecorationRole and index.column() == STATE:
            return self._dots[state.status]
        return None

    def _text(self, state: RunState, column: int) -> str:
        if column == RUN:
            return state.name
        if column == STATE:
            return status_text(state, self._place(state.folder))
        if column == PROGRESS:
            return f"{100 * state.fraction:.0f} %"
        return time_left(state, time.time())

    def _sort_key(self, state: RunState, column: int) -> Any:
        if column == RUN:
            return state.name.lower()
        if column == STATE:
            began = state.history.started.get("time") or 0.0
            return ORDER.index(state.status) * 1e11 + (self._place(state.folder) or -began)
        if column == PROGRESS:
            return state.fraction
        return state.seconds_left(time.time()) or 0.0

    def _place(self, folder: Path) -> int:
        return self._waiting.index(folder) + 1 if folder in self._waiting else 0


class RunsTable(QTableView):
    """The list; one row is selected at a time."""

    deletePressed = pyqtSignal()

    def __init__(self, model: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(model)
        self._proxy.setSortRole(SORT_ROLE)
        self.setModel(self._proxy)
        self.setAccessibleName(tr("Runs"))
        self.setItemDelegateForColumn(PROGRESS, ProgressBars(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSortingEnabled(True)
        self.sortByColumn(STATE, Qt.SortOrder.AscendingOrder)
        self._set_up_headers()

    def selected(self) -> RunState | None:
        """The selected run."""
        index = self.currentIndex()
        return index.data(STATE_ROLE) if index.isValid() else None

    def select(self, row: int) -> None:
        """Select a run by its row in the model."""
        self.setCurrentIndex(self._proxy.mapFromSource(self._proxy.sourceModel().index(row, 0)))

    def sizeHint(self) -> QSize:
        """Room for all columns and a handful of runs."""
        return QSize(sum(self._widths.values()) + round(1.6 * self._name_width()), self._height(4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, names come before the time left, and that before the progress; the details tell both."""
        room = self.viewport().width() - self._name_width() - self.columnWidth(STATE)
        for column in (PROGRESS, TIME_LEFT):
            self.setColumnHidden(column, room < self._widths[column])
            room -= self._widths[column]
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        """The Delete key is the list's own; QGIS would delete features with it."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Delete:
            event.accept()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete asks to delete the selected run."""
        if event.key() == Qt.Key.Key_Delete:
            self.deletePressed.emit()
        else:
            super().keyPressEvent(event)

    def _name_width(self) -> int:
        return self.fontMetrics().averageCharWidth() * 11

    def _height(self, rows: int) -> int:
        header = self.horizontalHeader().sizeHint().height()
        return header + round((rows + 0.2) * self.verticalHeader().defaultSectionSize())

    def _set_up_headers(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(int(self.fontMetrics().height() * 1.7))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(RUN, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(20)
        self._widths = {column: self._width(column) for column in (STATE, PROGRESS, TIME_LEFT)}
        for column, width in self._widths.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        self.setMinimumHeight(self._height(3))

    def _width(self, column: int) -> int:
        """Room for the header with its arrow, and for the longest state with its dot."""
        states = [*(status.value for status in Status), tr("Waiting ({place})").format(place=10)]
        texts = [HEADERS[column], *(states if column == STATE else ())]
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self) + 1
        dot = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize, None, self) + 4 * margin
        room = self.fontMetrics().horizontalAdvance
        return max(map(room, texts)) + max(room("MM"), dot if column == STATE else 0)


class ProgressBars(QStyledItemDelegate):
    """Draws a progress bar in a cell, as the platform draws them."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """A bar for what is under way, nothing for what has not begun, a number for what is done."""
        state = index.data(STATE_ROLE)
        done = state.fraction >= 1 and not state.busy
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        cell.text = cell.text if done else ""
        cell.displayAlignment = Qt.AlignmentFlag.AlignCenter
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, option.widget)
        if not done and (state.fraction > 0 or state.busy):
            style.drawControl(QStyle.ControlElement.CE_ProgressBar, _bar(option, state), painter, option.widget)


def _bar(option: QStyleOptionViewItem, state: RunState) -> QStyleOptionProgressBar:
    bar = QStyleOptionProgressBar()
    bar.rect = option.rect.adjusted(4, 3, -4, -3)
    bar.state = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Horizontal
    bar.palette, bar.fontMetrics, bar.direction = option.palette, option.fontMetrics, option.direction
    bar.minimum, bar.maximum, bar.progress = 0, 100, round(100 * state.fraction)
    bar.text, bar.textVisible = f"{100 * state.fraction:.0f} %", True
    bar.textAlignment = Qt.AlignmentFlag.AlignCenter
    return bar


def _dot(colour: str) -> QIcon:
    icon = QIcon(_disc(colour, colour))
    icon.addPixmap(_disc(colour, "white"), QIcon.Mode.Selected)  # seen on a selected row of the same colour
    return icon


def _disc(colour: str, rim: str) -> QPixmap:
    side = 32  # drawn large, so that it stays round on high resolution screens
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(rim), side * 0.09))
    painter.setBrush(QBrush(QColor(colour)))
    painter.drawEllipse(QPointF(side / 2, side / 2), side * 0.3, side * 0.3)
    painter.end()
    return pixmap
