"""The choice of a model package on a page of the wizard."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import pyqtSignal

from ...jobs.background import Background, start
from ...jobs.sources.teaching import read_package
from ...jobs.translation import tr


class ModelField(QgsFileWidget):
    """A path, and the card of the package there, read on another thread: its disk may be far away.

    Attributes:
        path: what was chosen.
        card: the package's card; empty until it is read.
        unread: why it is not read.
    """

    taken = pyqtSignal()
    """Another path was chosen, or a card was read."""

    def __init__(self) -> None:
        super().__init__()
        self.path, self.unread = "", ""
        self.card: dict[str, Any] = {}
        self.setFilter(tr("Model packages (*.zip item.json)"))
        self.fileChanged.connect(self._take)

    def show_path(self, path: str, card: dict[str, Any]) -> None:
        """Show a path; its package is read where the card is not at hand."""
        self.path, self.card = path, card
        self.blockSignals(True)
        self.setFilePath(path)
        self.blockSignals(False)
        if path and not card:
            self._read()

    def _take(self, path: str) -> None:
        if path != self.path:
            self.path, self.card = path, {}
            self._read()
        self.taken.emit()

    def _read(self) -> None:
        path, self.unread = self.path, tr("Reading the model's card…")
        if path:
            start(
                Background(
                    tr("Read the model's card"),
                    lambda _: read_package(path),
                    lambda card: self._answer(path, card),
                    lambda error: self._answer(path, {}, str(error)),
                    can_cancel=False,
                )
            )

    def _answer(self, path: str, card: dict[str, Any], problem: str = "") -> None:
        if not sip.isdeleted(self) and path == self.path:  # else another was chosen meanwhile
            self.card, self.unread = card, problem
            self.taken.emit()
