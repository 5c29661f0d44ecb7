"""A splitter that puts its parts side by side where it is wide, one above the other where it is narrow."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QSplitter, QWidget


class FlowSplitter(QSplitter):
    """See the module.

    Args:
        wide_from: width from which it counts as wide, in pixels at 96 dots an inch.
        keeps_first: whether the first of two parts gets what it asks for and the second the rest; else they are equal.
    """

    def __init__(self, wide_from: int, keeps_first: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._wide_from, self._keeps_first = wide_from, keeps_first
        self.setChildrenCollapsible(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn where the width crosses the limit."""
        wide = self.width() >= self._wide_from * self.logicalDpiX() / 96
        orientation = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.orientation() != orientation:
            self.setOrientation(orientation)
            self._share(self.width() if wide else self.height())
        super().resizeEvent(event)

    def _share(self, length: int) -> None:
        hint = self.widget(0).sizeHint()
        wanted = hint.width() if self.orientation() == Qt.Orientation.Horizontal else hint.height()
        first = wanted if self._keeps_first else length // 2
        self.setSizes([first, length - first])
