"""The wizard worked without a mouse: the Tab key goes through a page and out of its tables."""

import pytest
from geodistil.ui.onnx_form import OnnxForm
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QWidget


def leaves(table):
    """Whether Tab, pressed as often as there are things to reach inside, leads out of a table."""
    table.setFocus()
    inside = 1 + len(table.viewport().findChildren(QWidget))
    for _ in range(inside):
        assert table.hasFocus() or table.isAncestorOf(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if not table.hasFocus() and not table.isAncestorOf(QApplication.focusWidget()):
            return True
    return False


@pytest.fixture
def active(wait):
    """Brings a window to the front."""

    def bring(window):
        window.show()
        window.activateWindow()
        wait(window.isActiveWindow)

    return bring


def test_tab_leaves_the_tables_of_the_wizard(filled, engine, pages, active, wait):
    active(filled)
    assert filled.sources.table.rowCount() == 2 and leaves(filled.sources.table)
    filled.next()
    for table in filled.classes.tables.values():
        assert table.table.rowCount() and leaves(table.table)
    filled.next()
    filled.next()
    wait(lambda: filled.check._work is None, 60)
    assert filled.check.table.rowCount() and leaves(filled.check.table)


def test_tab_leaves_the_classes_of_a_foreign_model(qgis_app, tmp_path, active):
    found = {"known": {"classes": ["roof", "road"]}, "input": {"shape": [1, 3, 64, 64]}}
    form = OnnxForm(tmp_path / "roofs.onnx", {**found, "outputs": {"out": [1, 2, 64, 64]}, "missing": []})
    form.classes.show_classes(["roof", "road"], [])
    active(form)
    assert leaves(form.classes.table)
    form.reject()
