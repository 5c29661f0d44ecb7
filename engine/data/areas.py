"""Labelled areas: inside them the absence of a label means background, outside them nothing counts."""

from __future__ import annotations

import shapely
from shapely import Geometry

from ..config import Area, Source
from ..errors import LabelError
from ..types import given
from .class_raster import ClassRaster
from .grid import Grid
from .masks import polygons_of
from .raster import RasterReader
from .vector_labels import VectorLabels
from .vectors import Layer, Skip, read_features


class TruthElsewhere(LabelError):
    """Labels, or the area where they are complete, do not touch the ground that they are wanted for."""


def labelled_area(
    source: Source, reader: RasterReader, labels: VectorLabels | ClassRaster | None, skip: Skip | None = None
) -> Geometry:
    """A source's labelled area inside its raster, in grid pixels; the whole raster for unlabelled sources.

    A class raster labels no more than it covers. `skip` is told which features of a layer are left out.

    Raises:
        LabelError: the area's layer is missing, empty or without polygons.
        TruthElsewhere: it does not touch the raster.
    """
    raster = reader.outline()
    if labels is None:
        return raster
    area = raster if source.area.kind == "raster" else _area(source.area, reader.grid, labels, skip)
    if isinstance(labels, ClassRaster):
        area = shapely.intersection(area, labels.hull())
    area = polygons_of(shapely.intersection(area, raster))
    if area.is_empty:
        raise TruthElsewhere(
            f"The labelled area of {source.name or source.raster} does not touch its raster {source.raster}.",
            "Choose the area that belongs to this raster, or check the coordinate reference systems.",
        )
    return area


def _area(area: Area, grid: Grid, labels: VectorLabels | ClassRaster, skip: Skip | None) -> Geometry:
    if area.kind == "hull":
        return labels.hull()
    layer = Layer(given(area.path), area.layer, None, area.where, purpose="labelled area's layer")
    geometries = read_features(layer, grid, skip).geometries
    if len(geometries) and (shapely.get_dimensions(geometries) != 2).all():
        raise LabelError(f"{layer} has no polygons; a labelled area is made of polygons.")
    return polygons_of(shapely.union_all(geometries))
