"""Where predictions are right and wrong, as layers to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from ..data.grid import Grid
from ..errors import cannot_write
from ..inference.sinks import RasterSink
from ..inference.vectors.layer import Fields, VectorLayer
from ..types import IGNORE_INDEX
from .boxes import Boxes, assigned
from .evaluate import Truth, compared_boxes, compared_pixels, native_grid

LAYER = "errors"
TRUE_POSITIVE, FALSE_POSITIVE, MISSED = "true positive", "false positive", "missed"
RIGHT, OTHER_CLASS, FALSE_CLASS, MISSED_CLASS = range(4)
NAMES = {RIGHT: "right", OTHER_CLASS: "another class", FALSE_CLASS: "false positive", MISSED_CLASS: "missed"}
COLOURS = {
    RIGHT: (47, 165, 139, 90),
    OTHER_CLASS: (240, 190, 40, 255),
    FALSE_CLASS: (230, 60, 60, 255),
    MISSED_CLASS: (60, 110, 230, 255),
}


def write_detection_errors(
    detections: Path | Sequence[Path], truth: Truth, output: Path, score_threshold: float | Sequence[float] = 0.3
) -> dict[str, int]:
    """Write detections that hit and that miss, and the objects that none hits, as `evaluate_detection` counts them.

    Args:
        detections: GeoPackage as `predict` writes it; several count as one.
        truth: of objects.
        output: a GeoPackage; layer `errors` in the detections' CRS: boxes with `error` (true positive, false
            positive, missed), `class` and `score` (none for missed ones).
        score_threshold: detections below are left out, and hit nothing; one, or one a class.

    Returns:
        How many there are of each.

    Raises:
        LabelError: the detections, the labels or the area cannot be read.
        OutputError: the output cannot be written.
    """
    grid, found, objects = compared_boxes(detections, truth)
    hit = assigned(found, objects, 0.5, score_threshold)
    sure = found.reach(score_threshold)
    missed = ~np.isin(np.arange(len(objects)), hit)
    parts = {TRUE_POSITIVE: found[sure & (hit >= 0)], FALSE_POSITIVE: found[sure & (hit < 0)], MISSED: objects[missed]}
    names = np.array([definition.name for definition in truth.classes], object)
    _make_folder(output)
    with VectorLayer(output, LAYER, "Polygon", _fields("", objects[:0], names), grid.crs) as layer:
        for error, boxes in parts.items():
            layer.write(_polygons(boxes.corners, grid), _fields(error, boxes, names))
        layer.finish()
    return {error: len(boxes) for error, boxes in parts.items()}


def write_segmentation_errors(class_map: Path, truth: Truth, output: Path) -> dict[str, int]:
    """Write where a class map is right and wrong, as `evaluate_segmentation` counts it.

    Args:
        class_map: raster of class values as `predict` writes it.
        truth: of areas.
        output: a Cloud-Optimised GeoTIFF on the class map's pixels: 0 right, 1 another class, 2 false positive (a
            class on background), 3 missed (background on a class), 255 not counted.

    Returns:
        Pixels of each.

    Raises:
        RasterError: the class map cannot be read or has values that mean no class.
        LabelError: the labels or the area cannot be read or lie elsewhere.
        OutputError: the output cannot be written.
    """
    counts = np.zeros(len(NAMES), np.int64)
    _make_folder(output)
    with RasterSink(output, native_grid(class_map), "errors", COLOURS, NAMES) as sink:
        for window, predicted, there in compared_pixels(class_map, truth):
            errors = pixel_errors(predicted, there, truth.background)
            counts += np.bincount(errors.ravel(), minlength=256)[: len(NAMES)]
            sink.write(window.row, window.column, errors)
        sink.finish()
    return {name: int(counts[value]) for value, name in NAMES.items()}


def pixel_errors(predicted: np.ndarray, truth: np.ndarray, background: bool) -> np.ndarray:
    """The kind of error (H, W) uint8 of channels (H, W); `IGNORE_INDEX` where nothing counts."""
    errors = np.where(predicted == truth, RIGHT, OTHER_CLASS).astype(np.uint8)
    if background:
        errors[(truth == 0) & (predicted != 0)] = FALSE_CLASS
        errors[(truth != 0) & (predicted == 0)] = MISSED_CLASS
    errors[(predicted == IGNORE_INDEX) | (truth == IGNORE_INDEX)] = IGNORE_INDEX
    return errors


def _polygons(corners: np.ndarray, grid: Grid) -> np.ndarray:
    boxes = shapely.box(*corners.T)
    found: np.ndarray = shapely.transform(boxes, grid.to_crs, interleaved=False)
    return found


def _fields(error: str, boxes: Boxes, names: np.ndarray) -> Fields:
    scores = boxes.scores if len(boxes.scores) else np.full(len(boxes), np.nan)
    return {"error": np.full(len(boxes), error, object), "class": names[boxes.labels], "score": scores}


def _make_folder(output: Path) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(f"The folder {output.parent}", output, error) from error
