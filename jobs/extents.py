"""Extents: what a view shows of a raster, and how the engine's `predict` is told of a part."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)


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
        return QgsCoordinateTransform(crs, raster.crs(), project).transformBoundingBox(view)
    except QgsCsException:
        return QgsRectangle()


def extent_arguments(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem | None = None) -> list[str]:
    """`predict`'s options for a part of a raster; none as CRS, or one that is not valid, means the raster's."""
    corners = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())
    arguments = ["--extent", *(f"{each:.9f}" for each in corners)]  # an exponent would look like an option
    return [*arguments, "--extent-crs", crs.authid() or crs.toWkt()] if crs is not None and crs.isValid() else arguments
