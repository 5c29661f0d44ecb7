"""A page of ours in QGIS's own options dialog; what is changed there is kept at once."""

from __future__ import annotations

from typing import Callable

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from .icons import icon

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
