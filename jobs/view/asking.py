"""What the engine is asked for a view: which raster, which part of it, and whether that is not too much."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import (
    QgsMapLayer,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)

from ..errors import GeoDistilError
from ..extents import extent_arguments, sides, view_on
from ..layers.styled import LEVEL
from ..snapshots import raster_path
from ..tiles.ordering import Order, order_for
from ..tiles.service import is_service
from ..translation import local, local_brief, tr
from ..virtual import permission

MOST_MEGAPIXELS = 16.0
"""Of the model's own pixels: what a small processor predicts in some ten seconds."""

RASTER_CODE = "raster"


class Question(NamedTuple):
    """What the engine is asked.

    Args:
        model: the package.
        raster: the imagery's file; empty where it is to be fetched first.
        part: of it, in its CRS.
        megapixels: how much of the model's own pixels that is.
        order: what is fetched of a service; none where the imagery is a file.
    """

    model: str
    raster: str
    part: QgsRectangle
    megapixels: float
    order: Order | None = None

    def arguments(self, fetched: str = "") -> list[str]:
        """Of the engine's `predict`; with the file that was fetched, where one had to be."""
        raster = fetched or self.raster
        return [self.model, raster, *extent_arguments(self.part), *permission([raster])]


def question(
    model: Path, card: dict[str, Any], raster: QgsRasterLayer, settings: QgsMapSettings, project: QgsProject
) -> Question:
    """What a map shows of a raster, as a question to the engine.

    Args:
        model: the package.
        card: its card.
        raster: the imagery.
        settings: the map's.
        project: knows how coordinates are transformed.

    Raises:
        GeoDistilError: the raster is neither a file nor a service, is not seen, or too much of it is.
    """
    service = is_service(raster)
    path = "" if service else raster_path(raster)
    view = view_on(settings.visibleExtent(), settings.destinationCrs(), raster, project)
    part = seen_part(raster, view)
    megapixels = math.prod(sides(part, raster, project)) / card["gsd"] ** 2 / 1e6
    if megapixels > MOST_MEGAPIXELS:
        # The raster may fill no more than a part of this view, but all of the nearer one.
        whole = math.prod(sides(view, raster, project)) / card["gsd"] ** 2 / 1e6
        scale = settings.scale() * math.sqrt(MOST_MEGAPIXELS / whole)
        raise GeoDistilError(
            RASTER_CODE,
            tr("The view has {count} million of the pixels of {gsd} m that the model {model} sees, too many.").format(
                count=local(megapixels, 0), gsd=local_brief(card["gsd"]), model=card["name"]
            ),
            tr("Zoom in to 1:{scale} or closer, or use Predict for the whole raster.").format(
                scale=local(_rounded(scale), 0)
            ),
        )
    order = order_for(raster, part, raster.crs(), card["gsd"], project) if service else None
    return Question(str(model), path, part, megapixels, order)


def seen_part(raster: QgsRasterLayer, view: QgsRectangle) -> QgsRectangle:
    """What a view shows of a raster.

    Raises:
        GeoDistilError: nothing.
    """
    part = view.intersect(raster.extent())
    if part.isEmpty() or not part.isFinite():
        raise GeoDistilError(
            RASTER_CODE,
            tr("The view shows nothing of {layer}.").format(layer=raster.name()),
            tr("Choose the raster that is seen, or zoom to this one."),
        )
    return part


def is_imagery(layer: QgsMapLayer | None) -> bool:
    """Whether this may be what a view is predicted of: a raster of GDAL's that no prediction made, or a web service."""
    return (
        isinstance(layer, QgsRasterLayer)
        and (layer.providerType() == "gdal" or is_service(layer))
        and layer.customProperty(LEVEL) is None
    )


def _rounded(scale: float) -> float:
    """Down to two digits, so that it is small enough."""
    digit = 10 ** max(0, math.floor(math.log10(max(scale, 1))) - 1)
    return math.floor(scale / digit) * digit
