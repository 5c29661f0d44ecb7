"""Ground that two models are scored on, held against the ground that they were trained on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..errors import GeoDistilError
from ..labelling.link import area_of, label_layers, raster_of, read_link
from ..packages import run_of
from ..progress import spoken
from ..reading import geometry_of
from ..reference_systems import transform_between
from ..run_folder import RUN_FILE
from ..snapshots import raster_path
from ..sources.facts import CLASS_RASTER, POLYGONS, label_kind, likely_class_field
from ..text_files import read_json
from ..tiles.service import is_service
from ..translation import local, tr
from ..view.layers import TEMPORARY
from .shelf import Model

LEAST = 0.0005
"""Smaller shares are slivers along blocks' borders."""

DEGREES = "EPSG:4326"


def trained_on(model: Model, crs: QgsCoordinateReferenceSystem) -> QgsGeometry | None:
    """The ground that has trained a model, in a CRS; none where its card does not say.

    Args:
        model: a sound one.
        crs: any.
    """
    try:
        geometry = geometry_of(model.card.get("geometry"))
    except ValueError:
        return None
    if geometry.isEmpty():
        return None
    degrees = QgsCoordinateReferenceSystem(DEGREES)
    geometry.transform(transform_between(degrees, crs, QgsCoordinateTransformContext()))
    return geometry if geometry.isGeosValid() else geometry.makeValid()


def names_raster(model: Model, raster: str) -> bool | None:
    """Whether a model's run has this imagery among its sources; none where the run is not known. For workers."""
    run = run_of(model.path)
    try:
        sources: Any = read_json(run / RUN_FILE)["sources"] if run is not None else None
        return None if sources is None else any(_same(run / each["raster"], raster) for each in sources)
    except (OSError, KeyError, TypeError, ValueError):
        return None


def said_of_training(trained: QgsGeometry | None, named: bool | None, ground: QgsGeometry) -> str:
    """What a model has seen of ground that it is scored on, in words.

    Args:
        trained: as `trained_on`, in the ground's CRS.
        named: as `names_raster`.
        ground: what counts.
    """
    share = trained.intersection(ground).area() / max(ground.area(), 1e-12) if trained is not None else 0.0
    if share > LEAST:
        return tr("trained on this imagery: {percent} % of this ground").format(percent=local(100 * share, 1))
    if trained is None:
        return tr("trained on this imagery") if named else tr("its package does not say what it was trained on")
    return tr("trained on other ground of this imagery") if named else tr("not trained on this ground")


