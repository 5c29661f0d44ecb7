"""Every name of Qt that the plugin uses is there in Qt 6, at the place where the plugin looks for it."""

import ast
import importlib
import pkgutil
import sys
from pathlib import Path

import PyQt6
import pytest
from PyQt6 import QtCore, QtGui, QtNetwork, QtWidgets

ROOT = Path(__file__).resolve().parents[2]
PLACES = [ROOT / "plugin.py", *(path for room in ("jobs", "toolbox", "ui") for path in (ROOT / room).rglob("*.py"))]
MODULES = (QtCore, QtGui, QtWidgets, QtNetwork)
QT5_ONLY = {"QtWidgets.QAction", "QtWidgets.QUndoCommand"}
"""Imported where Qt 6 has them elsewhere: `jobs/qt.py`."""

GONE = {"exec_", "globalPos", "fromSecsSinceEpochUtc", "QRegExp", "QDesktopWidget", "QVariant"}
"""Methods and classes that PyQt 5 had and PyQt 6 has not, or that QGIS 4 makes None of."""


def imported(tree):
    """Local name -> (module, name) of what a file imports from `qgis.PyQt`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt"):
            module = node.module.rpartition("PyQt")[2].lstrip(".")
            found.update({each.asname or each.name: (module, each.name) for each in node.names})
    return found


def chain(node):
    """The names of `a.b.c`, from the left; empty where there is something else to the left."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else ["", *names]


def missing_names(path):
    """What of a file's Qt names Qt 6 does not have."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = imported(tree)
    for module, name in names.values():
        if f"{module}.{name}" not in QT5_ONLY and not hasattr(
            importlib.import_module(f"PyQt6.{module}".rstrip(".")), name
        ):
            yield f"{module}.{name}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        left, *rest = chain(node)
        if node.attr in GONE:
            yield f"{left}.{node.attr}"
        if left in names and f"{names[left][0]}.{names[left][1]}" not in QT5_ONLY:
            module, name = names[left]
            yield from unresolved(
                getattr(importlib.import_module(f"PyQt6.{module}".rstrip(".")), name, None), [name, *rest]
            )
        elif len(rest) >= 2 and rest[-2][:1].isupper() and rest[-1][:1].isupper() and not left.startswith("Qgs"):
            yield from unknown_enum(*rest[-2:], left)


def unresolved(found, names):
    for place, name in enumerate(names[1:], 1):
        if not hasattr(found, name):
            yield ".".join(names[: place + 1])
            return
        found = getattr(found, name)


def unknown_enum(kind, member, left):
    """`button.StandardButton.Close`: an enum of some class of Qt has that member."""
    owners = [
        each for module in MODULES for each in vars(module).values() if isinstance(getattr(each, kind, None), type)
    ]
    if owners and not any(hasattr(getattr(owner, kind), member) for owner in owners):
        yield f"{left}...{kind}.{member}"


@pytest.mark.parametrize("path", PLACES, ids=lambda path: str(path.relative_to(ROOT)))
def test_qt_6_has_every_name(path):
    assert sorted(set(missing_names(path))) == []


def test_what_is_missing_is_found(tmp_path):
    file = tmp_path / "old.py"
    file.write_text(
        "from qgis.PyQt.QtCore import Qt, QRegExp\nfrom qgis.PyQt.QtWidgets import QAction, QDialog\n"
        "Qt.AlignLeft, Qt.AlignmentFlag.AlignLeft, QDialog.Accepted\nself.dialog.exec_()\n"
        "self.box.StandardButton.Shut, self.box.StandardButton.Close\n"
    )
    found = ["...exec_", "Qt.AlignLeft", "QDialog.Accepted", "QtCore.QRegExp", "self...StandardButton.Shut"]
    assert sorted(set(missing_names(file))) == sorted([found[1], found[2], "QtCore.QRegExp", "self.exec_", found[4]])


def modules():
    """The plugin's own, as Python names them."""
    import geodistil

    for found in pkgutil.walk_packages(geodistil.__path__, "geodistil."):
        if found.name.split(".")[1] in ("jobs", "toolbox", "ui", "plugin"):
            yield found.name


def test_every_module_of_the_plugin_can_be_imported():
    foreign = set() if sys.platform == "win32" else {"geodistil.jobs.processes.windows"}
    names = [name for name in modules() if name not in foreign]
    for name in names:
        importlib.import_module(name)
    assert (
        len(names) > 100 and PyQt6.__name__ == sys.modules["geodistil.ui.runs.chart"].QWidget.__module__.split(".")[0]
    )
