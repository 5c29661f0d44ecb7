"""Eyes and hands on the dock: what its list says, and its buttons pressed."""

from qgis.PyQt.QtWidgets import QAction, QTableView


def table(dock):
    return dock.findChild(QTableView)


def rows(dock):
    """Run -> what the list says of it."""
    model = table(dock).model()
    texts = [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]
    return {text[0]: text[1:] for text in texts}


def states(dock):
    return {name: text[0] for name, text in rows(dock).items()}


def select(dock, name):
    model = table(dock).model()
    row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == name)
    table(dock).selectRow(row)


def action(dock, text):
    return next(each for each in dock.findChildren(QAction) if each.text() == text)


def press(dock, name, text):
    select(dock, name)
    assert action(dock, text).isEnabled()
    action(dock, text).trigger()