def _same(one: Path, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


TASKS = ("segmentation", "detection")
"""Those that labels can judge, in the order of tables."""

KINDS = {"segmentation": (POLYGONS, CLASS_RASTER), "detection": (POLYGONS,)}
"""What labels of a task can be."""


@dataclass
class Truth:
    """Labels of a task.

    Args:
        layer: polygons, or a class raster.
        field: their class field; empty where all are of one class.
    """

    layer: QgsMapLayer
    field: str = ""


@dataclass
class Ground:
    """What a person has chosen.

    Args:
        raster: the imagery.
        truths: by task.
        area: polygons inside which labels are complete; none means all of the imagery.
        untrained: leave out what either model was trained on, as far as that is known.
    """

    raster: QgsRasterLayer | None = None
    truths: dict[str, Truth] = field(default_factory=dict)
    area: QgsVectorLayer | None = None
    untrained: bool = False

    @property
    def name(self) -> str:
        """For people: the imagery, the labels, the area."""
        layers = [self.raster, *(each.layer for each in self.truths.values()), self.area]
        return ", ".join(dict.fromkeys(each.name() for each in layers if each is not None))


def common_tasks(models: Iterable[Model]) -> list[str]:
    """The tasks that all of these models do and that labels can judge."""
    every = [model.card["tasks"] for model in models]
    return [task for task in TASKS if all(task in tasks for tasks in every)]


def common_classes(models: Iterable[Model], task: str) -> list[str]:
    """The names of a task's classes that all of these models know."""
    first, *others = [[each["name"] for each in model.card[f"{task}_classes"]] for model in models]
    return [name for name in first if all(name in names for names in others)]


def suggested_ground(project: QgsProject, active: QgsMapLayer | None, models: Iterable[Model]) -> Ground:
    """The active imagery, or the topmost with labels, with its labels; those of the labelling dock come first."""
    tasks = common_tasks(models)
    rasters = _imagery(project, active)
    linked = [ground for ground in (_linked(each, tasks, project) for each in rasters) if ground.truths]
    if linked and linked[0].raster in (rasters[0], active):
        return linked[0]
    if not rasters:
        return Ground()
    layers = [node.layer() for node in project.layerTreeRoot().findLayers()]
    usable = [each for each in layers if label_kind(each) == POLYGONS and not each.customProperty(TEMPORARY)]
    usable = [each for each in usable if read_link(each) is None and likely_class_field(each)]
    truths = {task: Truth(layer, likely_class_field(layer)) for task, layer in zip(tasks, usable)}
    return Ground(rasters[0], truths) if truths or not linked else linked[0]


def check_ground(ground: Ground, models: tuple[Model, Model]) -> None:
    """Refuse ground that nothing can be compared on.

    Raises:
        GeoDistilError: imagery or labels are missing or unfit, or the models have nothing in common that they show.
    """
    tasks = common_tasks(models)
    if not tasks:
        raise GeoDistilError(
            "package",
            tr("The models {first} and {second} have no task in common that labels can judge.").format(
                first=models[0].name, second=models[1].name
            ),
        )
    for task in tasks:
        if task in ground.truths and not common_classes(models, task):
            raise GeoDistilError(
                "package",
                tr("The models {first} and {second} have no class of {task} in common.").format(
                    first=models[0].name, second=models[1].name, task=spoken(task)
                ),
            )
    _check_raster(ground.raster, models)
    if not set(ground.truths) & set(tasks):
        raise GeoDistilError("labels", tr("Choose the layer that holds the truth: boxes, or areas."))
    for task, truth in ground.truths.items():
        if label_kind(truth.layer) not in KINDS[task]:
            raise GeoDistilError(
                "labels",
                tr("The layer {layer} cannot judge {task}; choose polygons.").format(
                    layer=truth.layer.name(), task=spoken(task)
                ),
            )
        if isinstance(truth.layer, QgsVectorLayer) and not truth.field and len(common_classes(models, task)) > 1:
            raise GeoDistilError(
                "labels",
                tr("Choose the field of {layer} that says the class.").format(layer=truth.layer.name()),
            )


def _check_raster(raster: QgsRasterLayer | None, models: tuple[Model, Model]) -> None:
    if raster is None:
        raise GeoDistilError("raster", tr("Choose the imagery that both models predict."))
    raster_path(raster)
    for model in models:
        if (most := max(model.card["bands"])) > raster.bandCount():
            raise GeoDistilError(
                "raster",
                tr("The model {model} reads band {band}, and the layer {layer} has {count}.").format(
                    model=model.name, band=most, layer=raster.name(), count=raster.bandCount()
                ),
                tr("Choose imagery that both models can read."),
            )


def _imagery(project: QgsProject, active: QgsMapLayer | None) -> list[QgsRasterLayer]:
    """Rasters that are files and imagery, the active one first."""
    seen = [node.layer() for node in project.layerTreeRoot().findLayers()]
    every = [active, *(each for each in seen if each is not active)]
    return [each for each in every if isinstance(each, QgsRasterLayer) and _is_imagery(each)]


def _is_imagery(layer: QgsRasterLayer) -> bool:
    return layer.isValid() and not is_service(layer) and not layer.customProperty(TEMPORARY) and layer.bandCount() > 1


def _linked(raster: QgsRasterLayer, tasks: list[str], project: QgsProject) -> Ground:
    """A raster with the labels that the labelling dock has made for it."""
    ground = Ground(raster)
    for layer in label_layers(project):
        link: Any = read_link(layer)
        fits = link.role in tasks and label_kind(layer) == POLYGONS and raster_of(link, project) is raster
        if fits and link.role not in ground.truths:
            ground.truths[link.role] = Truth(layer, link.field)
            ground.area = ground.area or area_of(link, project)
    return ground
