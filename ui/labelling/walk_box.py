"""The dock's lower part: how much is complete, and the walk from cell to cell."""

from __future__ import annotations

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
)

from ...jobs.labelling.walking import is_ranked
from ...jobs.translation import local, tr
from ..wizard.words import Hint

GRID, SUGGESTIONS = "", "suggestions"
"""Stand for the raster's own grid, and for suggestions, among the ids of layers."""


class AreaBox(QGroupBox):
    """How much of the raster is complete, and the button that says so."""

    def __init__(self) -> None:
        super().__init__(tr("Labelled area"))
        self.share = QProgressBar()
        self.share.setRange(0, 1000)
        self.button = QPushButton()
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolTip(
            tr("Everything in it is labelled. Saves the labels; outside the labelled area nothing counts")
        )
        lines = QVBoxLayout(self)
        lines.addWidget(self.share)
        lines.addWidget(self.button)

    def show_share(self, share: float | None) -> None:
        """Show which share, 0 to 1, is complete; none where it cannot be told."""
        self.share.setVisible(share is not None)
        if share is not None:
            self.share.setValue(round(1000 * share))
            self.share.setFormat(tr("{percent} % complete").format(percent=local(100 * share, 1)))

    def show_what(self, cell: bool) -> None:
        """Say what the button marks."""
        self.button.setText(tr("This cell is complete (Enter)") if cell else tr("This view is complete (Enter)"))


class WalkBox(QGroupBox):
    """Which cells, and to the next or the one before."""

    stepped = pyqtSignal(int)
    changed = pyqtSignal()

    def __init__(self, project: QgsProject) -> None:
        super().__init__(tr("Walk"))
        self._project, self._suggestions = project, False
        self.source, self.side = QComboBox(), QSpinBox()
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setAccessibleName(tr("Cells"))
        self.side.setRange(32, 8192)
        self.side.setSingleStep(32)
        self.side.setValue(256)
        self.side.setSuffix(tr(" px"))
        self.side.setAccessibleName(tr("Side of a cell"))
        self.side.setKeyboardTracking(False)
        self.skip = QCheckBox(tr("Pass by what is complete"))
        self.skip.setChecked(True)
        self.skip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.before, self.after = QPushButton(tr("Previous (P)")), QPushButton(tr("Next (N)"))
        self.words = Hint()
        grid = QGridLayout()
        grid.addWidget(self.source, 0, 0)
        grid.addWidget(self.side, 0, 1)
        grid.setColumnStretch(0, 1)
        row = QHBoxLayout()
        for button, step in ((self.before, -1), (self.after, 1)):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked, step=step: self.stepped.emit(step))
            row.addWidget(button)
        lines = QVBoxLayout(self)
        lines.addLayout(grid)
        lines.addWidget(self.skip)
        lines.addLayout(row)
        lines.addWidget(self.words)
        self.source.currentIndexChanged.connect(lambda _: self._change())
        self.side.valueChanged.connect(lambda _: self.changed.emit())
        self.list_sources()

    def list_sources(self) -> None:
        """Offer the grid, suggestions, and each layer of the project that ranks cells."""
        kept = self.source.currentData()
        layers = [layer for layer in self._project.mapLayers().values() if is_ranked(layer)]
        self.source.blockSignals(True)
        self.source.clear()
        self.source.addItem(tr("Grid of the raster"), GRID)
        if self._suggestions:
            self.source.addItem(tr("Suggestions to review"), SUGGESTIONS)
        for layer in sorted(layers, key=lambda each: each.name().casefold()):
            self.source.addItem(layer.name(), layer.id())
        self.source.setCurrentIndex(max(self.source.findData(kept), 0))
        self.source.blockSignals(False)
        if self.source.currentData() != kept:
            self._change()

    def offer_suggestions(self, some: bool) -> None:
        """Offer to walk suggestions, where there are some."""
        if some != self._suggestions:
            self._suggestions = some
            self.list_sources()

    def walks(self, source: str) -> bool:
        """Whether this is what is walked."""
        return self.source.currentData() == source

    def choose(self, source: str) -> None:
        """Walk this."""
        self.source.setCurrentIndex(self.source.findData(source))

    def layer(self) -> QgsVectorLayer | None:
        """The layer that ranks cells; none for the grid."""
        return self._project.mapLayer(self.source.currentData() or "")

    def _change(self) -> None:
        self.side.setVisible(self.source.currentData() == GRID)
        self.changed.emit()
