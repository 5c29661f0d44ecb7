"""A list of classes that people edit: colours and names; and a window that holds one."""

from __future__ import annotations

from typing import Callable

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...jobs.errors import GeoDistilError
from ...jobs.labelling.link import LabelClass, next_color
from ...jobs.translation import tr
from ..tables import keep_width, table
from ..wizard.words import Problem

COLOR, NAME = range(2)
BEFORE = Qt.ItemDataRole.UserRole


class ClassEditor(QWidget):
    """The list."""

    def __init__(self) -> None:
        super().__init__()
        self.table = table((tr("Colour"), tr("Name")), tr("Classes"), stretched=NAME)
        keep_width(self.table, COLOR, 4)
        self.add_button, self.remove_button = QPushButton(tr("Add a class")), QPushButton(tr("Remove"))
        for button in (self.add_button, self.remove_button):
            button.setAutoDefault(False)  # Enter in the table ends the name, not the window
        self.add_button.clicked.connect(self._add_new)
        self.remove_button.clicked.connect(lambda: self.table.removeRow(self.table.currentRow()))
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self.table)
        lines.addLayout(buttons)

    def show_classes(self, classes: list[LabelClass], known: bool = False) -> None:
        """Show these classes; `known` ones are told by their names of now when they are renamed."""
        self.table.setRowCount(0)
        for each in classes:
            self._add(each, each.name if known else "")

    def classes(self) -> list[tuple[str, LabelClass]]:
        """The name that each class had, and the class; rows without a name are left out."""
        found = []
        for row in range(self.table.rowCount()):
            item = self.table.item(row, NAME)
            color = self.table.cellWidget(row, COLOR).color().name()
            if item.text().strip():
                found.append((item.data(BEFORE) or "", LabelClass(item.text().strip(), color)))
        return found

    def _add_new(self) -> None:
        row = self.table.rowCount()
        self._add(LabelClass(tr("class {number}").format(number=row + 1), next_color(row)), "")
        self.table.setCurrentCell(row, NAME)
        self.table.editItem(self.table.item(row, NAME))

    def _add(self, each: LabelClass, before: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        button = QgsColorButton()
        button.setColor(QColor(each.color))
        button.setAccessibleName(tr("Colour"))
        self.table.setCellWidget(row, COLOR, button)
        item = QTableWidgetItem(each.name)
        item.setData(BEFORE, before)
        self.table.setItem(row, NAME, item)


class ClassDialog(QDialog):
    """The classes of a label layer.

    Args:
        classes: as they are.
        apply: makes them what is wanted, or raises a `GeoDistilError`, which is shown.
        parent: the dock.
    """

    def __init__(
        self, classes: list[LabelClass], apply: Callable[[list[tuple[str, LabelClass]]], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Classes"))
        self._apply = apply
        self.editor, self.problem = ClassEditor(), Problem()
        self.editor.show_classes(classes, known=True)
        button = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(button.Ok | button.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        lines = QVBoxLayout(self)
        for widget in (self.editor, self.problem, self.buttons):
            lines.addWidget(widget)

    def accept(self) -> None:
        """Close, if the layer takes it."""
        try:
            if not self.editor.classes():
                raise GeoDistilError("labels", tr("There is no class yet."), tr("Add one."))
            names = [each.name for _, each in self.editor.classes()]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise GeoDistilError("labels", tr("Two classes are called {name}.").format(name=twice))
            self._apply(self.editor.classes())
        except GeoDistilError as error:
            self.problem.say(str(error))
        else:
            super().accept()
