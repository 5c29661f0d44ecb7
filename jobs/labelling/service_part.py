"""Of a web service that is labelled: which part is fetched to learn from, and how fine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from statistics import median

from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer

from ..extents import ground_size, view_on
from ..sources.draft import AREA_LAYER, SourceDraft
from ..tiles.ordering import Order, order_for, refuse_many
from ..translation import tr

MARGIN = 128
"""Pixels around what is labelled, which half a chip of the usual size sees."""

LOOKED_AT = 200
"""Labels by whose size pixels are chosen."""

ACROSS = 32
"""Pixels of a label of middling size, where no model says how fine imagery is to be."""


def put_part(sources: list[SourceDraft], raster: QgsRasterLayer, gsd: float, project: QgsProject) -> None:
    """Have all sources of a service's layer fetch the same part: what is labelled, with a margin.

    Args:
        sources: with labels, whose extents and pixel sizes are set.
        raster: the service's layer.
        gsd: metres of a pixel that the model is used to; 0 chooses by the size of the labels.
        project: where the layers are.

    Raises:
        GeoDistilError: the service has nothing there, or it is too much to be fetched without being asked about.
    """
    pixel = gsd or _pixel(sources, project)
    inner = QgsRectangle()
    for each in sources:
        area = project.mapLayer(each.area_layer if each.area == AREA_LAYER else each.labels)
        area.updateExtents()  # what was drawn just now may not be in it
        inner.combineExtentWith(view_on(area.extent(), area.crs(), raster, project))
    metres = ground_size(raster.crs(), inner.center(), 1, 1) or 1.0
    inner.grow(max(each.box_size for each in sources) / 2 / metres)  # points stand for the boxes around them
    order = _order(raster, inner, pixel, project)
    order = _order(raster, inner.buffered(MARGIN * order.estimate.resolution), pixel, project)
    refuse_many(order, tr("Label less ground, or fetch the part that you label first, with Fetch imagery."))
    part = order.extent
    for each in sources:
        each.extent = part.xMinimum(), part.yMinimum(), part.xMaximum(), part.yMaximum()
        each.pixel_size = pixel


def _order(raster: QgsRasterLayer, extent: QgsRectangle, pixel: float, project: QgsProject) -> Order:
    return order_for(raster, extent, raster.crs(), pixel, project)


def _pixel(sources: list[SourceDraft], project: QgsProject) -> float:
    """Metres of a pixel with which labels of middling size are easily seen; 0, the finest, where they have none."""
    sizes = [
        size
        for each in sources
        for size in ([each.box_size] if each.box_size else _sizes(project.mapLayer(each.labels)))
    ]
    return round(median(sizes) / ACROSS, 3) if sizes else 0.0


def _sizes(layer: QgsVectorLayer) -> Iterator[float]:
    """Sides in metres of squares as large as the boxes of some labels."""
    for feature in islice(layer.getFeatures(), LOOKED_AT):
        box = feature.geometry().boundingBox()
        if box.width() and box.height():
            yield ground_size(layer.crs(), box.center(), box.width(), box.height()) or 0.0
