"""Labels are drawn, added, changed and deleted through the layer's own edit buffer: one step of undo each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerUtils,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDateTime

from ..errors import GeoDistilError
from ..sources.draft import SEGMENTATION
from ..sources.facts import POINTS, label_kind
from ..translation import tr
from .layers import ACCEPTED, HAND, MADE_AT, MODEL, ORIGIN, geopackage, is_text, layer_problem
from .link import Link

POLYGON = QgsWkbTypes.GeometryType.PolygonGeometry


def box(first: QgsPointXY, second: QgsPointXY) -> QgsGeometry:
    """The box with these opposite corners."""
    return QgsGeometry.fromRect(QgsRectangle(first, second))


def rotated_box(start: QgsPointXY, end: QgsPointXY, across: QgsPointXY) -> QgsGeometry:
    """A box turned to its object.

    Args:
        start: a corner.
        end: the next one.
        across: a point on the opposite side, however far along it.
    """
    x, y = end.x() - start.x(), end.y() - start.y()
    length = math.hypot(x, y)
    if not length:
        return QgsGeometry()
    width = (
        x * (across.y() - start.y()) - y * (across.x() - start.x())
    ) / length  # signed distance from the first side
    aside_x, aside_y = -y / length * width, x / length * width
    far = [QgsPointXY(each.x() + aside_x, each.y() + aside_y) for each in (end, start)]
    return QgsGeometry.fromPolygonXY([[start, end, *far, start]])


def box_around(middle: QgsPointXY, metres: float, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """The box whose sides are this long on the ground."""
    across, up = units_per_metre(middle, crs)
    return QgsGeometry.fromRect(QgsRectangle.fromCenterAndSize(middle, metres * across, metres * up))


def units_per_metre(place: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> tuple[float, float]:
    """Units of a CRS that a metre on the ground has at a place, to the east and to the north."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, QgsProject.instance().transformContext())
    measure.setEllipsoid(crs.ellipsoidAcronym() or "EPSG:7030")
    step = 1e-4 if crs.isGeographic() else 10.0
    ends = (QgsPointXY(place.x() + step, place.y()), QgsPointXY(place.x(), place.y() + step))
    east, north = (
        measure.convertLengthMeasurement(measure.measureLine(place, end), QgsUnitTypes.DistanceUnit.DistanceMeters)
        for end in ends
    )
    return step / east if east > 0 else 1.0, step / north if north > 0 else 1.0


def moved_to(shape: QgsGeometry, middle: QgsPointXY) -> QgsGeometry:
    """A copy of a shape with the middle of its extent here."""
    copy, before = QgsGeometry(shape), shape.boundingBox().center()
    copy.translate(middle.x() - before.x(), middle.y() - before.y())
    return copy


def polygon(corners: list[QgsPointXY], tolerance: float = 0.0) -> QgsGeometry:
    """The area inside a line; one that crosses itself is made valid.

    Args:
        corners: three at least, or the result is empty.
        tolerance: corners that differ less from a straight line are left out; for what was drawn freehand.
    """
    if len(corners) < 3:
        return QgsGeometry()
    shape = QgsGeometry.fromPolygonXY([[*corners, corners[0]]])
    if tolerance > 0:
        shape = shape.simplify(tolerance)
    return areas_of(shape if shape.isGeosValid() else shape.makeValid())


def without(shape: QgsGeometry, others: Iterable[QgsGeometry]) -> QgsGeometry:
    """What of a shape none of the others covers; empty where they cover all of it."""
    engine = QgsGeometry.createGeometryEngine(shape.constGet())
    engine.prepareGeometry()
    touching = [each for each in others if engine.intersects(each.constGet())]
    if not touching:
        return shape
    covered = QgsGeometry.collectGeometry([part for each in touching for part in each.asGeometryCollection()])
    if not covered.isGeosValid():  # they overlap or cross themselves; else the union, which takes longest, is spared
        covered = QgsGeometry.unaryUnion([each.makeValid() for each in touching])
    return areas_of(shape.difference(covered))


def areas_of(shape: QgsGeometry) -> QgsGeometry:
    """The polygons of any geometry, lines and points at their edges left out; empty where there are none."""
    parts = [part for part in shape.asGeometryCollection() if part.type() == POLYGON and part.area() > 0]
    if not parts:
        return QgsGeometry()
    return parts[0] if len(parts) == 1 else QgsGeometry.collectGeometry(parts)


def overlap(one: QgsGeometry, other: QgsGeometry) -> float:
    """Intersection over union of two shapes; 1 where the other is a point in the first."""
    if other.type() != one.type():
        return float(one.contains(other))
    common = one.intersection(other).area()
    return common / (one.area() + other.area() - common) if common > 0 else 0.0


