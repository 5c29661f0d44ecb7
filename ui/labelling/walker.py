"""From cell to cell: how much is complete, the map that follows, the frame around the cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from qgis.core import QgsCsException, QgsGeometry, QgsProject, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
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

from ...jobs.given import given
from ...jobs.labelling.session import LabelSession
from ...jobs.labelling.styles import COMPLETE
from ...jobs.labelling.suggestions import Suggestions
from ...jobs.labelling.walking import Cell, GridCells, is_ranked, next_place, ranked_cells, suggestion_cells
from ...jobs.reference_systems import transform_between
from ...jobs.translation import local, tr
from ..widgets import Hint

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


MARGIN, MARGIN_OF_SUGGESTION = 1.1, 5
"""How much of the map is seen, as a multiple of the cell."""

BESIDE_SUGGESTION = 0.15
"""How far its frame is from a suggestion, as a share of its shorter side: it must not hide the outline."""


class Walker:
    """See the module.

    Args:
        canvas: the map.
        box: what is walked, and the words for it.
        project: for transformations.
        suggestions: those for the layer at work; none where there are none.
    """

    def __init__(
        self,
        canvas: QgsMapCanvas,
        box: WalkBox,
        project: QgsProject,
        suggestions: Callable[[], Suggestions | None] = lambda: None,
    ) -> None:
        self._canvas, self._box, self._project, self._suggestions = canvas, box, project, suggestions
        self._cells: Sequence[Cell] | None = None
        self._place: int | None = None
        self._frame = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._frame.setColor(QColor(COMPLETE))
        self._frame.setFillColor(QColor(0, 0, 0, 0))
        self._frame.setSecondaryStrokeColor(QColor(255, 255, 255, 200))
        self._frame.setWidth(2)
        self._frame.setLineStyle(Qt.PenStyle.DashLine)

    def forget(self) -> None:
        """Begin anew: the cells are others."""
        self._cells = None
        self.leave()
        self._box.words.say("")

    def leave(self) -> None:
        """No cell is walked now."""
        self._place = None
        self._frame.reset(QgsWkbTypes.GeometryType.PolygonGeometry)

    def cell(self) -> Cell | None:
        """The cell that is walked and seen; none where a person has gone elsewhere, or walks suggestions."""
        cell = given(self._cells)[self._place] if self._place is not None else None
        if cell is None or cell.suggestion is not None:
            return None
        here = self._on_map(cell)
        return cell if here is not None and self._canvas.extent().contains(here.boundingBox().center()) else None

    @property
    def begun(self) -> bool:
        """Whether something is walked."""
        return self._place is not None

    def suggestion(self) -> int | None:
        """The suggestion that is walked; none where it is something else."""
        return given(self._cells)[self._place].suggestion if self._place is not None else None

    def step(self, session: LabelSession, way: int) -> None:
        """Go to the next cell, or to the one before."""
        if self._cells is None:
            self._cells = self._find(session)
        walks_suggestions = self._box.walks(SUGGESTIONS)
        if not len(self._cells) and not walks_suggestions:
            return self._box.words.say(tr("There are no cells on this raster."))
        place = next_place(self._cells, self._place, way, lambda cell: self._passes(session, cell))
        if place is None:
            self.leave()
            done = tr("All suggestions are reviewed.") if walks_suggestions else tr("All cells are complete.")
            return self._box.words.say(done)
        self._place = place
        self._show(self._cells[place])
        return self._box.words.say(self._words(place))

    def close(self) -> None:
        """Take the frame off the map."""
        self._canvas.scene().removeItem(self._frame)

    def _words(self, place: int) -> str:
        cells = given(self._cells)
        cell, numbers = cells[place], {"number": local(place + 1), "count": local(len(cells))}
        if cell.suggestion is None:
            return tr("Cell {number} of {count}").format(**numbers)
        found = given(self._suggestions()).get(cell.suggestion)
        return tr("Suggestion {number} of {count}: {name}, {percent} %").format(
            **numbers, name=found.name or tr("no class"), percent=local(100 * found.score)
        )

    def _find(self, session: LabelSession) -> Sequence[Cell]:
        if self._box.walks(SUGGESTIONS):
            return suggestion_cells(given(self._suggestions()))
        layer = self._box.layer()
        if layer is not None:
            return ranked_cells(layer, session.raster, self._project)
        return GridCells(session.raster, self._box.side.value()) if session.raster is not None else []

    def _passes(self, session: LabelSession, cell: Cell) -> bool:
        if cell.suggestion is not None:
            return not given(self._suggestions()).is_open(cell.suggestion)
        complete = session.completeness
        return self._box.skip.isChecked() and complete is not None and complete.covers(cell.shape, cell.crs)

    def _show(self, cell: Cell) -> None:
        shape = self._on_map(cell)
        if shape is None:
            return self._box.words.say(tr("This cell cannot be shown in the map's coordinate reference system."))
        extent = shape.boundingBox()
        if cell.suggestion is not None:
            shape = QgsGeometry.fromRect(extent.buffered(BESIDE_SUGGESTION * min(extent.width(), extent.height())))
        extent.scale(MARGIN if cell.suggestion is None else MARGIN_OF_SUGGESTION)
        self._canvas.setExtent(extent)
        self._canvas.refresh()
        return self._frame.setToGeometry(shape)

    def _on_map(self, cell: Cell) -> QgsGeometry | None:
        there = self._canvas.mapSettings().destinationCrs()
        shape = cell.shape
        if not there.isValid() or there == cell.crs:
            return shape
        shape = shape.densifyByCount(8)
        try:
            shape.transform(transform_between(cell.crs, there, self._project))
        except QgsCsException:
            return None
        return shape
