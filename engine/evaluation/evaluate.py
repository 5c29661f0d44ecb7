"""Predicted layers against label layers, inside a labelled area: numbers, and layers of what is right and wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from rasterio.enums import Resampling

from ..config import Area, ClassDefinition, Labels, Run, Source, Supervised
from ..data.grid import Grid, Window, native_gsd
from ..data.labels import ClassRaster, TruthElsewhere, label_layer, labelled_area, read_labels
from ..data.masks import IGNORED, coverage
from ..data.opening import check_placed, open_raster
from ..data.raster import OnGrid, RasterReader
from ..data.vector_labels import VectorLabels
from ..data.vectors import extent
from ..errors import RasterError, cannot_write
from ..inference.sinks import RasterSink
from ..inference.vectors.layer import Fields, VectorLayer
from ..types import IGNORE_INDEX, given
from .confusion import confusion_matrix, segmentation_scores
from .detections import Boxes, assigned, detection_scores, read_all_detections, sheet_of


def pooled_segmentation(scores: list[dict[str, Any]], background: bool = True) -> dict[str, Any]:
    """Scores of all pixels of several class maps, from their confusion matrices.

    Args:
        scores: what `evaluate_segmentation` says of each, with the same classes.
        background: whether channel 0 is background.

    Returns:
        As `confusion.segmentation_scores`.

    Examples:
        >>> counts = np.array([[[8, 0], [0, 2]], [[9, 1], [0, 0]]])
        >>> maps = [segmentation_scores(each, ["ground", "roof"], background=True) for each in counts]
        >>> round(pooled_segmentation(maps)["classes"]["roof"]["iou"], 3)  # 2 of 3 pixels, not the mean of 1 and none
        0.667
    """
    names = scores[0]["confusion"]["names"]
    return segmentation_scores(np.sum([each["confusion"]["matrix"] for each in scores], axis=0), names, background)


def pooled_detection(
    maps: list[tuple[Boxes, Boxes]], names: list[str], threshold: float | Sequence[float]
) -> dict[str, Any]:
    """Scores of all detections of several maps, with one ranking of them all, as AP over images has it.

    Args:
        maps: (found, truth) of each, as `evaluate.compared_boxes` returns them.
        names: of the classes.
        threshold: detections below it do not count for precision, recall and F1; one, or one a class.

    Returns:
        As `detections.detection_scores`.

    Examples:
        >>> box, score = np.array([[0.0, 0.0, 4.0, 4.0]]), np.array([0.9])
        >>> truth, found = Boxes(box, np.zeros(1, int)), Boxes(box, np.zeros(1, int), score)
        >>> missed = Boxes(box + 50, np.zeros(1, int), score)
        >>> pooled_detection([(found, truth), (missed, truth)], ["car"], 0.5)["recall"]
        0.5
    """
    apart, right = [], 0.0
    for found, truth in maps:
        corners = np.concatenate([found.corners, truth.corners])
        left = corners[:, 0].min() if len(corners) else 0.0
        apart.append([_moved(boxes, right - left) for boxes in (found, truth)])
        right += np.ptp(corners[:, [0, 2]]) + 1.0 if len(corners) else 0.0
    found, truth = (_joined(list(side)) for side in zip(*apart, strict=True))
    return detection_scores(found, truth, names, threshold)


def _moved(boxes: Boxes, columns: float) -> Boxes:
    return Boxes(boxes.corners + np.array([columns, 0.0, columns, 0.0]), boxes.labels, boxes.scores)


def _joined(parts: list[Boxes]) -> Boxes:
    return Boxes(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("corners", "labels", "scores")))


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
        As `detections.detection_scores`.

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