PATIENCE_MILLISECONDS = 50
"""How long another program may write to the file; QGIS's own commits take less."""


class LabelEditor:
    """Edits the labels of one layer.

    Args:
        layer: the label layer.
        link: what it is for.
    """

    def __init__(self, layer: QgsVectorLayer, link: Link) -> None:
        self.layer, self.link = layer, link
        self.last: QgsGeometry | None = None
        """The shape that was drawn last, to be copied."""

    @property
    def points(self) -> bool:
        """Whether labels are points, whose boxes are made when a run is."""
        return label_kind(self.layer) == POINTS

    def add(self, shape: QgsGeometry, name: str, keep_free: bool = False, model: str = "") -> None:
        """Add a label that a person has drawn, or had drawn.

        Args:
            shape: a polygon, in the layer's CRS.
            name: its class.
            keep_free: whether ground that has a label already is left out of it.
            model: the model that drew it for the person; empty where a hand did.

        Raises:
            GeoDistilError: nothing is left of it, or the layer does not take it.
        """
        drawn = shape
        if keep_free and not self.points:
            shape = without(shape, self._labels_in(shape.boundingBox()))
        if shape.isEmpty():
            raise GeoDistilError(
                "labels",
                tr("There is nothing left of this area: all of it has labels already."),
                tr("Turn the option off that keeps new areas from overlapping old ones."),
            )
        with self.step(tr("Draw {name}").format(name=name)):
            self._put(shape, name, model)
        self.last = QgsGeometry(drawn)
        self.layer.triggerRepaint()

    def put_suggested(self, shape: QgsGeometry, name: str, keep_free: bool, same: float, model: str) -> bool:
        """Make a label of a suggestion, inside a `step`.

        Args:
            shape: a polygon, in the layer's CRS.
            name: its class.
            keep_free: whether ground that has a label already is left out of it.
            same: intersection over union with a label, from which on that is the same object.
            model: what suggested it.

        Returns:
            Whether one was made: not where the object has a label already, or nothing is left of it.

        Raises:
            GeoDistilError: the layer does not take it.
        """
        if self.link.role != SEGMENTATION and self.has_label(shape, same):
            return False
        if keep_free and not self.points:
            shape = without(shape, self._labels_in(shape.boundingBox()))
        if shape.isEmpty():
            return False
        self._put(shape, name, model, ACCEPTED)
        return True

    def has_label(self, shape: QgsGeometry, same: float) -> bool:
        """Whether the object of a shape has a label already (see `put_suggested`), or most of an area has."""
        labels = self._labels_in(shape.boundingBox())
        if self.link.role == SEGMENTATION and not self.points:
            return without(shape, labels).area() <= (1 - same) * shape.area()
        return any(overlap(shape, each) >= same for each in labels)

    def change_class(self, ids: list[int], name: str) -> None:
        """Give labels another class.

        Raises:
            GeoDistilError: the layer does not take it.
        """
        index, value = self.layer.fields().lookupField(self.link.field), self._value(name)
        with self.step(tr("Change to {name}").format(name=name)):
            if not all(self.layer.changeAttributeValue(each, index, value) for each in ids):
                raise self._refusal()
        self.layer.triggerRepaint()

    def rename_class(self, before: str, name: str) -> None:
        """Give all labels of a class another name.

        Raises:
            GeoDistilError: the layer does not take it.
        """
        expression = f"to_string({_quoted(self.link.field)}) = '{_escaped(before)}'"
        request = QgsFeatureRequest().setFilterExpression(expression).setFlags(QgsFeatureRequest.Flag.NoGeometry)
        ids = [feature.id() for feature in self.layer.getFeatures(request)]
        if ids:
            self.change_class(ids, name)

    def delete(self, ids: list[int]) -> None:
        """Delete labels.

        Raises:
            GeoDistilError: the layer does not allow it.
        """
        with self.step(tr("Delete labels")):
            if not self.layer.deleteFeatures(ids):
                raise self._refusal()
        self.layer.triggerRepaint()

    def undo(self) -> None:
        """Take the last step back."""
        self.layer.undoStack().undo()
        self.layer.triggerRepaint()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.layer.undoStack().redo()
        self.layer.triggerRepaint()

    def save(self) -> None:
        """Write what was edited to the layer's data; editing goes on.

        Raises:
            GeoDistilError: the provider refuses, in its own words.
        """
        commit(self.layer, stop=False)

    def smallest_at(self, place: QgsRectangle) -> int | None:
        """The smallest label that touches a place, which is the one meant where labels lie in each other."""
        request = QgsFeatureRequest().setFilterRect(place).setFlags(QgsFeatureRequest.Flag.ExactIntersect)
        found = [(feature.geometry().area(), feature.id()) for feature in self.layer.getFeatures(request)]
        return min(found)[1] if found else None

    def select_at(self, place: QgsRectangle, adds: bool) -> None:
        """Select the smallest label at a place, or nothing; where it `adds`, one more, or one less."""
        found, chosen = self.smallest_at(place), self.layer.selectedFeatureIds()
        if not adds:
            self.layer.selectByIds([] if found is None else [found])
        elif found in chosen:
            self.layer.deselect(found)
        elif found is not None:
            self.layer.select(found)

    def shape_of(self, feature: int) -> QgsGeometry:
        """A label's geometry."""
        return self.layer.getGeometry(feature)

    def _labels_in(self, extent: QgsRectangle) -> Iterator[QgsGeometry]:
        request = QgsFeatureRequest().setFilterRect(extent).setNoAttributes()
        for feature in self.layer.getFeatures(request):
            yield feature.geometry()

    def _put(self, shape: QgsGeometry, name: str, model: str, origin: str = "") -> None:
        geometry = shape.centroid() if self.points else shape
        values = {ORIGIN: origin or (ACCEPTED if model else HAND), MODEL: model or None}
        if not all(self.layer.addFeature(each) for each in self._features(geometry, name, values)):
            raise self._refusal()

    def _features(self, geometry: QgsGeometry, name: str, made: dict[str, Any]) -> list[QgsFeature]:
        """A feature, or one for each part where the layer holds single ones only."""
        fields = self.layer.fields()
        values = {self.link.field: self._value(name), MADE_AT: QDateTime.currentDateTimeUtc(), **made}
        if fields.lookupField(ORIGIN) < 0:  # a layer of somebody's own, whose "model" is another thing
            del values[MODEL]
        attributes = {fields.lookupField(key): value for key, value in values.items() if fields.lookupField(key) >= 0}
        shapes = geometry.coerceToType(self.layer.wkbType()) or [geometry]
        return [QgsVectorLayerUtils.createFeature(self.layer, each, attributes) for each in shapes]

    def _value(self, name: str) -> Any:
        """A class's name as the class field holds it."""
        field = self.layer.fields().at(self.layer.fields().lookupField(self.link.field))
        return name if is_text(field) else int(name)

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """A context: what is edited inside is one step of undo, in an edit session that is begun where there is none.

        Args:
            words: what QGIS calls the step.

        Raises:
            GeoDistilError: the layer cannot be edited.
        """
        if sentence := layer_problem(self.layer, self.link.field, []):
            raise GeoDistilError("labels", sentence)
        if not self.layer.isEditable() and not self.layer.startEditing():
            raise self._refusal()
        self.layer.beginEditCommand(words)
        try:
            yield
        except BaseException:
            self.layer.destroyEditCommand()
            raise
        self.layer.endEditCommand()

    def _refusal(self) -> GeoDistilError:
        return GeoDistilError(
            "labels",
            tr("The layer {layer} does not take this edit.").format(layer=self.layer.name()),
            tr("Save its edits, and look whether another program has it open."),
        )


