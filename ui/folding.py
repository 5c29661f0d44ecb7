"""A group of fields that folds away."""

from __future__ import annotations

from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtWidgets import QToolButton, QWidget


class FoldingBox(QgsCollapsibleGroupBox):
    """QGIS's own, whose arrow says to screen readers what it folds."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        for arrow in self.findChildren(QToolButton):
            arrow.setAccessibleName(title)
