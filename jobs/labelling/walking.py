"""The ground that a person calls complete, and where to label next, cell after cell."""

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
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QDateTime

from ..errors import GeoDistilError
from ..reference_systems import transform_between
from ..sources.facts import POLYGONS, label_kind, raster_facts
from ..translation import tr
from .editing import areas_of, commit
from .layers import MADE_AT
from .suggestions import Suggestions

DENSITY = 16
"""Points that are added to each side of an extent before it is transformed: straight lines become curves."""

COVERED = 0.999
"""Share of a cell that has to be complete; edges that were transformed do not meet exactly."""


class Completeness:
    """The labelled area of a raster.

    Args:
        area: the labelled-area layer.
        raster: what is labelled; none counts no share and cuts nothing off.
        project: whose datum transformations are used.
    """

    def __init__(self, area: QgsVectorLayer, raster: QgsRasterLayer | None, project: QgsProject) -> None:
        self.area, self._project = area, project
        self._ground = None
        if raster is not None:
            self._ground = self.transformed(QgsGeometry.fromRect(raster.extent()), raster.crs())
        self.read_again()

    def read_again(self) -> None:
        """Look at the layer, after another has changed it."""
        shapes = [feature.geometry() for feature in self.area.getFeatures(QgsFeatureRequest().setNoAttributes())]
        self._set(QgsGeometry.unaryUnion([each for each in shapes if not each.isEmpty()]) if shapes else QgsGeometry())

    @property
    def share(self) -> float | None:
        """The share of the raster's extent that is complete, 0 to 1; none where there is no raster."""
        if self._ground is None or not self._ground.area():
            return None
        return min(self.complete.intersection(self._ground).area() / self._ground.area(), 1.0) if self._engine else 0.0

    def transformed(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
        """A shape of another CRS in the area layer's.

        Raises:
            GeoDistilError: it lies where the transformation is not defined.
        """
        if crs == self.area.crs() or not crs.isValid():
            return QgsGeometry(shape)
        moved = shape.densifyByCount(DENSITY)
        try:
            moved.transform(transform_between(crs, self.area.crs(), self._project))
        except QgsCsException as error:
            raise GeoDistilError(
                "layer",
                tr("This view cannot be transformed into {crs}.").format(crs=self.area.crs().authid()),
                tr("Zoom to the raster."),
            ) from error
        return moved if moved.isGeosValid() else areas_of(moved.makeValid())

    def covers(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> bool:
        """Whether a shape, as far as the raster reaches, is complete."""
        if self._engine is None:
            return False
        wanted = self._on_raster(self.transformed(shape, crs))
        if self._engine.contains(wanted.constGet()):
            return True
        if not self._engine.intersects(wanted.constGet()):
            return False
        return wanted.area() > 0 and self.complete.intersection(wanted).area() >= COVERED * wanted.area()

    def has(self, place: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> bool:
        """Whether a point lies in complete ground."""
        if self._engine is None:
            return False
        here = self.transformed(place, crs)  # kept: what `constGet` gives is only as long-lived as this
        return self._engine.contains(here.constGet())

    def mark(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Call a shape complete, and write that to the layer's data.

        Args:
            shape: a polygon; what lies beside the raster is left out.
            crs: its CRS.

        Raises:
            GeoDistilError: it is not on the raster, or the layer cannot be written.
        """
        if not self.grow(shape, crs):
            raise GeoDistilError("labels", tr("This view shows nothing of the raster."), tr("Zoom to it first."))

    def grow(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> bool:
        """The same for ground that may lie beside the raster; returns whether any of it is on the raster.

        Raises:
            GeoDistilError: the layer cannot be written.
        """
        new = self._on_raster(self.transformed(shape, crs))
        if new.isEmpty():
            return False
        self._write(new)
        self.read_again()
        return True

    def _on_raster(self, shape: QgsGeometry) -> QgsGeometry:
        return shape if self._ground is None else areas_of(shape.intersection(self._ground))

    def _write(self, new: QgsGeometry) -> None:
        """One polygon of all that touch the new one; the others stay as they are."""
        request = QgsFeatureRequest().setFilterRect(new.boundingBox()).setNoAttributes()
        touching = [each for each in self.area.getFeatures(request) if each.geometry().intersects(new)]
        grown = areas_of(QgsGeometry.unaryUnion([new, *(each.geometry() for each in touching)]))
        grown.convertToMultiType()
        index = self.area.fields().lookupField(MADE_AT)
        values = {index: QDateTime.currentDateTimeUtc()} if index >= 0 else {}
        if not self.area.isEditable() and not self.area.startEditing():
            raise GeoDistilError(
                "labels",
                tr("The layer {layer} of the labelled area is read-only.").format(layer=self.area.name()),
                tr("Turn that off in Project > Properties > Data Sources."),
            )
        self.area.deleteFeatures([each.id() for each in touching])
        self.area.addFeature(QgsVectorLayerUtils.createFeature(self.area, grown, values))
        try:
            commit(self.area, stop=True)
        except GeoDistilError:
            self.area.rollBack()  # it would say what is not so
            raise
        self.area.triggerRepaint()

    def _set(self, complete: QgsGeometry) -> None:
        self.complete = complete
        self._engine = None
        if not complete.isEmpty():
            self._engine = QgsGeometry.createGeometryEngine(complete.constGet())
            self._engine.prepareGeometry()


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