def commit(layer: QgsVectorLayer, stop: bool) -> None:
    """Write a layer's edits to its data.

    Args:
        layer: in an edit session or not.
        stop: whether the edit session ends.

    Raises:
        GeoDistilError: the provider refuses; the edits stay in QGIS.
    """
    if not layer.isEditable() or not (
        stop or layer.isModified()
    ):  # QGIS 3.22 loses the fields of what it saves for nothing
        return
    if layer.isModified() and _is_locked(layer):
        raise GeoDistilError(
            "labels",
            tr("Another program is writing to the file of the layer {layer}.").format(layer=layer.name()),
            tr("Your edits are still here: try again when it is done."),
        )
    if not layer.commitChanges(stop):
        reason = next((each for each in reversed(layer.commitErrors()) if each.strip()), "")
        raise GeoDistilError(
            "labels",
            tr("The edits of the layer {layer} cannot be saved: {reason}.").format(
                layer=layer.name(), reason=reason.strip(" .\n")
            ),
            tr("They are still here: try again, or save the layer under another name."),
        )


def _is_locked(layer: QgsVectorLayer) -> bool:
    """Whether a GeoPackage is locked now. QGIS would wait for half a minute, and lose sight of the layer's fields."""
    path = geopackage(layer)
    if path is None or not path.exists():
        return False
    gdal.ErrorReset()
    try:
        file = gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_UPDATE)
        if file is None:
            return True
        file.ReleaseResultSet(file.ExecuteSQL(f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}"))
        file.StartTransaction()
        file.ExecuteSQL("UPDATE gpkg_contents SET last_change = last_change")  # of every layer, which changes nothing
        locked = gdal.GetLastErrorNo() != 0
        file.RollbackTransaction()
    except RuntimeError:  # as GDAL says it, where another plugin wants exceptions
        return True
    return locked


def _quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")
