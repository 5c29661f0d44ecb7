"""Coordinate reference systems that outlive the thread that made them, and extents of what a view shows.

QGIS keeps those that any thread has made for all others, and takes the definition away when that thread ends (seen in
3.22; foreseen in https://github.com/qgis/QGIS/pull/33939). What others have of it then is valid and has its code, but
`toWkt()` is empty: files are written without a coordinate reference system, and measures are not a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QThread

from .errors import GeoDistilError
from .translation import tr


@contextmanager
def of_this_thread() -> Iterator[None]:
    """What the thread makes inside, no other thread is given afterwards; whoever has it already keeps it whole."""
    try:
        yield
    finally:
        if not _is_main():
            _forget()


def remade(project: QgsProject) -> None:
    """Make a project's on the main thread after `of_this_thread`, before another thread does; elsewhere do nothing."""
    if not _is_main():  # an algorithm inside a model ends on the model's thread
        return
    codes = {each.crs().authid() for each in (project, *project.mapLayers().values())}
    for code in codes - {""}:
        QgsCoordinateReferenceSystem(code)


def whole(crs: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
    """The same with its definition, where a thread of QGIS's own or another plugin's took it along."""
    if not crs.isValid() or crs.toWkt():
        return crs
    _forget()
    return QgsCoordinateReferenceSystem(crs.authid())


def with_definition(crs: QgsCoordinateReferenceSystem, name: str) -> QgsCoordinateReferenceSystem:
    """A layer's, `whole`, for a file to be written; a layer without any stays without.

    Args:
        crs: a layer's.
        name: the layer's.

    Raises:
        GeoDistilError: it has lost its definition, and has no code by which it is found again.
    """
    found = whole(crs)
    if crs.isValid() and not found.isValid():
        raise GeoDistilError(
            "layer",
            tr("QGIS has lost the definition of {layer}'s coordinate reference system.").format(layer=name),
            tr("Restart QGIS, or set it again in the layer's properties."),
        )
    return found


def transform_between(
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsProject | QgsCoordinateTransformContext,
) -> QgsCoordinateTransform:
    """From one to the other, both `whole`: without its definition, QGIS leaves coordinates as they are."""
    return QgsCoordinateTransform(whole(source), whole(target), context)


def _is_main() -> bool:
    return QThread.currentThread() == QCoreApplication.instance().thread()


def _forget() -> None:
    QgsCoordinateReferenceSystem.invalidateCache()
    QgsCoordinateTransform.invalidateCache()


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
