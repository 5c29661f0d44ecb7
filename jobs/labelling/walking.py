"""Where to label next: cells of the raster's grid, or of a layer that ranks them, one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from ..reference_systems import transform_between
from ..sources.facts import POLYGONS, label_kind, raster_facts
from .suggestions import Suggestions

ROW_OF_SUGGESTIONS = 10
"""Height of a row of them, in their mean heights."""

RANK = "rank"
"""The field of the review's layer `label_next`."""


@dataclass(frozen=True)
class Cell:
    """A place to label: its extent and the CRS of that; of a suggestion to be reviewed, its id."""

    extent: QgsRectangle
    crs: QgsCoordinateReferenceSystem
    suggestion: int | None = None

    @property
    def shape(self) -> QgsGeometry:
        """As a polygon."""
        return QgsGeometry.fromRect(self.extent)


class GridCells(Sequence[Cell]):
    """The chips of a raster, row by row from the top, each row from where the last ended; none of it is kept.

    Args:
        raster: with pixels of its own, or there are no cells.
        side: of a cell, in pixels.
    """

    def __init__(self, raster: QgsRasterLayer, side: int) -> None:
        facts = raster_facts(raster)
        self._extent, self._crs = raster.extent(), raster.crs()
        self._columns, self._rows = math.ceil(facts.columns / side), math.ceil(facts.rows / side)
        if len(self):
            self._width = self._extent.width() / facts.columns * side
            self._height = self._extent.height() / facts.rows * side

    def __len__(self) -> int:
        return self._columns * self._rows

    def __getitem__(self, place: int) -> Cell:  # type: ignore[override]  # nobody slices them
        if not 0 <= place < len(self):
            raise IndexError(place)
        row, column = divmod(place, self._columns)
        column = self._columns - 1 - column if row % 2 else column
        left, top = self._extent.xMinimum() + column * self._width, self._extent.yMaximum() - row * self._height
        cell = QgsRectangle(left, top - self._height, left + self._width, top)
        return Cell(cell.intersect(self._extent), self._crs)


def ranked_cells(layer: QgsVectorLayer, raster: QgsRasterLayer | None, project: QgsProject) -> list[Cell]:
    """The cells of a layer that says where to label next, best first, those beside the raster left out."""
    request = QgsFeatureRequest()
    request.setSubsetOfAttributes([layer.fields().lookupField(RANK)])
    if raster is not None:
        transform = transform_between(raster.crs(), layer.crs(), project)
        try:
            request.setFilterRect(transform.transformBoundingBox(raster.extent()))
        except QgsCsException:
            return []
    found = sorted(layer.getFeatures(request), key=lambda each: (each[RANK] is None, each[RANK], each.id()))
    return [Cell(each.geometry().boundingBox(), layer.crs()) for each in found if each.hasGeometry()]


def suggestion_cells(suggestions: Suggestions) -> list[Cell]:
    """Those to be reviewed, row by row from the top, each row from where the last ended: the map jumps little."""
    found = list(suggestions.extents())
    if not found:
        return []
    height = ROW_OF_SUGGESTIONS * sum(extent.height() for _, extent in found) / len(found)
    top = max(extent.yMaximum() for _, extent in found)

    def order(one: tuple[int, QgsRectangle]) -> tuple[int, float]:
        middle = one[1].center()
        row = int((top - middle.y()) / height) if height else 0
        return row, -middle.x() if row % 2 else middle.x()

    return [Cell(extent, suggestions.layer.crs(), fid) for fid, extent in sorted(found, key=order)]


def is_ranked(layer: Any) -> bool:
    """Whether a layer says where to label next."""
    return label_kind(layer) == POLYGONS and layer.fields().lookupField(RANK) >= 0


def next_place(cells: Sequence[Cell], place: int | None, step: int, skip: Callable[[Cell], bool]) -> int | None:
    """The place of the next cell that is not to be skipped.

    Args:
        cells: all of them.
        place: the one now; none begins before the first, or after the last.
        step: 1 for the next, -1 for the one before.
        skip: whether to pass by a cell.

    Returns:
        Its place, found round the end too; none where all are skipped.
    """
    count = len(cells)
    start = place if place is not None else (-1 if step > 0 else count)
    for distance in range(1, count + 1):
        candidate = (start + step * distance) % count
        if not skip(cells[candidate]):
            return candidate
    return None
