"""What the training wizard is told of labels that were made here."""

from __future__ import annotations

from qgis.core import QgsFeatureRequest, QgsProject, QgsVectorLayer

from ..given import given
from ..sources.draft import AREA_LAYER, HULL, SourceDraft
from ..sources.facts import POINTS, label_kind
from .link import area_of, label_layers, raster_of, read_link


def suggested_sources(raster: str, project: QgsProject) -> list[SourceDraft]:
    """The sources that a raster makes: one for each of its label layers that has labels, else one without.

    Args:
        raster: id of the raster layer.
        project: where its label layers are.
    """
    found = []
    for layer in label_layers(project):
        link = given(read_link(layer))
        known = raster_of(link, project)
        if known is None or known.id() != raster or not layer.isValid() or not _has_features(layer):
            continue
        source = SourceDraft(raster, link.role, layer.id(), link.field)
        area = area_of(link, project)
        if area is not None and _has_features(area):
            source.area, source.area_layer = AREA_LAYER, area.id()
        else:
            source.area = HULL  # nothing was called complete, so ground elsewhere is not background
        if label_kind(layer) == POINTS:
            source.box_size = link.box_size
        found.append(source)
    return found or [SourceDraft(raster)]


def _has_features(layer: QgsVectorLayer) -> bool:
    """Looked for: the count of a new GeoPackage layer is not known."""
    return next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None) is not None
