"""What is to be fetched: settled on the main thread, where layers live, and then a worker's."""

from __future__ import annotations

from typing import NamedTuple

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle

from ..errors import GeoDistilError
from ..extents import view_on
from ..translation import tr
from .plan import Estimate, estimate
from .service import Service, service_of


class Order(NamedTuple):
    """A part of a service.

    Args:
        service: the service.
        extent: in its CRS.
        estimate: gives the resolution.
    """

    service: Service
    extent: QgsRectangle
    estimate: Estimate


def order_for(
    layer: QgsRasterLayer, view: QgsRectangle, crs: QgsCoordinateReferenceSystem, pixel: float, project: QgsProject
) -> Order:
    """An order for a view of a layer; for the main thread.

    Args:
        layer: of a service.
        view: in `crs`.
        crs: the view's; one that is not valid is the layer's.
        pixel: ground metres of a pixel; 0 is the finest that there is.
        project: knows how coordinates are transformed.

    Raises:
        GeoDistilError: the layer is no service, shows nothing there, or it is absurdly much.
    """
    service = service_of(layer)
    extent = view_on(view, crs if crs.isValid() else layer.crs(), layer, project)
    return Order(service, extent, estimate(service, extent, pixel))


def refuse_many(order: Order, hint: str) -> None:
    """Refuse what a person ought to be asked about, where nobody can be.

    Raises:
        GeoDistilError: it is so much.
    """
    if order.estimate.many:
        raise GeoDistilError("raster", tr("That is much imagery: {size}").format(size=order.estimate.text), hint)
