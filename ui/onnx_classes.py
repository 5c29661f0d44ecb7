"""The classes of a model that another program made: names and colours, in the order of its outputs."""

from __future__ import annotations

from qgis.gui import QgsColorButton
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..jobs.classes import PALETTE
from ..jobs.translation import tr
from .tables import keep_width, table
from .wizard.words import Hint

COLOR, NAME = range(2)
ROWS = 4
"""That can be seen without scrolling."""

HINTS = {
    "Segmentor": tr("In the order of the output's channels. Call the first one background where it is no class."),
    "Detector": tr("In the order that the model counts them. Without any they are called class 0, class 1 and so on."),
    "Regressor": tr("What the output's bands hold, in their order."),
}


class OnnxClasses(QGroupBox):
    """A list to rename, colour, lengthen and shorten."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Classes"), parent)
        self.table = table(["", tr("Name")], tr("Classes"), stretched=NAME)
        keep_width(self.table, COLOR, 3)
        self.table.setMinimumHeight((ROWS + 1) * self.table.verticalHeader().defaultSectionSize())
        self.hint = Hint()
        self.add_button, self.remove_button = QPushButton(tr("&Add")), QPushButton(tr("&Remove"))
        self.add_button.clicked.connect(lambda: self._add(tr("class {number}").format(number=len(self.names()) + 1)))
        self.remove_button.clicked.connect(self._remove)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch()
        lines = QVBoxLayout(self)
        lines.addWidget(self.hint)
        lines.addWidget(self.table, 1)
        lines.addLayout(buttons)

    def show_classes(self, names: list[str], colors: list[str]) -> None:
        """Show these; where colours run out, those of the palette follow."""
        self.table.setRowCount(0)
        for index, name in enumerate(names):
            self._add(name, colors[index] if index < len(colors) else "")

    def set_task(self, task: str) -> None:
        """Say what the list means for `Segmentor`, `Detector` or `Regressor`; values have no colours of their own."""
        self.hint.say(HINTS[task])
        self.setTitle(tr("Values") if task == "Regressor" else tr("Classes"))
        self.table.setColumnHidden(COLOR, task == "Regressor")

    def names(self) -> list[str]:
        """The names, in order."""
        return [self.table.item(row, NAME).text().strip() for row in range(self.table.rowCount())]

    def colors(self) -> list[str]:
        """Their colours, #rrggbb."""
        return [self.table.cellWidget(row, COLOR).color().name() for row in range(self.table.rowCount())]

    def _add(self, name: str, color: str = "") -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        button = QgsColorButton()
        button.setShowMenu(False)
        button.setMinimumWidth(0)
        button.setColor(QColor(color or PALETTE[row % len(PALETTE)]))
        button.setAccessibleName(tr("Colour of {}").format(name))
        self.table.setCellWidget(row, COLOR, button)
        QWidget.setTabOrder(self.table.cellWidget(row - 1, COLOR) if row else self.table, button)
        self.table.setItem(row, NAME, QTableWidgetItem(name))

    def _remove(self) -> None:
        rows = sorted({index.row() for index in self.table.selectedIndexes()}, reverse=True)
        for row in rows or [self.table.rowCount() - 1]:
            self.table.removeRow(row)
