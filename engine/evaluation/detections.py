"""Detection scores: layers read into boxes on a common grid, average precision, precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import shapely
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from rasterio.transform import from_bounds
from shapely import Polygon

from ..config import Area, Labels
from ..data.geometries import broken, geometries_of
from ..data.grid import Grid, ground_grid, transformer
from ..data.opening import is_undefined
from ..data.vectors import UNREADABLE, check_reach, unreadable
from ..errors import LabelError
from ..inference.suppression import threshold_of
from ..types import given

if TYPE_CHECKING:
    import torch


IMAGE_BOXES = 1000
"""Boxes that are compared all with all; larger maps are divided between boxes that do not touch."""


@dataclass
class Boxes:
    """Boxes of a map.

    Args:
        corners: (n, 4) xyxy; IoU does not depend on the unit.
        labels: (n,) class indices.
        scores: (n,) in 0..1; empty for truth.
    """

    corners: np.ndarray
    labels: np.ndarray
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def reach(self, threshold: float | Sequence[float]) -> np.ndarray:
        """Which boxes (n,) have a score of at least a threshold; one, or one a class."""
        return self.scores >= threshold_of(self.labels, threshold)

    def __len__(self) -> int:
        return len(self.corners)

    def __getitem__(self, chosen: np.ndarray | slice) -> Boxes:
        """The chosen boxes."""
        return Boxes(
            self.corners[chosen], self.labels[chosen], self.scores[chosen] if len(self.scores) else self.scores
        )

    def inside(self, area: shapely.Geometry) -> Boxes:
        """The boxes whose centre an area covers."""
        shapely.prepare(area)
        x, y = (self.corners[:, :2] + self.corners[:, 2:]).T / 2
        return self[shapely.intersects_xy(area, x, y)]


def detection_scores(
    found: Boxes, truth: Boxes, names: list[str], threshold: float | Sequence[float]
) -> dict[str, Any]:
    """AP as COCO defines it, and precision, recall and F1 at a score threshold and an IoU of 0.5.

    Args:
        found: detections; AP is of all of them, so they should reach down to low scores.
        truth: labelled objects.
        names: of the classes.
        threshold: detections below it do not count for precision, recall and F1; one, or one a class.

    Returns:
        `ap`, `ap50` (means over classes with objects), `precision`, `recall`, `f1` (over all objects), `objects`,
        `detections`, `score_threshold`, and `classes` with the same per class. What is undefined is none, as is the
        `score_threshold` of all where classes have different ones.

    Examples:
        >>> box, label = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([0])
        >>> scores = detection_scores(Boxes(box, label, np.array([0.9])), Boxes(box, label), ["car"], 0.5)
        >>> scores["f1"], scores["classes"]["car"]["objects"]
        (1.0, 1)
    """
    hit = matched(found, truth, 0.5, threshold)
    sure = found.reach(threshold)
    thresholds = [float(each) for each in np.broadcast_to(threshold, len(names))]
    precision = average_precision(found, truth)
    classes = {
        name: {
            **precision.get(index, {"ap": None, "ap50": None}),
            **_counts(found.labels == index, sure, hit, truth, index),
            "score_threshold": thresholds[index],
        }
        for index, name in enumerate(names)
    }
    means = {key: _mean([one[key] for one in classes.values()]) for key in ("ap", "ap50")}
    everything = _counts(np.ones(len(found), bool), sure, hit, truth, None)
    common = thresholds[0] if len(set(thresholds)) == 1 else None
    return {"task": "detection", **means, **everything, "score_threshold": common, "classes": classes}


def average_precision(found: Boxes, truth: Boxes) -> dict[int, dict[str, float]]:
    """`ap` (mean over IoU 0.5 to 0.95) and `ap50` of each class that has objects.

    COCO's limit of 100 detections an image would cut off most of a map, so there is none here.

    Examples:
        >>> box, label = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([0])
        >>> average_precision(Boxes(box, label, np.array([0.9])), Boxes(box, label))
        {0: {'ap': 1.0, 'ap50': 1.0}}
    """
    if len(truth) == 0:
        return {}
    # Imported here, for it brings PyTorch and torchvision: seconds, which scores of areas would wait for in vain.
    from torchmetrics.detection import MeanAveragePrecision

    metric = MeanAveragePrecision(
        class_metrics=True,
        extended_summary=True,
        backend="faster_coco_eval",
        max_detection_thresholds=[1, 100, 100 + len(found)],
    )
    metric.warn_on_many_detections = False
    corners = np.concatenate([found.corners, truth.corners])
    for part in _images(corners):
        where_found, where_truth = part[part < len(found)], part[part >= len(found)] - len(found)
        # A shared origin nearby, for float32 has no digits to spare for map coordinates.
        origin = corners[part, :2].min(axis=0)
        metric.update([_tensors(found[where_found], origin)], [_tensors(truth[where_truth], origin)])
    # (IoU thresholds, recalls, classes, areas, limits); -1 where a class has no objects
    precision = metric.compute()["precision"][:, :, :, 0, -1].numpy()
    labels = np.unique(np.concatenate([found.labels, truth.labels]))
    return {
        int(label): {"ap": float(precision[:, :, index].mean()), "ap50": float(precision[0, :, index].mean())}
        for index, label in enumerate(labels)
        if label in truth.labels
    }


def matched(found: Boxes, truth: Boxes, iou: float, threshold: float | Sequence[float]) -> np.ndarray:
    """Which detections (n,) hit an object, as `assigned` says.

    Examples:
        >>> box = Boxes(np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([0]), np.array([0.4]))
        >>> matched(box, box, 0.5, 0.3).tolist(), matched(box, box, 0.5, 0.6).tolist()
        ([True], [False])
    """
    return assigned(found, truth, iou, threshold) >= 0


def assigned(found: Boxes, truth: Boxes, iou: float, threshold: float | Sequence[float]) -> np.ndarray:
    """The object (n,) that each detection hits, -1 for none: by falling score, each takes its class's best free one.

    Examples:
        >>> truth = Boxes(np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([0]))
        >>> corners = np.array([[0.0, 0.0, 10.0, 8.0], [0.0, 0.0, 10.0, 10.0]])
        >>> found = Boxes(corners, np.array([0, 0]), np.array([0.9, 0.8]))
        >>> assigned(found, truth, 0.5, 0.3).tolist()  # the surer one has it already
        [0, -1]
    """
    hit, free = np.full(len(found), -1), np.ones(len(truth), bool)
    first, second = _touching(found.corners, truth.corners)
    overlap = _iou(found.corners[first], truth.corners[second])
    keep = (overlap >= iou) & (found.labels[first] == truth.labels[second]) & found.reach(threshold)[first]
    first, second, overlap = first[keep], second[keep], overlap[keep]
    for pair in np.lexsort((-overlap, first, -found.scores[first])):
        if hit[first[pair]] < 0 and free[second[pair]]:
            hit[first[pair]], free[second[pair]] = second[pair], False
    return hit


def _counts(mine: np.ndarray, sure: np.ndarray, hit: np.ndarray, truth: Boxes, label: int | None) -> dict[str, Any]:
    objects = len(truth) if label is None else int((truth.labels == label).sum())
    detections, hits = int((mine & sure).sum()), int((mine & hit).sum())
    return {
        "precision": hits / detections if detections else None,
        "recall": hits / objects if objects else None,
        "f1": 2 * hits / (detections + objects) if objects else None,
        "objects": objects,
        "detections": detections,
    }


def _mean(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def _tensors(boxes: Boxes, origin: np.ndarray) -> dict[str, torch.Tensor]:
    import torch

    return {
        "boxes": torch.from_numpy(boxes.corners - np.tile(origin, 2)).float(),
        "labels": torch.from_numpy(boxes.labels).long(),
        "scores": torch.from_numpy(boxes.scores).float(),
    }


def _touching(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pairs of boxes that touch."""
    tree = shapely.STRtree(shapely.box(*second.T))
    pairs = tree.query(shapely.box(*first.T), predicate="intersects")
    return pairs[0], pairs[1]


