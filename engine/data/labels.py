"""From a source's label settings to labels on its grid.

Where areas overlap, later classes are painted over earlier ones, and ignored values over all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely

from .. import __version__
from ..config import Labels, Run, Source
from ..errors import LabelError
from ..types import IGNORE_INDEX, given
from .arrays import Workspace
from .class_raster import ClassRaster, unknown_values
from .grid import Grid
from .identity import files_of_layer, seen
from .opening import is_raster
from .points import IGNORED, Points
from .vector_labels import VectorLabels, indexed
from .vectors import Features, Layer, Skip, read_in_batches

_POINT, _LINE, _AREA = 0, 1, 2
FORMAT = 1
"""Of the index of labels that is kept."""


def read_labels(
    run: Run, source: Source, grid: Grid, skip: Skip | None = None, workspace: Workspace | None = None
) -> VectorLabels | ClassRaster | None:
    """The labels of a source, none for unlabelled ones.

    Args:
        run: has the classes.
        source: has the labels.
        grid: whose pixels they are in.
        skip: is told which features are left out.
        workspace: may keep their index, and have it from before.

    Raises:
        LabelError: the layer is missing, empty, of the wrong geometry, or has a value without a class.
        OutputError: they are many, and the disk is full or cannot be written to.
    """
    if source.labels is None or source.role == "unlabelled":
        return None
    layer = label_layer(source.labels)
    if source.labels.layer is None and is_raster(source.labels.path):
        if source.role == "detection":
            raise LabelError(f"{layer} is a raster; detection needs vector labels.", "Polygonise it first.")
        return ClassRaster(source.labels.path, grid, _mask_values(run, source.labels), len(run.segmentation_channels()))
    workspace = workspace or Workspace()
    path = _kept_at(run, source, grid, workspace)
    tell = skip or _nothing
    if path is not None and (file := workspace.reopened(path)):
        for sentence in file.facts["left_out"]:
            tell(sentence)
        return VectorLabels.of_file(file, run.background)
    left_out: list[str] = []
    batches = _batches(run, source, layer, grid, left_out.append if skip else None)
    file = indexed(batches, workspace, left_out, path)
    for sentence in left_out:
        tell(sentence)
    return VectorLabels.of_file(file, run.background)


def _nothing(sentence: str) -> None:
    """Nobody asks what is left out."""


def _batches(
    run: Run, source: Source, layer: Layer, grid: Grid, skip: Skip | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for part in read_in_batches(layer, grid, skip):
        features = _single_points(part)
        classes = _class_indices(run, source, layer, features)
        yield _areas(features.geometries, source, layer, grid), classes


def _kept_at(run: Run, source: Source, grid: Grid, workspace: Workspace) -> Path | None:
    """Where the index of a source's labels is kept, by all that decides over it; none where nothing is."""
    path = Path(given(source.labels).path)
    if workspace.kept is None or not path.exists():
        return None
    files = files_of_layer(path)
    parts = [
        __version__,
        FORMAT,
        list(zip(files, seen(files), strict=True)),
        given(source.labels).model_dump(),
        source.role,
        sorted(_value_indices(run, source).items()),
        (grid.crs.to_wkt(), tuple(grid.transform), grid.width, grid.height, grid.gsd),
    ]
    return workspace.kept / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.labels"


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
    return indices | dict.fromkeys(given(source.labels).ignore_values, IGNORED)


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
    size = given(source.labels).box_size
    if size is None:
        raise LabelError(f"{layer} has points and no box size.", "Give labels.box_size, in metres.")
    half = size / grid.gsd / 2
    geometries = geometries.copy()
    geometries[points] = shapely.envelope(shapely.buffer(geometries[points], half, cap_style="square"))
    return geometries
