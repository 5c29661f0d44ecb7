"""From a source's label settings to labels on its grid.

Where areas overlap, later classes are painted over earlier ones, and ignored values over all.
"""

from __future__ import annotations

import numpy as np
import shapely

from ..config import Labels, Run, Source
from ..errors import LabelError
from ..types import IGNORE_INDEX
from .class_raster import ClassRaster, unknown_values
from .grid import Grid
from .opening import is_raster
from .points import IGNORED, Points
from .vector_labels import VectorLabels
from .vectors import Features, Layer, Skip, read_features

_POINT, _LINE, _AREA = 0, 1, 2


def read_labels(run: Run, source: Source, grid: Grid, skip: Skip | None = None) -> VectorLabels | ClassRaster | None:
    """The labels of a source, none for unlabelled ones; `skip` is told which features are left out.

    Raises:
        LabelError: the layer is missing, empty, of the wrong geometry, or has a value without a class.
    """
    if source.labels is None or source.role == "unlabelled":
        return None
    layer = label_layer(source.labels)
    if source.labels.layer is None and is_raster(source.labels.path):
        if source.role == "detection":
            raise LabelError(f"{layer} is a raster; detection needs vector labels.", "Polygonise it first.")
        return ClassRaster(source.labels.path, grid, _mask_values(run, source.labels), len(run.segmentation_channels()))
    features = _single_points(read_features(layer, grid, skip))
    classes = _class_indices(run, source, layer, features)
    return VectorLabels(_areas(features.geometries, source, layer, grid), classes, run.background)


def label_points(labels: VectorLabels | ClassRaster, role: str, background: bool) -> Points:
    """The places of the labels: objects for detection, areas for segmentation."""
    if isinstance(labels, ClassRaster):
        return labels.area_points(background)
    return labels.object_points() if role == "detection" else labels.area_points()


def label_layer(labels: Labels) -> Layer:
    """Where a source's label features come from."""
    return Layer(labels.path, labels.layer, labels.field, labels.where)


def _single_points(features: Features) -> Features:
    """Each point of a multipoint is an object; each polygon feature is one, in however many parts."""
    several = shapely.get_type_id(features.geometries) == shapely.GeometryType.MULTIPOINT
    parts, origins = shapely.get_parts(features.geometries[several], return_index=True)
    geometries = np.concatenate([features.geometries[~several], parts])
    return Features(geometries, np.concatenate([features.values[~several], features.values[several][origins]]))


def _class_indices(run: Run, source: Source, layer: Layer, features: Features) -> np.ndarray:
    """Class index (n,) of each feature, `IGNORED` for ignored values."""
    if layer.field is None:
        return np.zeros(len(features.values), np.int64)
    indices = _value_indices(run, source)
    unknown = sorted(set(features.values) - set(indices))
    if unknown:
        raise unknown_values(f"{layer}, field '{layer.field}',", unknown)
    return np.array([indices[value] for value in features.values], np.int64)


def _value_indices(run: Run, source: Source) -> dict[str, int]:
    classes = run.detection_classes if source.role == "detection" else run.segmentation_classes
    indices = {value: index for index, definition in enumerate(classes) for value in definition.label_values()}
    return indices | dict.fromkeys(source.labels.ignore_values, IGNORED)


def _mask_values(run: Run, labels: Labels) -> dict[int, int]:
    """The mask value of each class raster value; 0 is background unless it is something else."""
    first = int(run.background)
    texts = {
        value: first + index
        for index, definition in enumerate(run.segmentation_classes)
        for value in definition.label_values()
    } | dict.fromkeys(labels.ignore_values, IGNORE_INDEX)
    values = {int(text): target for text, target in texts.items() if text.lstrip("-").isdigit()}
    if run.background:
        values.setdefault(0, 0)
    if not values:
        raise LabelError(
            f"The class raster {labels.path} has numbers, and no class has a number among its values.",
            "Give each class its number in `values`.",
        )
    return values


def _areas(geometries: np.ndarray, source: Source, layer: Layer, grid: Grid) -> np.ndarray:
    """Polygons as they are; points as squares of the given size, for detection."""
    dimensions = shapely.get_dimensions(geometries)
    if (dimensions == _LINE).any():
        raise LabelError(f"{layer} has lines; labels are areas.", "Buffer them to the width of what they show.")
    points = np.flatnonzero(dimensions == _POINT)
    if not len(points):
        return geometries
    if source.role == "segmentation":
        raise LabelError(f"{layer} has points; segmentation needs areas.", "Buffer them or use them for detection.")
    if source.labels.box_size is None:
        raise LabelError(f"{layer} has points and no box size.", "Give labels.box_size, in metres.")
    half = source.labels.box_size / grid.gsd / 2
    geometries = geometries.copy()
    geometries[points] = shapely.envelope(shapely.buffer(geometries[points], half, cap_style="square"))
    return geometries
