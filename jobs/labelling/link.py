"""What belongs together while labelling, and the rounds of learning: kept by the label layer, told to the wizard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from qgis.core import QgsFeatureRequest, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from ..classes import PALETTE
from ..given import given
from ..runs.files import MODEL_FOLDER
from ..runs.history import MAIN
from ..runs.state import RunState
from ..sources.draft import AREA_LAYER, HULL, SourceDraft
from ..sources.facts import POINTS, label_kind

LINK_PROPERTY = "geodistil/labelling"


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
    layer.setCustomProperty(LINK_PROPERTY, json.dumps(asdict(link), ensure_ascii=False))


def read_link(layer: QgsMapLayer | None) -> Link | None:
    """What a layer's note says; none where it has none that can be read."""
    if not isinstance(layer, QgsVectorLayer):
        return None
    try:
        values = json.loads(layer.customProperty(LINK_PROPERTY, ""))
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


ROUNDS_PROPERTY = "geodistil/rounds"
MOST = 200
"""Rounds that are remembered."""


@dataclass(frozen=True)
class Round:
    """One round.

    Args:
        run: its run folder.
        time: when it began, in seconds since 1970.
        labels: how many there were.
        before: main scores of the model that it went on from, by name; empty where it began anew, or nothing is
            labelled on validation ground.
        after: those of its own model.
        done: whether it has finished.
    """

    run: str
    time: float
    labels: int
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    done: bool = False

    @property
    def model(self) -> Path:
        """Its model package."""
        return Path(self.run) / MODEL_FOLDER


def read_rounds(layer: QgsVectorLayer) -> list[Round]:
    """The rounds of a layer, the oldest first; those that cannot be read are left out."""
    try:
        entries = json.loads(layer.customProperty(ROUNDS_PROPERTY, "") or "[]")
        return [_sound(Round(**each)) for each in entries]
    except (TypeError, ValueError, AttributeError):  # another version's
        return []


def note_round(layer: QgsVectorLayer, new: Round) -> None:
    """Remember a round, instead of what is known of the same run."""
    rounds = [each for each in read_rounds(layer) if each.run != new.run]
    _write(layer, [*rounds, new])


def forget_round(layer: QgsVectorLayer, run: str) -> None:
    """A round came to nothing."""
    _write(layer, [each for each in read_rounds(layer) if each.run != run])


def scores(state: RunState) -> tuple[dict[str, float], dict[str, float]]:
    """Main scores on the validation ground: of the model that a run went on from, and of its own."""
    stages = state.history.stages
    first = [points[0] for points in stages[-1].metrics.values() if points] if stages else []
    before = next((values for step, values in first if step == 0), {}) if _went_on(state) else {}
    outputs = state.history.ending.get("outputs")
    return _main(before), _main(outputs.get("metrics") if isinstance(outputs, dict) else {})


def _went_on(state: RunState) -> bool:
    return bool(state.section("recipe").get("start_from"))


def _main(values: Any) -> dict[str, float]:
    known = values if isinstance(values, Mapping) else {}
    return {name: float(known[name]) for name in MAIN if isinstance(known.get(name), (int, float))}


def _sound(one: Round) -> Round:
    if not isinstance(one.run, str) or not isinstance(one.time, (int, float)) or not isinstance(one.labels, int):
        raise TypeError("not a round")
    _main(one.before), _main(one.after)
    return one


def _write(layer: QgsVectorLayer, rounds: list[Round]) -> None:
    layer.setCustomProperty(ROUNDS_PROPERTY, json.dumps([asdict(each) for each in rounds[-MOST:]]))


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
