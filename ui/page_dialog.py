"""A page of settings in a window of its own, or in QGIS's own options dialog."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QSize, Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QGuiApplication
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from ..jobs.help import help_url
from .widgets import icon

D = TypeVar("D", bound=QDialog)


class PageDialog(QDialog):
    """A page above buttons that close it and help; it is gone when it is closed.

    Args:
        title: of the window.
        guide: the page of the guide that Help opens.
        parent: QGIS's window, or whoever opens it.
    """

    def __init__(self, title: str, guide: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._guide = guide

    def hold(self, page: Any) -> None:
        """Show this page, to be called once; made before the buttons, it comes before them when Tab is pressed."""
        self.page = page
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Help)
        buttons.rejected.connect(self.reject)
        buttons.helpRequested.connect(lambda: QDesktopServices.openUrl(QUrl(help_url(self._guide))))
        lines = QVBoxLayout(self)
        lines.addWidget(page, 1)
        lines.addWidget(buttons)


def open_with(window: QWidget, width: int, height: int) -> None:
    """Give a window its first size, in pixels of which an inch has 96; Qt's own is two thirds of the screen at most."""
    size = QSize(width, height) * window.logicalDpiX() / 96
    window.resize(size.boundedTo(QGuiApplication.primaryScreen().availableSize()))


def show_beside(kind: Callable[[QWidget | None], D], parent: QWidget | None = None) -> D:
    """Open a window of this kind beside the map, which stays usable; an open one comes to the front."""
    dialog = parent.findChild(kind) if parent is not None else None
    dialog = dialog or kind(parent)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog


MakePage = Callable[[QWidget], QWidget]


class OptionsPage(QgsOptionsPageWidget):
    """The page among the options.

    Args:
        name: of the object.
        make: makes the page.
        parent: QGIS's dialog.
    """

    def __init__(self, name: str, make: MakePage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.page = make(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)

    def apply(self) -> None:
        """QGIS calls this when the dialog is accepted; nothing is left to do."""


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options dialog opens.

    Args:
        title: in the dialog's list.
        name: of the page's object.
        make: makes the page; it imports what only the page needs.
    """

    def __init__(self, title: str, name: str, make: MakePage) -> None:
        super().__init__(title, icon("geodistil"))
        self._name, self._make = name, make

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:  # noqa: D102
        return OptionsPage(self._name, self._make, parent)
