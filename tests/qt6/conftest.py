"""PyQt6 where `qgis.PyQt` would be, and stand-ins for QGIS's own classes: our widgets meet Qt 6 without a QGIS.

Neither Debian nor PyPI has a QGIS for Qt 6. What is tried here is our use of Qt; that of QGIS is tried in QGIS.
"""

import importlib
import os
import sys
import types
from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, QSettings, pyqtSignal
from PyQt6.QtGui import QColor, QIcon
from PyQt6.QtWidgets import QApplication, QDockWidget, QGroupBox, QLineEdit, QToolButton, QWidget

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "build" / "plugins"


class Named(type):
    """Classes whose attributes are such classes too: `Qgis.MessageLevel.Info` and the like."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = Named(name, (), {"__init__": lambda self, *_, **__: None})
        setattr(cls, name, made)
        return made

    def __or__(cls, other):
        return cls


class Enums(type(QWidget)):
    """Of widgets of QGIS, whose enums stand in likewise."""

    def __getattr__(cls, name):
        if not name[:1].isupper():
            raise AttributeError(name)
        return Named(name, (), {})


class Widget(QWidget, metaclass=Enums):
    """A widget of QGIS: everything that is asked of it is nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


class ColorButton(QToolButton):
    """`QgsColorButton`."""

    colorChanged = pyqtSignal(QColor)

    def setShowMenu(self, _shown):
        pass

    def setAllowOpacity(self, _allowed):
        pass

    def setColor(self, color):
        self._color = color

    def color(self):
        return self._color


class CollapsibleGroupBox(QGroupBox):
    """`QgsCollapsibleGroupBox`."""

    def setCollapsed(self, _collapsed):
        pass


class FileWidget(Widget):
    """`QgsFileWidget`."""

    fileChanged = pyqtSignal(str)

    def __init__(self, *_):
        super().__init__()
        self._line = QLineEdit(self)

    def lineEdit(self):
        return self._line

    def filePath(self):
        return self._line.text()

    def setFilePath(self, path):
        self._line.setText(path)


class Locale:
    """`QgsApplication`, as far as texts and icons ask it."""

    @staticmethod
    def locale():
        return "en"

    @staticmethod
    def getThemeIcon(_name):
        return QIcon()


class Settings(QSettings):
    """`QgsSettings`, in memory of this process only."""

    def __init__(self):
        super().__init__(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "geodistil-tests", f"qt6-{os.getpid()}")


CORE = {"QgsApplication": Locale, "QgsSettings": Settings}
GUI = {"QgsCollapsibleGroupBox": CollapsibleGroupBox, "QgsDockWidget": QDockWidget, "QgsColorButton": ColorButton}
GUI["QgsFileWidget"] = FileWidget


def stand_in(name, known, base):
    """A module that has a class by every name."""

    def find(attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        made = known.get(attribute) or base(attribute)
        setattr(module, attribute, made)
        return made

    module = types.ModuleType(name)
    module.__getattr__ = find
    sys.modules[name] = module
    return module


def put_in_place():
    """`qgis` with PyQt6 inside, and the plugin as the package `geodistil`."""
    package = sys.modules["qgis"] = types.ModuleType("qgis")
    package.__path__ = []
    sys.modules["qgis.PyQt"] = importlib.import_module("PyQt6")
    for name in ("QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtTest", "QtXml", "sip"):
        sys.modules[f"qgis.PyQt.{name}"] = importlib.import_module(f"PyQt6.{name}")
    stand_in("qgis.core", CORE, lambda name: Named(name, (), {}))
    stand_in("qgis.gui", GUI, lambda name: Enums(name, (Widget,), {}))
    for name in (
        "qgis.utils",
        "osgeo",
        "osgeo.gdal",
        "osgeo.ogr",
        "osgeo.osr",
        "processing.gui.wrappers",
        "processing",
    ):
        stand_in(name, {}, lambda attribute: Named(attribute, (), {})).__path__ = []
    PLUGINS.mkdir(parents=True, exist_ok=True)
    if not (PLUGINS / "geodistil").exists():
        (PLUGINS / "geodistil").symlink_to(ROOT)
    sys.path.insert(0, str(PLUGINS))


put_in_place()


@pytest.fixture(scope="session")
def application():
    """Qt 6, running."""
    yield QApplication.instance() or QApplication([])


@pytest.fixture
def painted(application):
    """Shows a widget and paints it; returns how many colours the picture has."""
    shown = []

    def paint(widget):
        widget.resize(max(320, widget.sizeHint().width()), max(200, widget.sizeHint().height()))
        widget.show()
        QApplication.sendPostedEvents()
        application.processEvents()
        image = widget.grab().toImage()
        shown.append(widget)
        return len({image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)})

    yield paint
    for widget in shown:
        widget.close()
        widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
