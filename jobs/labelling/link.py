"""What belongs together while labelling; the label layer's custom properties keep it, so it comes with the project."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from ..classes import PALETTE

PROPERTY = "geodistil/labelling"


@dataclass(frozen=True)
class LabelClass:
    """A class that labels can have: its name, which is the value in the class field, and its colour (#rrggbb)."""

    name: str
    color: str


@dataclass(frozen=True)
class Link:
    """What a label layer is for.

    Args:
        raster: id of the raster layer that is labelled.
        raster_source: its data source, by which it is found where it was added anew.
        role: detection or segmentation.
        field: the class field.
        area: id of the layer of its labelled area.
        classes: in the order of their keys.
        box_size: side of the box around a point, in metres.
    """

    raster: str
    raster_source: str
    role: str
    field: str
    area: str = ""
    classes: tuple[LabelClass, ...] = ()
    box_size: float = 4.0

    def names(self) -> list[str]:
        """The classes' names."""
        return [each.name for each in self.classes]


def write_link(layer: QgsVectorLayer, link: Link) -> None:
    """Note on a label layer what it is for."""
    layer.setCustomProperty(PROPERTY, json.dumps(asdict(link), ensure_ascii=False))


def read_link(layer: QgsMapLayer | None) -> Link | None:
    """What a layer's note says; none where it has none that can be read."""
    if not isinstance(layer, QgsVectorLayer):
        return None
    try:
        values = json.loads(layer.customProperty(PROPERTY, ""))
        return Link(**{**values, "classes": tuple(LabelClass(**each) for each in values["classes"])})
    except (TypeError, ValueError, KeyError):  # none, or another version's
        return None


def label_layers(project: QgsProject) -> list[QgsVectorLayer]:
    """The project's label layers, by name."""
    layers = [layer for layer in project.mapLayers().values() if read_link(layer) is not None]
    return sorted(layers, key=lambda layer: layer.name().casefold())


def raster_of(link: Link, project: QgsProject) -> QgsRasterLayer | None:
    """The raster that is labelled; none where it is not in the project."""
    known = project.mapLayer(link.raster)
    if isinstance(known, QgsRasterLayer):
        return known
    rasters = [layer for layer in project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    return next((layer for layer in rasters if layer.source() == link.raster_source), None)


def area_of(link: Link, project: QgsProject) -> QgsVectorLayer | None:
    """The layer of the labelled area; none where it is not in the project or cannot be read."""
    layer = project.mapLayer(link.area)
    return layer if isinstance(layer, QgsVectorLayer) and layer.isValid() else None


def with_new_values(link: Link, values: list[str]) -> Link:
    """The link with a class for each of these values that has none yet."""
    new = [value for value in values if value not in link.names()]
    added = [LabelClass(value, next_color(len(link.classes) + place)) for place, value in enumerate(new)]
    return replace(link, classes=(*link.classes, *added))


def next_color(place: int) -> str:
    """The colour that a class at this place gets at first."""
    return PALETTE[place % len(PALETTE)]
