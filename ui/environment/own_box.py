"""For those who have an environment with the engine's packages already."""

from __future__ import annotations

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...jobs.translation import tr
from ..folding import FoldingBox


class OwnBox(FoldingBox):
    """A Python to verify and use."""

    chosen = pyqtSignal(str)
    """With the Python's path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("An environment of your own"), parent)
        self.python = QgsFileWidget()
        self.python.lineEdit().setPlaceholderText(tr("the Python of an environment, for example …/bin/python"))
        self.python.setAccessibleName(tr("Python of an environment of your own"))
        self.use = QPushButton(tr("Check and use"))
        self.use.setAutoDefault(False)
        self.use.setEnabled(False)
        self.python.fileChanged.connect(lambda path: self.use.setEnabled(bool(path.strip())))
        self.use.clicked.connect(lambda _checked=False: self.chosen.emit(self.python.filePath().strip()))
        explanation = QLabel(
            tr("It must have the packages that GeoDistil's pyproject.toml names; nothing is installed.")
        )
        explanation.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.python, 1)
        row.addWidget(self.use)
        layout = QVBoxLayout(self)
        layout.addWidget(explanation)
        layout.addLayout(row)
        self.setCollapsed(True)

    def show_python(self, path: str) -> None:
        """Show the Python that is in use, where it is a person's own; what was typed stays else."""
        if path:
            self.python.setFilePath(path)
