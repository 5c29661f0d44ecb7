"""Predicted layers against label layers, inside a labelled area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from rasterio.enums import Resampling

from ..config import Area, ClassDefinition, Labels, Run, Source, Supervised
from ..data.areas import TruthElsewhere, labelled_area
from ..data.class_raster import ClassRaster
from ..data.grid import Grid, Window, native_gsd
from ..data.labels import label_layer, read_labels
from ..data.masks import coverage
from ..data.opening import open_raster
from ..data.placement import check_placed
from ..data.points import IGNORED
from ..data.raster import OnGrid, RasterReader
from ..data.vector_labels import VectorLabels
from ..data.vectors import extent
from ..errors import RasterError
from ..types import IGNORE_INDEX, given
from .boxes import Boxes, detection_scores
from .confusion import confusion_matrix, segmentation_scores
from .detections import read_all_detections, sheet_of

WINDOW = 2048
"""Side of the windows that are scored one after the other, in pixels."""


@dataclass(frozen=True)
class Truth:
    """What predictions are compared with.

    Args:
        labels: of areas vector polygons or a class raster, of which ignored values count nowhere; of objects vector
            polygons, or points with a box size.
        classes: of the task, without background.
        area: where the truth is complete; nothing counts outside it.
        background: whether ground without a label is background; otherwise it counts nowhere. Of areas alone.
    """

    labels: Labels
    classes: list[ClassDefinition]
    area: Area
    background: bool = True


def evaluate_segmentation(class_map: Path, truth: Truth) -> dict[str, Any]:
    """Scores of a class map on its own pixels, window by window.

    Args:
        class_map: raster of class values as `predict` writes it: background 0, the first class 1, no-data 255.
        truth: of areas.

    Returns:
        As `confusion.segmentation_scores`.

    Raises:
        RasterError: the class map cannot be read or has values that mean no class.
        LabelError: the labels or the area cannot be read or lie elsewhere.
    """
    names = [*(["background"] if truth.background else []), *(definition.name for definition in truth.classes)]
    matrix = np.zeros((len(names), len(names)), np.int64)
    for _, predicted, there in compared_pixels(class_map, truth):
        matrix += confusion_matrix(predicted, there, len(names))
    return segmentation_scores(matrix, names, truth.background)


def compared_pixels(class_map: Path, truth: Truth) -> Iterator[tuple[Window, np.ndarray, np.ndarray]]:
    """Windows of a class map's own pixels, with what it says and what is true there, as channels (H, W).

    Arguments and errors are those of `evaluate_segmentation`; `IGNORE_INDEX` counts nowhere.
    """
    run, source = _as_run(class_map, "segmentation", truth)
    reader = RasterReader(class_map, on=OnGrid(native_grid(class_map), Resampling.nearest))
    labels = cast("VectorLabels | ClassRaster", read_labels(run, source, reader.grid))
    inside = labelled_area(source, reader, labels)
    _check_touching(source, labels, inside, reader.grid)
    count = len(run.segmentation_channels())
    for window in _windows(inside, reader.grid):
        mask = np.where(coverage(inside, window), labels.mask(window), IGNORE_INDEX)
        yield window, _channels(reader, window, count, truth.background), mask


def evaluate_detection(
    detections: Path | Sequence[Path], truth: Truth, score_threshold: float | Sequence[float] = 0.3
) -> dict[str, Any]:
    """Scores of detections; boxes are extents in the detections' CRS, and count where their centre is in the area.

    Args:
        detections: GeoPackage as `predict` writes it: polygons with `class` and `score`; several count as one.
        truth: of objects; what is centred on ignored ones counts nowhere.
        score_threshold: for precision, recall and F1; one, or one a class.

    Returns:
        As `boxes.detection_scores`.

    Raises:
        LabelError: the detections, the labels or the area cannot be read.
    """
    _, found, objects = compared_boxes(detections, truth)
    return detection_scores(found, objects, [definition.name for definition in truth.classes], score_threshold)


def compared_boxes(detections: Path | Sequence[Path], truth: Truth) -> tuple[Grid, Boxes, Boxes]:
    """A grid in the (first) detections' CRS, and the detections and the labelled objects that count, in its pixels.

    Arguments and errors are those of `evaluate_detection`.
    """
    paths = [Path(detections)] if isinstance(detections, str | Path) else detections
    run, source = _as_run(paths[0], "detection", truth)
    sheet = sheet_of(paths, truth.labels, truth.area)
    labels = cast("VectorLabels", read_labels(run, source, sheet.grid))
    inside = labelled_area(source, cast("RasterReader", sheet), labels)
    _check_touching(source, labels, inside, sheet.grid)
    known = labels.classes != IGNORED
    counted = inside.difference(shapely.union_all(labels.geometries[~known]))
    found = read_all_detections(paths, sheet.grid, [definition.name for definition in truth.classes])
    objects = Boxes(labels.boxes, labels.classes)[known]
    return sheet.grid, found.inside(counted), objects.inside(counted)


def _any_within(truth: VectorLabels, bounds: tuple[float, float, float, float]) -> bool:
    return bool(shapely.intersects(shapely.box(*bounds), truth.geometries_at(truth.near(*bounds))).any())


def _check_touching(source: Source, truth: VectorLabels | ClassRaster, inside: shapely.Geometry, grid: Grid) -> None:
    """Scores of labels that lie elsewhere would be zero, and look like those of a bad model.

    Inside an area that somebody has looked over there may be no objects, so long as labels lie around it.

    Raises:
        TruthElsewhere: none is on the ground that is compared.
    """
    left, top, right, bottom = inside.bounds
    if isinstance(truth, ClassRaster) or _any_within(truth, inside.bounds):
        return
    layer = label_layer(given(source.labels))
    first, above, last, below = extent(layer, grid)
    around = first <= right and last >= left and above <= bottom and below >= top
    if source.area.kind == "raster" or not around:
        raise TruthElsewhere(
            f"{layer} does not touch {source.raster}{'' if source.area.kind == 'raster' else ' inside the area'}.",
            "Choose the labels of this raster, or check the coordinate reference systems.",
        )


def _as_run(raster: Path, role: str, truth: Truth) -> tuple[Run, Source]:
    """The run file that would have these labels, for that is what labels are read by."""
    source = Source(raster=str(raster), role=role, labels=truth.labels, area=truth.area)
    background = truth.background or role == "detection"
    run = Run(sources=[source], background=background, recipe=Supervised(), **{f"{role}_classes": truth.classes})
    return run, source


def native_grid(path: Path) -> Grid:
    """The grid of a class map's own pixels.

    Raises:
        RasterError: it cannot be read or has no CRS.
    """
    with open_raster(str(path)) as dataset:
        check_placed(dataset, f"The class map {path}")
        own = dataset.crs, dataset.transform, dataset.width, dataset.height
        return Grid(*own, native_gsd(*own))


def _windows(inside: shapely.Geometry, grid: Grid) -> Iterator[Window]:
    """The windows that touch the area."""
    shapely.prepare(inside)
    for row in range(0, grid.height, WINDOW):
        for column in range(0, grid.width, WINDOW):
            window = Window(column, row, min(WINDOW, grid.width - column), min(WINDOW, grid.height - row))
            if inside.intersects(window.box()):
                yield window


def _channels(reader: RasterReader, window: Window, count: int, background: bool) -> np.ndarray:
    """Channel indices (H, W) of a window of the class map, `IGNORE_INDEX` where it has no data."""
    image, valid = reader.read(*window)
    channels = image[0].astype(np.int64) - (0 if background else 1)
    valid &= image[0] != IGNORE_INDEX
    wrong = valid & ((channels < 0) | (channels >= count))
    if wrong.any():
        raise RasterError(
            f"The class map {reader.path} has the value {image[0][wrong][0]}, which means none of the {count} classes.",
            "Evaluate it with the model that made it.",
        )
    return np.where(valid, channels, IGNORE_INDEX)
