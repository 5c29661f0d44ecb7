"""Classes: a list that people edit, and a button for each, with its colour, its key and how many labels it has."""

from __future__ import annotations

from functools import partial
from typing import Callable

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPixmap
from qgis.PyQt.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...jobs.errors import GeoDistilError
from ...jobs.labelling.link import LabelClass, next_color
from ...jobs.translation import local, tr
from ..widgets import Problem, keep_width, table

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


KEYS = 9


class ClassButtons(QWidget):
    """See the module."""

    chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._group = QButtonGroup(self)
        self._classes: tuple[LabelClass, ...] = ()
        self._counts: list[QLabel] = []
        self.current = ""

    @property
    def color(self) -> str:
        """The current class's colour."""
        return next((each.color for each in self._classes if each.name == self.current), "#808080")

    def show_classes(self, classes: tuple[LabelClass, ...]) -> None:
        """Make the buttons anew."""
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()
        self._group.deleteLater()
        self._group, self._counts, self._classes = QButtonGroup(self), [], classes
        if self.current not in [each.name for each in classes]:
            self.current = classes[0].name if classes else ""
        for row, each in enumerate(classes):
            self._add(row, each)
        self._queue_up()

    def show_counts(self, count: Callable[[str], int], reading: bool) -> None:
        """Write the number of labels beside each."""
        for each, label in zip(self._classes, self._counts):
            label.setText(local(count(each.name)) + ("…" if reading else ""))

    def choose(self, place: int) -> None:
        """Press the button at this place, where there is one."""
        if place < len(self._classes):
            self._take(self._classes[place].name)

    def buttons(self) -> list[QPushButton]:
        """In the order of their keys."""
        return self._group.buttons()

    def _queue_up(self) -> None:
        """Made last, the buttons would be the last that Tab comes to; they come after what stands before them."""
        before = self.previousInFocusChain()
        while before is not self and not before.focusPolicy() & Qt.FocusPolicy.TabFocus:
            before = before.previousInFocusChain()
        for button in self.buttons():
            QWidget.setTabOrder(before, button)
            before = button

    def _add(self, row: int, each: LabelClass) -> None:
        name = each.name.replace("&", "&&")
        button = QPushButton(f"{row + 1}   {name}" if row < KEYS else f"     {name}")
        button.setAccessibleName(each.name)
        if row < KEYS:
            button.setToolTip(tr("Key {key}; where labels are selected, they get this class").format(key=row + 1))
        height = button.fontMetrics().height()
        button.setIcon(QIcon(_swatch(each.color, height)))
        button.setIconSize(QSize(height, height))
        button.setStyleSheet("QPushButton {text-align: left; padding: 3px 6px} QPushButton:checked {font-weight: bold}")
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # long names do not widen the dock
        button.setCheckable(True)
        button.setChecked(each.name == self.current)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the map
        button.clicked.connect(partial(self._take, each.name))
        self._group.addButton(button)
        count = QLabel("")
        count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        count.setMinimumWidth(count.fontMetrics().horizontalAdvance("00.000"))
        self._counts.append(count)
        self._grid.addWidget(button, row, 0)
        self._grid.addWidget(count, row, 1)

    def _take(self, name: str, *_: object) -> None:
        self.current = name
        for button, each in zip(self._group.buttons(), self._classes):
            button.setChecked(each.name == name)
        self.chosen.emit(name)


def _swatch(color: str, side: int) -> QPixmap:
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setPen(QColor("#808080"))
    painter.setBrush(QColor(color))
    painter.drawRect(1, 1, side - 3, side - 3)
    painter.end()
    return picture
