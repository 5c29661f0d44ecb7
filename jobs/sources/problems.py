"""What is wrong with a source, said at the field it is wrong in."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer

from ..classes import MOST_CLASSES
from .counting import LabelCounts
from .draft import AREA_LAYER, DETECTION, SEGMENTATION, Draft, SourceDraft
from .facts import CLASS_RASTER, LINES, OTHER, POINTS, POLYGONS, label_kind, raster_facts

Problems = dict[str, str]
"""Name of a `SourceDraft` field -> a sentence."""


def source_problems(source: SourceDraft, counts: LabelCounts | None, project: QgsProject) -> Problems:
    """The mistakes in one source, by field; empty where there are none.

    Args:
        source: what was chosen.
        counts: its labels; none while they are being counted.
        project: where its layers are.
    """
    raster = project.mapLayer(source.raster)
    if not isinstance(raster, QgsRasterLayer) or not raster.isValid():
        return {"raster": "This raster is no longer in the project."}
    problems = {"raster": _raster_problem(raster), "extent": _extent_problem(source, raster)}
    if source.labelled:
        problems.update(_label_problems(source, project))
        if counts is not None and not any(problems.values()):
            problems.update(_count_problems(source, counts, raster, project))
    return {field: sentence for field, sentence in problems.items() if sentence}


def draft_problem(draft: Draft) -> str:
    """What is wrong with the sources together; empty where nothing is."""
    if not draft.sources:
        return "Add the imagery to learn from."
    if not any(source.labelled for source in draft.sources):
        return "Nothing is labelled yet: give at least one raster the role detection or segmentation, and its labels."
    return ""


def _raster_problem(raster: QgsRasterLayer) -> str:
    if not raster.dataProvider().crs().isValid():
        return (
            f"The raster {raster.name()} has no coordinate reference system. "
            "Set it in the file with Raster > Projections > Assign Projection."
        )
    return ""


def _extent_problem(source: SourceDraft, raster: QgsRasterLayer) -> str:
    facts = raster_facts(raster)
    if facts.path or not facts.crs.isValid():
        return ""
    if source.extent is None:
        return f"{facts.name} is no file: choose the extent that is to be exported."
    west, south, east, north = source.extent
    if west >= east or south >= north:
        return "The extent is empty."
    if not source.pixel_size and not facts.columns:
        return f"{facts.name} has no pixel size of its own: give one."
    return ""


def _label_problems(source: SourceDraft, project: QgsProject) -> Problems:
    labels, area = project.mapLayer(source.labels), project.mapLayer(source.area_layer)
    problems = {"labels": _geometry_problem(source.role, labels)}
    if problems["labels"]:
        return problems
    if label_kind(labels) == POINTS and not source.box_size:
        problems["box_size"] = f"{labels.name()} has points: give the side of the box around each, in metres."
    if label_kind(labels) != CLASS_RASTER and source.field and labels.fields().lookupField(source.field) < 0:
        problems["field"] = f"{labels.name()} has no field {source.field}."
    if source.area == AREA_LAYER:
        problems["area_layer"] = _area_problem(area)
    return problems


def _geometry_problem(role: str, labels: QgsMapLayer | None) -> str:
    if labels is None:
        return "Choose the layer that has the labels."
    kind, name = label_kind(labels), labels.name()
    if kind == OTHER:
        return f"The layer {name} has no geometry."
    if not labels.crs().isValid():
        return f"The layer {name} has no coordinate reference system: set it with Layer > Set CRS."
    if kind == LINES:
        return f"{name} has lines; labels are areas. Buffer them to the width of what they show."
    if role == DETECTION and kind == CLASS_RASTER:
        return f"{name} is a raster; detection needs polygons or points."
    if kind == CLASS_RASTER and not raster_facts(labels).path:
        return f"{name} is no raster file. Save it as GeoTIFF with Export > Save As and choose that layer."
    if role == SEGMENTATION and kind == POINTS:
        return f"{name} has points; segmentation needs polygons or a class raster."
    return ""


def _area_problem(area: QgsMapLayer | None) -> str:
    if area is None:
        return "Choose the layer that outlines the labelled area."
    if label_kind(area) != POLYGONS:
        return f"{area.name()} has no polygons; a labelled area is made of polygons."
    return "" if area.crs().isValid() else f"The layer {area.name()} has no coordinate reference system."


def _count_problems(source: SourceDraft, counts: LabelCounts, raster: QgsRasterLayer, project: QgsProject) -> Problems:
    problems, labels = {}, project.mapLayer(source.labels)
    if counts.too_many or len(counts.by_value) > MOST_CLASSES:
        where = f"The field {source.field}" if source.field else f"The layer {labels.name()}"
        problems["field"] = f"{where} has more than {MOST_CLASSES} different values; choose a field of classes."
    elif not counts.by_value and counts.without_value:
        problems["field"] = f"All {counts.without_value} labels on this raster are without a value in this field."
    elif not counts.by_value:
        problems["labels"] = f"No label of {labels.name()} lies on {raster.name()}."
    if counts.in_area == 0:
        problems["area_layer"] = f"No polygon of {project.mapLayer(source.area_layer).name()} lies on {raster.name()}."
    return problems
