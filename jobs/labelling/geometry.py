"""Shapes that people draw, in the label layer's CRS."""

from __future__ import annotations

import math
from collections.abc import Iterable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsUnitTypes,
    QgsWkbTypes,
)

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
