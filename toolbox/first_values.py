"""What a dialog that the menu opens has chosen already: the active raster, and for each task labels of its own."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsApplication,
    QgsMapLayer,
    QgsMapSettings,
    QgsPalettedRasterRenderer,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..jobs.given import given
from ..jobs.labelling.link import label_layers, raster_of, read_link
from ..jobs.sources.facts import POINTS, POLYGONS, label_kind, likely_class_field
from ..jobs.tiles.service import is_service
from .parameters import LABELS

CLASS_MAP = "CLASS_MAP"


def first_values(
    algorithm: str, active: QgsMapLayer | None, project: QgsProject, view: QgsMapSettings | None = None
) -> dict[str, Any]:
    """Values for an algorithm's layers; what Processing would choose stays where nothing better is known.

    Args:
        algorithm: its id.
        active: the layer that is active in QGIS.
        project: where its layers are.
        view: the map's; its extent is the first of what is fetched.

    Returns:
        Ids of layers, names of class fields, extents, by parameter.
    """
    found = QgsApplication.processingRegistry().algorithmById(algorithm)
    definitions = {each.name(): each for each in found.parameterDefinitions()} if found is not None else {}
    values: dict[str, Any] = {
        name: _raster(active, project, classes=name == CLASS_MAP)
        for name, each in definitions.items()
        if _required(each) and isinstance(each, QgsProcessingParameterRasterLayer)
    }
    if "LAYER" in definitions and view is not None:
        values.update(_of_service(active, project, view))
    for role in LABELS:
        name = role.upper()
        if f"{name}_RASTERS" in definitions:
            taken = {value for other, value in values.items() if other.endswith("_LABELS")}
            values.update(
                _linked(role, project) or _unlinked(role, project, taken, _required(definitions[f"{name}_RASTERS"]))
            )
    imagery = [name for name, each in definitions.items() if name.endswith("_RASTERS") and _required(each)]
    if imagery and not any(values.get(name) for name in imagery):
        values[imagery[0]] = [_raster(active, project, classes=False)]
    return {name: value for name, value in values.items() if value and value != [""]}


def _of_service(active: QgsMapLayer | None, project: QgsProject, view: QgsMapSettings) -> dict[str, Any]:
    """What the map shows of the service that is active, or the first there is."""
    layers = [active, *(node.layer() for node in project.layerTreeRoot().findLayers())]
    extent, crs = view.visibleExtent(), view.destinationCrs().authid()
    corners = ",".join(
        str(each) for each in (extent.xMinimum(), extent.xMaximum(), extent.yMinimum(), extent.yMaximum())
    )
    found = next((layer.id() for layer in layers if is_service(layer)), "")
    return {"LAYER": found, "EXTENT": f"{corners} [{crs}]" if found and crs else ""}


def _required(parameter: QgsProcessingParameterDefinition) -> bool:
    return not parameter.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional


def _raster(active: QgsMapLayer | None, project: QgsProject, classes: bool) -> str:
    """The active raster; else the topmost that is seen and is a class map, or is none."""
    if isinstance(active, QgsRasterLayer):
        return active.id()
    seen = [layer for layer in project.layerTreeRoot().checkedLayers() if isinstance(layer, QgsRasterLayer)]
    fitting = [layer for layer in seen if isinstance(layer.renderer(), QgsPalettedRasterRenderer) == classes]
    return fitting[0].id() if fitting else ""


def _linked(role: str, project: QgsProject) -> dict[str, Any]:
    """A task's layers as the labelling dock knows them; empty where it knows none."""
    links = [(layer, given(read_link(layer))) for layer in label_layers(project)]
    fitting = next((each for each in links if each[1].role == role), None)
    if fitting is None:
        return {}
    layer, link = fitting
    raster, name = raster_of(link, project), role.upper()
    area = link.area if project.mapLayer(link.area) is not None else ""
    values = {f"{name}_LABELS": layer.id(), f"{name}_FIELD": link.field, f"{name}_AREA": area}
    return {**values, f"{name}_RASTERS": [raster.id()] if raster is not None else []}


def _unlinked(role: str, project: QgsProject, taken: set[str], required: bool) -> dict[str, Any]:
    """The first label layer that no other task has: Processing itself would choose the same one for all of them."""
    if not required:
        return {}
    kinds = (POINTS, POLYGONS) if role == "detection" else (POLYGONS,)
    layers = [node.layer() for node in project.layerTreeRoot().findLayers()]
    usable = [each for each in layers if isinstance(each, QgsVectorLayer) and label_kind(each) in kinds]
    free = [each for each in usable if each.id() not in taken and read_link(each) is None]
    if not free:
        return {}
    layer = min(free, key=lambda each: kinds.index(label_kind(each)))
    return {f"{role.upper()}_LABELS": layer.id(), f"{role.upper()}_FIELD": likely_class_field(layer)}
