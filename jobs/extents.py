"""Extents: what a view shows of a raster, and how the engine's `predict` is told of a part."""

from __future__ import annotations

import math

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)

from .reference_systems import transform_between, whole


def view_on(
    view: QgsRectangle, crs: QgsCoordinateReferenceSystem, raster: QgsRasterLayer, project: QgsProject
) -> QgsRectangle:
    """A view in a raster's CRS; empty where that cannot be said.

    Args:
        view: in `crs`.
        crs: the view's; one that is not valid is the raster's.
        raster: what is looked at.
        project: knows how coordinates are transformed.
    """
    try:
        return transform_between(crs, raster.crs(), project).transformBoundingBox(view)
    except QgsCsException:
        return QgsRectangle()


def extent_arguments(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem | None = None) -> list[str]:
    """`predict`'s options for a part of a raster; none as CRS, or one that is not valid, means the raster's."""
    corners = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())
    arguments = ["--extent", *(f"{each:.9f}" for each in corners)]  # an exponent would look like an option
    return [*arguments, "--extent-crs", crs.authid() or crs.toWkt()] if crs is not None and crs.isValid() else arguments


def ground_size(crs: QgsCoordinateReferenceSystem, middle: QgsPointXY, across: float, down: float) -> float | None:
    """The side of a square as large as a pixel, in metres on the ellipsoid; none where it cannot be told.

    Args:
        crs: of the others.
        middle: where the pixel is.
        across: its width.
        down: its height.
    """
    distance = QgsDistanceArea()
    distance.setSourceCrs(whole(crs), QgsCoordinateTransformContext())  # no project: any thread may ask
    distance.setEllipsoid(crs.ellipsoidAcronym() or "EPSG:7030")
    ends = QgsPointXY(middle.x() + across, middle.y()), QgsPointXY(middle.x(), middle.y() + down)
    sides = [
        distance.convertLengthMeasurement(distance.measureLine(middle, end), QgsUnitTypes.DistanceUnit.DistanceMeters)
        for end in ends
    ]
    return math.sqrt(sides[0] * sides[1]) or None


def sides(part: QgsRectangle, raster: QgsRasterLayer, project: QgsProject) -> tuple[float, float]:
    """Width and height of a part of a raster on the ground, in metres."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(whole(raster.crs()), project.transformContext())
    measure.setEllipsoid(raster.crs().ellipsoidAcronym() or "EPSG:7030")
    middle = part.center()
    lines = (
        (QgsPointXY(part.xMinimum(), middle.y()), QgsPointXY(part.xMaximum(), middle.y())),
        (QgsPointXY(middle.x(), part.yMinimum()), QgsPointXY(middle.x(), part.yMaximum())),
    )
    return tuple(measure.measureLine(*line) for line in lines)
