"""The ground that a person calls complete: polygons of a layer, disjoint, which grow view by view."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QDateTime

from ..errors import GeoDistilError
from ..reference_systems import transform_between
from ..translation import tr
from .editing import areas_of, commit
from .layers import MADE_AT

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
