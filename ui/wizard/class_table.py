"""One class list: which classes are learned, their colours and names, merged and taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from ...jobs.sources.class_lists import Found, merged, parted
from ...jobs.sources.draft import ClassDraft
from ...jobs.translation import local, tr
from ..tables import keep_width, table
from .words import Problem

LEARN, COLOR, NAME, VALUES, COUNT = range(5)


class ClassTable(QGroupBox):
    """Edits the classes of one role."""

    changed = pyqtSignal()

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._classes: list[ClassDraft] = []
        self._found: dict[str, Found] = {}
        self.table = self._make_table()
        self.merge_button = QPushButton(tr("Merge"))
        self.merge_button.setToolTip(tr("Make the selected classes one"))
        self.part_button = QPushButton(tr("Take apart"))
        self.part_button.setToolTip(tr("Make a class of each value again"))
        self.problem = Problem()
        buttons = QHBoxLayout()
        buttons.addWidget(self.merge_button)
        buttons.addWidget(self.part_button)
        buttons.addStretch()
        lines = QVBoxLayout(self)
        lines.addWidget(self.table, 1)
        lines.addWidget(self.problem)
        lines.addLayout(buttons)
        self.table.itemChanged.connect(self._take)
        self.table.itemSelectionChanged.connect(self._update_buttons)
        self.merge_button.clicked.connect(self._merge)
        self.part_button.clicked.connect(self._part)

    def show_classes(self, classes: list[ClassDraft], found: dict[str, Found]) -> None:
        """Show a class list; it is changed in place.

        Args:
            classes: the list.
            found: what is known of each label value.
        """
        self._classes, self._found = classes, found
        self.table.blockSignals(True)
        self.table.setRowCount(len(classes))
        for row, each in enumerate(classes):
            self._fill_row(row, each)
        self.table.blockSignals(False)
        self._update_buttons()

    def _make_table(self) -> QTableWidget:
        names = (tr("Learn"), "", tr("Name"), tr("Values"), tr("Labels"))
        made = table(names, self.title(), stretched=NAME)
        keep_width(made, COLOR, 3)
        return made

    def _fill_row(self, row: int, each: ClassDraft) -> None:
        learn = QTableWidgetItem()
        learn.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        learn.setCheckState(Qt.CheckState.Checked if each.used else Qt.CheckState.Unchecked)
        learn.setToolTip(tr("Left out, its labels count nowhere: neither as a class nor as background"))
        self.table.setItem(row, LEARN, learn)
        self.table.setCellWidget(row, COLOR, self._color_button(each))
        self.table.setItem(row, NAME, QTableWidgetItem(each.name))
        count = sum(self._found[value].count for value in each.values if value in self._found)
        for column, text in ((VALUES, ", ".join(each.values)), (COUNT, local(count))):
            item = QTableWidgetItem(text)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setToolTip(text)
            self.table.setItem(row, column, item)
        self.table.item(row, COUNT).setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _color_button(self, each: ClassDraft) -> QgsColorButton:
        button = QgsColorButton()
        button.setShowMenu(False)
        button.setMinimumWidth(0)
        button.setColor(QColor(each.color))
        button.setAccessibleName(tr("Colour of {}").format(each.name))
        button.colorChanged.connect(lambda color: setattr(each, "color", color.name()))
        return button

    def _take(self, item: QTableWidgetItem) -> None:
        each = self._classes[item.row()]
        if item.column() == LEARN:
            each.used = item.checkState() == Qt.CheckState.Checked
        elif item.column() == NAME:
            each.name = item.text().strip()
        self.changed.emit()

    def _selected(self) -> list[int]:
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def _update_buttons(self) -> None:
        rows = [row for row in self._selected() if row < len(self._classes)]
        self.merge_button.setEnabled(len(rows) > 1)
        self.part_button.setEnabled(len(rows) == 1 and len(self._classes[rows[0]].values) > 1)

    def _merge(self) -> None:
        self._replace(merged(self._classes, self._selected()))

    def _part(self) -> None:
        self._replace(parted(self._classes, self._selected()[0], self._found))

    def _replace(self, classes: Sequence[ClassDraft]) -> None:
        self._classes[:] = classes
        self.table.clearSelection()
        self.show_classes(self._classes, self._found)
        self.changed.emit()
