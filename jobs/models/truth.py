"""What label values mean to two models, and the labels and their ground as files that the engine scores by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..classes import NO_CLASS, RASTER_BACKGROUND, ClassReader
from ..errors import GeoDistilError
from ..folders import file_stem
from ..labelling.editing import areas_of
from ..reading import Features
from ..reference_systems import transform_between
from ..snapshots import CLASS_FIELD, NEEDED, LayerFile, Snapshot, raster_path
from ..translation import tr
from .ground import Truth, common_classes
from .shelf import Model


@dataclass
class Meaning:
    """Label values by the classes that two models have in common.

    Args:
        names: class by value.
        ignored: values of no class that both know, in words; ground with such labels counts nowhere.
    """

    names: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    def arguments(self) -> list[str]:
        """Of `evaluate`."""
        named = [part for value, name in self.names.items() for part in ("--name", f"{value}={name}")]
        return named + [f"--ignore={value}" for value in [*self.ignored, *NO_CLASS]]


def meaning_of(classes: Iterable[dict[str, Any]], models: tuple[Model, Model], task: str) -> Meaning:
    """Match label values with the classes that both models know: by name, else by the values of their training.

    Args:
        classes: of the labels, as `ClassReader` gives them.
        models: both.
        task: segmentation or detection.

    Raises:
        GeoDistilError: no label is of a class that both know.
    """
    common, found, labelled = common_classes(models, task), Meaning(), list(classes)
    known = [each for model in models for each in model.card[f"{task}_classes"]]
    taught = [(value, each["name"]) for each in known for value in each.get("values", [])]
    for each in labelled:
        for value in each["values"] or [each["name"]]:
            same = [name for name in common if name in (value, each["name"])]
            learned = {name for other, name in taught if other == value and name in common}
            if same or len(learned) == 1:
                found.names[value] = same[0] if same else learned.pop()
            elif len(labelled) == len(common) == 1:  # labels of one class, which has another name
                found.names[value] = common[0]
            else:
                found.ignored.append(value)
    if not found.names:
        raise GeoDistilError(
            "labels",
            tr("No label is of a class that both models know: {classes}.").format(classes=", ".join(common)),
            tr("Choose other labels, or their class field."),
        )
    return found


class TruthFiles:
    """Labels of a task on their way into a folder. Made on the main thread, where layers live; used on any.

    Args:
        truth: the labels.
        task: segmentation or detection.
        folder: gets a folder with the copy.

    Raises:
        GeoDistilError: the layer cannot be used.
    """

    def __init__(self, truth: Truth, task: str, folder: Path) -> None:
        self.task, self.raster = task, isinstance(truth.layer, QgsRasterLayer)
        self._classes = ClassReader(truth.layer, "" if self.raster else truth.field)
        self.folder = folder / task
        copy = self.folder / f"{file_stem(truth.layer.name())}.gpkg"  # the engine's sentences name it
        self.path = raster_path(truth.layer) if self.raster else str(copy)
        self._copy = None if self.raster else Snapshot(truth.layer, copy, truth.field, which=NEEDED)
        self.outlines = None if self.raster else Outlines(truth.layer)
        self._extent, self._crs = truth.layer.extent(), truth.layer.crs()

    def write(self, models: tuple[Model, Model], cancelled: Callable[[], bool]) -> Meaning:
        """Copy the labels, and say what they mean.

        Raises:
            GeoDistilError: they cannot be read, or mean nothing to both models.
        """
        if self._copy is not None:
            self._copy(cancelled)
        return meaning_of(self._classes(), models, self.task)

    def arguments(self) -> list[str]:
        """Of `evaluate`."""
        return ["--truth", self.path, *([] if self.raster else ["--field", CLASS_FIELD])]

    def outline(self, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> QgsGeometry:
        """The extent of a class raster, in this CRS."""
        transform = transform_between(self._crs, crs, context)
        return QgsGeometry.fromRect(transform.transformBoundingBox(self._extent))


class Outlines:
    """A layer's polygons as one geometry. Made on the main thread, called on any.

    Args:
        layer: polygons.
    """

    def __init__(self, layer: QgsVectorLayer) -> None:
        self._features, self._crs, self._name = Features(layer), layer.crs(), layer.name()
        self._context = QgsProject.instance().transformContext()

    def __call__(self, crs: QgsCoordinateReferenceSystem, cancelled: Callable[[], bool]) -> QgsGeometry:
        """All of them together, in this CRS.

        Raises:
            GeoDistilError: they cannot be read, or lie where this CRS has no places.
        """
        transform = transform_between(self._crs, crs, self._context)
        try:
            shapes = list(self._shapes(transform, cancelled))
        except QgsCsException as error:
            raise GeoDistilError(
                "labels",
                tr("The layer {layer} lies where the imagery's coordinate reference system has no places.").format(
                    layer=self._name
                ),
            ) from error
        return QgsGeometry.unaryUnion(shapes)

    def _shapes(self, transform: QgsCoordinateTransform, cancelled: Callable[[], bool]) -> Iterator[QgsGeometry]:
        for feature in self._features(QgsFeatureRequest().setSubsetOfAttributes([])):
            if cancelled():
                return
            shape = feature.geometry()
            shape.transform(transform)
            yield shape if shape.isGeosValid() else shape.makeValid()


class GroundFile:
    """A file for the ground that counts. Made on the main thread, where its layer lives; written on any.

    Args:
        path: a GeoPackage.
        crs: of the ground.
    """

    def __init__(self, path: Path, crs: QgsCoordinateReferenceSystem) -> None:
        pattern = QgsVectorLayer("MultiPolygon", path.stem, "memory")
        pattern.setCrs(crs)
        self.path, self._file = path, LayerFile(pattern, path, QgsFields())

    def write(self, ground: QgsGeometry) -> list[str]:
        """Write polygons; returns the arguments of `evaluate` for them."""
        self._file.write((each, []) for each in areas_of(ground).asGeometryCollection())
        return ["--area", str(self.path)]


def without_background(models: tuple[Model, Model]) -> list[bool]:
    """Which of them have no background."""
    return [not model.card.get("background", True) for model in models]


RASTER_GROUND = f"--ignore={RASTER_BACKGROUND}"
"""`evaluate`'s argument by which ground without a label counts nowhere on a class raster."""