def _iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union (n,) of boxes (n, 4) pair by pair."""
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    common = np.clip(sides, 0, None).prod(1)
    whole = (first[:, 2:] - first[:, :2]).prod(1) + (second[:, 2:] - second[:, :2]).prod(1) - common
    found: np.ndarray = np.divide(common, whole, out=np.zeros(len(common)), where=whole > 0)
    return found


def _images(corners: np.ndarray) -> list[np.ndarray]:
    """Indices of boxes (n, 4) in parts between which nothing touches.

    Matching happens within an image only, so such parts as images give the same scores as the whole map, without
    comparing every box with every other.
    """
    groups = _groups(corners)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    # A part ends at the first group that begins after it is full.
    full = np.diff(starts // IMAGE_BOXES, prepend=0) > 0
    return np.split(order, starts[full])


def _groups(corners: np.ndarray) -> np.ndarray:
    """The lowest index (n,) among the boxes that each is connected to by touching ones."""
    groups = np.arange(len(corners))
    first, second = _touching(corners, corners)
    while True:
        before = groups.copy()
        np.minimum.at(groups, first, before[second])
        groups = groups[groups]
        if (groups == before).all():
            return groups


GSD = 0.1
"""Metres per pixel of the grid on which boxes are compared; it has no influence on the scores."""

LAYER = "detections"


@dataclass(frozen=True)
class Sheet:
    """A grid that covers detections, labels and area: what a raster is to a class map."""

    grid: Grid

    def outline(self) -> Polygon:
        """All of it, in its pixels."""
        return shapely.box(0, 0, self.grid.width, self.grid.height)


def sheet_of(detections: Sequence[Path], labels: Labels, area: Area) -> Sheet:
    """The sheet of detection layers, in the first one's CRS.

    Raises:
        LabelError: the first one cannot be read or has no CRS.
    """
    info = _info(detections[0])
    layers = [*((path, _layer(path)) for path in detections), (Path(labels.path), labels.layer)]
    if area.kind == "layer":
        layers.append((Path(given(area.path)), area.layer))
    bounds = [extent for path, layer in layers if (extent := _extent(path, layer, info["crs"])) is not None]
    left, bottom = np.min(bounds, axis=0)[:2] if bounds else (0.0, 0.0)
    right, top = np.max(bounds, axis=0)[2:] if bounds else (1.0, 1.0)
    margin = 0.01 * max(right - left, top - bottom)
    cells = from_bounds(left - margin, bottom - margin, right + margin, top + margin, 1000, 1000)
    return Sheet(ground_grid(CRS.from_user_input(info["crs"]), cells, 1000, 1000, GSD))


def read_detections(path: Path, grid: Grid, names: list[str]) -> Boxes:
    """The detections of a layer as boxes in grid pixels; a layer without any is fine.

    Raises:
        LabelError: it cannot be read, lacks `class` or `score`, or has a class that is not among the names.
    """
    info = _info(path)
    missing = {"class", "score"} - set(info["fields"])
    if missing:
        raise LabelError(f"The detections {path} have no field '{min(missing)}'; give a layer that predict wrote.")
    try:
        meta, _, wkb, fields = pyogrio.raw.read(path, layer=_layer(path), columns=["class", "score"])
        values = dict(zip(meta["fields"], fields, strict=True))
        scores = values["score"].astype(float)
    except (*UNREADABLE, TypeError) as error:  # a score that is no number
        raise unreadable(f"The detections {path}", error) from error
    unknown = sorted({str(value) for value in values["class"]} - set(names))
    if unknown:
        raise LabelError(f"The detections {path} have the class '{unknown[0]}', which is none of {', '.join(names)}.")
    try:
        shapes = geometries_of(wkb)
    except ValueError as error:
        raise LabelError(f"The detections {path} have {error}, which cannot be read.") from error
    if shapely.is_missing(shapes).any() or shapely.is_empty(shapes).any() or broken(shapes).any():
        raise LabelError(f"The detections {path} have boxes without a place; give a layer that predict wrote.")
    shapes = shapely.transform(shapes, grid.pixels_from(info["crs"]), interleaved=False)
    labels = np.array([names.index(value) for value in values["class"]], np.int64)
    return Boxes(shapely.bounds(shapes).reshape(-1, 4), labels, scores)


def read_all_detections(paths: Sequence[Path], grid: Grid, names: list[str]) -> Boxes:
    """The detections of several layers, as `read_detections`."""
    parts = [read_detections(path, grid, names) for path in paths]
    return Boxes(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("corners", "labels", "scores")))


def readable_detections(paths: Sequence[Path], names: list[str]) -> tuple[list[Path], list[tuple[Path, LabelError]]]:
    """The layers that can be read, and the others with what is wrong with them; names are those of the classes."""
    used, failed = [], []
    for path in paths:
        try:
            read_detections(path, sheet_of([path], Labels(path=str(path)), Area(kind="raster")).grid, names)
            used.append(path)
        except LabelError as error:
            failed.append((path, error))
    return used, failed


def _layer(path: Path) -> str | None:
    """`predict`'s layer where there is one, else the file's first."""
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    return LAYER if LAYER in names else names[0]


def _info(path: Path) -> dict[str, Any]:
    if not Path(path).exists():
        raise LabelError(f"The detections {path} do not exist.", "Correct the path, or predict first.")
    check_reach(path)
    try:
        info: dict[str, Any] = pyogrio.read_info(path, layer=_layer(path))
    except UNREADABLE as error:
        raise unreadable(f"The detections {path}", error) from error
    if is_undefined(info["crs"]):
        raise LabelError(f"The detections {path} have no coordinate reference system; assign one to the layer.")
    return info


def _extent(path: Path, layer: str | None, crs: str) -> tuple[float, float, float, float] | None:
    """A layer's bounds in a CRS; none where it is empty or cannot be read, which is told when it is used."""
    check_reach(path)
    try:
        info = pyogrio.read_info(path, layer=layer, force_total_bounds=True)
        to_crs = transformer(info["crs"], crs)
    except (*UNREADABLE, CRSError, ProjError):
        return None
    if is_undefined(info["crs"]) or info["total_bounds"] is None or not np.isfinite(info["total_bounds"]).all():
        return None
    return to_crs.transform_bounds(*info["total_bounds"])
