"""Page 2: what the labels are called, which of them are learned, merged or taken apart, and in which colours."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWizardPage,
)

from ...jobs.sources.draft import (
    DETECTION,
    LABELLED_ROLES,
    SEGMENTATION,
    ClassDraft,
    Found,
    class_problem,
    merged,
    parted,
)
from ...jobs.translation import local, tr
from ..widgets import Hint, Problem, keep_width, table
from .session import Session

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


class ClassesPage(QWizardPage):
    """Two class lists, side by side; a role without sources has none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setTitle(tr("Classes"))
        self.setSubTitle(
            tr("Names and colours come from the layers. Rename, merge or leave out; colours are those of the map.")
        )
        self.tables = {
            DETECTION: ClassTable(tr("Found as boxes")),
            SEGMENTATION: ClassTable(tr("Found as areas")),
        }
        self.background = QCheckBox(tr("&Ground without a label is a class of its own (background)"))
        self._hint = Hint(
            tr("Turn it off where the classes cover everything: ground without a label then counts nowhere.")
        )
        lists = QHBoxLayout()
        for editor in self.tables.values():
            lists.addWidget(editor, 1)
            editor.changed.connect(self._check)
        lines = QVBoxLayout(self)
        lines.addLayout(lists, 1)
        lines.addWidget(self.background)
        lines.addWidget(self._hint)
        self.background.toggled.connect(self._set_background)

    def initializePage(self) -> None:  # noqa: D102
        draft = self._session.draft
        self._session.update_classes()
        for role, editor in self.tables.items():
            editor.setVisible(bool(draft.of_role(role)))
            editor.show_classes(draft.classes[role], self._session.found(role))
        for widget in (self.background, self._hint):
            widget.setVisible(bool(draft.of_role(SEGMENTATION)))
        self.background.setChecked(draft.background)
        self._check()

    def cleanupPage(self) -> None:
        """Keep everything: going back loses nothing."""

    def isComplete(self) -> bool:  # noqa: D102
        return not any(class_problem(self._session.draft, role) for role in LABELLED_ROLES)

    def _set_background(self, on: bool) -> None:
        self._session.draft.background = on
        self._check()

    def _check(self) -> None:
        for role, editor in self.tables.items():
            editor.problem.say(class_problem(self._session.draft, role))
        self.completeChanged.emit()
