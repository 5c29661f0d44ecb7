"""How far something is, in a row that comes and goes."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..jobs.translation import tr
from .wizard.words import Hint


class ProgressRow(QWidget):
    """A bar with what is being done, and a button that cancels it; unseen while nothing is done."""

    cancelled = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.bar, self.text = QProgressBar(), Hint()
        self.bar.setTextVisible(False)
        self.button = QPushButton(tr("Cancel"))
        self.button.clicked.connect(self.cancelled)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(row)
        lines.addWidget(self.text)
        self.hide()

    def tell(self, percent: float, text: str) -> None:
        """Show how far it is; 0 percent for what nobody knows."""
        self.bar.setRange(0, 100 if percent else 0)
        self.bar.setValue(round(percent))
        self.text.say(text)
        self.show()
