"""Goes from cell to cell: the map follows, and the cell is framed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from qgis.core import QgsCsException, QgsGeometry, QgsProject, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ...jobs.labelling.session import LabelSession
from ...jobs.labelling.styles import COMPLETE
from ...jobs.labelling.suggestions import Suggestions
from ...jobs.labelling.walking import Cell, GridCells, next_place, ranked_cells, suggestion_cells
from ...jobs.reference_systems import transform_between
from ...jobs.translation import local, tr
from ...jobs.types import given
from .walk_box import SUGGESTIONS, WalkBox

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
