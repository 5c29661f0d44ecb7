"""The eyes that look at windows see what is wrong with one, and nothing in one that is right."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QVBoxLayout,
)

from ..desktop.eyes import flaws, tab_order


@pytest.fixture
def form(qgis_app):
    """A sound window: a name, a kind, a list, two buttons."""
    dialog = QDialog()
    rows, lines = QFormLayout(), QVBoxLayout(dialog)
    dialog.name, dialog.kind, dialog.table = QLineEdit(), QComboBox(), QTableWidget(1, 2)
    dialog.table.setHorizontalHeaderLabels(["Model", "Score"])
    dialog.kind.addItems(["boxes", "areas"])
    rows.addRow("&Name", dialog.name)
    rows.addRow("&Kind", dialog.kind)
    dialog.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    lines.addLayout(rows)
    lines.addWidget(dialog.table)
    lines.addWidget(dialog.buttons)
    dialog.show()
    QApplication.processEvents()
    yield dialog
    dialog.close()


def squeeze(widget):
    widget.setFixedWidth(20)


def double(dialog):
    label = QLabel("&Name again")
    label.setBuddy(dialog.kind)
    dialog.layout().addWidget(label)


def clicks_only(dialog):
    button = QPushButton("Only by mouse")
    button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    dialog.layout().addWidget(button)


def pale(dialog):
    label, palette = QLabel("pale"), QPalette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor("#cccccc"))
    palette.setColor(QPalette.ColorRole.Window, QColor("#dddddd"))
    label.setPalette(palette)
    dialog.layout().addWidget(label)


def example(dialog):
    dialog.name.setPlaceholderText("an example that is longer than its field " * 9)


def buttons_first(dialog):
    """As where the box is made with its window as the parent, before the fields are."""
    for each in (dialog.name, dialog.kind, dialog.table):
        place = dialog.layout().indexOf(each)
        each.setParent(None)
        if place >= 0:
            dialog.layout().insertWidget(place, each)
    for each in (dialog.name, dialog.kind):
        dialog.layout().insertWidget(0, each)


FLAWS = {
    "cut off: 'Cancel'": lambda dialog: squeeze(dialog.buttons.buttons()[1]),
    "a choice is cut off": lambda dialog: squeeze(dialog.kind),
    "a header is cut off: 'Model'": lambda dialog: dialog.table.setColumnWidth(0, 20),
    "an example is cut off": example,
    "Alt+n means 2 things": double,
    "out of reach of Tab: QPushButton Only by mouse": clicks_only,
    "Tab begins at the last buttons": buttons_first,
    "hardly to be read (1.2): 'pale'": pale,
    "do not fit the screen's": lambda dialog: dialog.resize(9000, 300),
}


def test_a_sound_window_has_no_flaws(form):
    assert flaws(form) == []
    assert tab_order(form)[-2:] == [each.text() for each in form.buttons.buttons()]


@pytest.mark.parametrize("said", FLAWS)
def test_each_flaw_is_seen(form, said):
    FLAWS[said](form)
    for _ in range(3):
        QApplication.processEvents()
    assert [flaw for flaw in flaws(form) if said in flaw], flaws(form)
