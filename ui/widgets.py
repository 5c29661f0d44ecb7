"""Small widgets that windows share: folding groups, progress in a row, tables of forms, icons, buttons, splitters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QResizeEvent
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTableWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..jobs.environment import ROOT
from ..jobs.translation import tr
from .wizard.words import Hint


class FoldingBox(QgsCollapsibleGroupBox):
    """QGIS's own, whose arrow says to screen readers what it folds."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        for arrow in self.findChildren(QToolButton):
            arrow.setAccessibleName(title)


class ProgressRow(QWidget):
    """A bar with what is being done, and a button that cancels it; unseen while nothing is done."""

    cancelled = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.bar, self.text = QProgressBar(), Hint()
        self.bar.setTextVisible(False)
        self.button = QPushButton(tr("Cancel"))
        self.button.clicked.connect(self.cancelled)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(row)
        lines.addWidget(self.text)
        self.hide()

    def tell(self, percent: float, text: str) -> None:
        """Show how far it is; 0 percent for what nobody knows."""
        self.bar.setRange(0, 100 if percent else 0)
        self.bar.setValue(round(percent))
        self.text.say(text)
        self.show()


def table(headers: Sequence[str], name: str, stretched: int) -> QTableWidget:
    """An empty table.

    Args:
        headers: words over the columns.
        name: what a screen reader calls it.
        stretched: the column that takes what room is left; the others are as wide as what they hold.
    """
    widget = QTableWidget(0, len(headers))
    widget.setHorizontalHeaderLabels(headers)
    widget.setAccessibleName(name)
    widget.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    widget.setTabKeyNavigation(False)
    widget.verticalHeader().hide()
    header = widget.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    header.setMinimumSectionSize(header.sectionSizeHint(stretched))  # or others would squeeze it to nothing
    return widget


def keep_width(widget: QTableWidget, column: int, letters: int) -> None:
    """Give a column a width of its own: as many times the height of a line."""
    header = widget.horizontalHeader()
    header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
    header.resizeSection(column, letters * widget.fontMetrics().height())


def icon(name: str) -> QIcon:
    """An icon by its file's name without ending."""
    return QIcon(str(ROOT / "resources" / "icons" / f"{name}.svg"))


def button(text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
    """A button with a tooltip, which Enter in another field does not press."""
    widget = QPushButton(text)
    widget.setToolTip(tip)
    widget.setAutoDefault(False)
    widget.clicked.connect(lambda _=False: slot())
    return widget


class FlowSplitter(QSplitter):
    """See the module.

    Args:
        wide_from: width from which it counts as wide, in pixels at 96 dots an inch.
        keeps_first: whether the first of two parts gets what it asks for and the second the rest; else they are equal.
    """

    def __init__(self, wide_from: int, keeps_first: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._wide_from, self._keeps_first = wide_from, keeps_first
        self.setChildrenCollapsible(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn where the width crosses the limit."""
        wide = self.width() >= self._wide_from * self.logicalDpiX() / 96
        orientation = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.orientation() != orientation:
            self.setOrientation(orientation)
            self._share(self.width() if wide else self.height())
        super().resizeEvent(event)

    def _share(self, length: int) -> None:
        hint = self.widget(0).sizeHint()
        wanted = hint.width() if self.orientation() == Qt.Orientation.Horizontal else hint.height()
        first = wanted if self._keeps_first else length // 2
        self.setSizes([first, length - first])
