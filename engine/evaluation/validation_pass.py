"""What the report shows of the validation blocks: answers collected in one pass, ground as it was divided, speed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
import shapely
import torch
from shapely import Geometry
from torch import Tensor, nn

from ..config import Labelled, Run
from ..data import Prepared, PreparedSource, validation_batches
from ..data.labels import ClassRaster
from ..models import TaskNetwork
from ..training.validation import centred_on
from ..types import IGNORE_INDEX, Batch, Objects, Task, given
from .centre_lines import TOLERANCE, LineCounts, line_counts
from .confusion import DetectionCurves, PixelCurves, confusion_matrix, segmentation_scores
from .detections import Boxes, assigned

_ROUNDS = 3


@torch.inference_mode()
def megapixels_per_second(network: nn.Module, bands: int, side: int) -> float:
    """Median speed of a network with all its heads, on the device where it is; reading and writing not counted.

    Args:
        network: in eval mode.
        bands: of its images.
        side: of one image, in pixels.
    """
    device = next(network.parameters()).device
    image = torch.rand(1, bands, side, side, device=device).contiguous(memory_format=torch.channels_last)
    seconds = [_seconds(network, image) for _ in range(1 + _ROUNDS)]
    return side * side / 1e6 / median(seconds[1:])  # the first round warms up


def _seconds(network: nn.Module, image: torch.Tensor) -> float:
    begun = time.perf_counter()
    network(image)
    if image.is_cuda:
        torch.cuda.synchronize(image.device)
    return time.perf_counter() - begun


_DETAIL = 200
"""Outlines are simplified to this part of the source's longer side."""


def described_sources(prepared: Prepared, run: Run) -> list[dict[str, Any]]:
    """Areas, labels and outlines of each source.

    Returns:
        For each: `name`, `role`, `area_m2` (of unlabelled sources all of it), `training_m2`, `validation_m2`, for
        labelled ones `unit` (objects or pixels) and `labels` {class: {training, validation}}, and `outlines`: rings in
        metres from the raster's upper left corner, y down, of its `raster`, `training` and `validation` ground.
    """
    return [_described(source, run) for source in prepared.sources]


def _described(source: PreparedSource, run: Run) -> dict[str, Any]:
    gsd = source.reader.grid.gsd
    grounds = {"raster": source.reader.outline(), "training": source.training, "validation": source.validation}
    values: dict[str, Any] = {
        "name": source.name,
        "role": source.role,
        "area_m2": round(source.square_metres(source.area)),
        "training_m2": round(source.square_metres(source.training)),
        "validation_m2": round(source.square_metres(source.validation)),
        "outlines": {name: _rings(ground, gsd) for name, ground in grounds.items()},
    }
    if source.labels is not None:
        values["unit"] = "pixels" if isinstance(source.labels, ClassRaster) else "objects"
        values["labels"] = _labels(source, run)
    return values


def _labels(source: PreparedSource, run: Run) -> dict[str, dict[str, int]]:
    classes = run.detection_classes if source.role == "detection" else run.segmentation_classes
    grounds = {"training": source.training, "validation": source.validation}
    found = {side: np.zeros(len(classes)) for side in grounds}
    for side, ground in grounds.items():
        for index, there in source.points.by_class().items():
            for piece in source.points.where(there).pieces():
                inside = shapely.contains_xy(ground, piece.columns, piece.rows)
                found[side][index] += piece.counts[inside].sum()
    return {
        # a part of a feature is a label too
        definition.name: {side: math.ceil(found[side][index] - 1e-6) for side in grounds}
        for index, definition in enumerate(classes)
    }


def _rings(ground: Geometry, gsd: float) -> list[list[list[float]]]:
    """Outer and inner rings of polygons, as whole metres would be drawn."""
    if ground.is_empty:
        return []
    left, top, right, bottom = ground.bounds
    simple = ground.simplify(max(right - left, bottom - top) / _DETAIL)
    rings = [ring for part in shapely.get_parts(simple) if part.geom_type == "Polygon" for ring in _both(part)]
    return [[[round(x * gsd, 1), round(y * gsd, 1)] for x, y in ring.coords] for ring in rings]


def _both(polygon: shapely.Polygon) -> list[shapely.LinearRing]:
    return [polygon.exterior, *polygon.interiors]


CANDIDATES = 0.05
"""Detections below this score take no part."""
_NO_CLASS = IGNORE_INDEX - 1
EXTREMES = 3
"""Chips shown as the best, and as the worst."""
_LEAST_COUNTED = 0.25
"""Share of a chip that must count for it to be among the extremes."""


@dataclass
class ScoredChip:
    """One validation chip, what is true and what the network says.

    Args:
        score: mean IoU or F1 of this chip alone.
        image: (C, H, W) raw values.
        truth: mask (H, W); for detection boxes (n, 4) xyxy pixels and labels (n,) too.
        prediction: the same, as the network says.
    """

    score: float
    image: Tensor
    truth: dict[str, np.ndarray]
    prediction: dict[str, np.ndarray]


@dataclass
class ValidationPass:
    """What a pass over one task's validation blocks leaves.

    Args:
        values: JSON for the report.
        best: the chips of highest score.
        worst: the chips of lowest score.
    """

    values: dict[str, Any]
    best: list[ScoredChip] = field(default_factory=list)
    worst: list[ScoredChip] = field(default_factory=list)


def validation_pass(
    network: TaskNetwork,
    run: Run,
    prepared: Prepared,
    score_threshold: float | Sequence[float],
    device: torch.device | str = "cpu",
) -> dict[Task, ValidationPass]:
    """Examine every task of a network that has validation blocks.

    Args:
        network: in eval mode, on `device`.
        run: names the classes and how many chips take part.
        prepared: the sources.
        score_threshold: detections below it are not reported to people; one, or one a class.
        device: where the network is.

    Returns:
        By task: segmentation's `confusion` and, of classes under clDice, `lines` (`LineCounts.scores`); for both tasks
        `curves` (precision and recall by class), `calibration` (bins), `chips`.
    """
    found: dict[Task, ValidationPass] = {}
    for task in (each for each in network.tasks if prepared.of_role(each)):
        batches = first_chips(validation_batches(prepared, run, task), run.training.validation_chips)
        with torch.inference_mode():
            if task == "segmentation":
                names = [each.name for each in run.segmentation_channels()]
                answers = ((batch, _probabilities(network, batch, device)) for batch in batches)
                found[task] = _examine_areas(answers, names, _thin(run), TOLERANCE / prepared.gsd)
            else:
                names = [each.name for each in run.detection_classes]
                found[task] = _examine_objects(network, batches, names, score_threshold, device)
    return found


def _thin(run: Run) -> list[str]:
    """The classes that the run keeps connected, which are judged as lines, too."""
    if not isinstance(run.recipe, Labelled) or not run.recipe.cldice:
        return []
    return run.recipe.thin_classes or [each.name for each in run.segmentation_classes]


def _probabilities(network: TaskNetwork, batch: Batch, device: Any) -> Tensor:
    """(B, K, H, W) of segmentation, on the CPU."""
    logits = given(network(batch.to(device).image, tasks=("segmentation",)).segmentation)
    return logits.softmax(1).cpu()


def _examine_areas(
    answers: Iterable[tuple[Batch, Tensor]], names: list[str], thin: list[str], tolerance: float
) -> ValidationPass:
    lines = {name: LineCounts() for name in thin}
    matrix = np.zeros((len(names), len(names)), np.int64)
    curves, extremes, chips = PixelCurves(names), _Extremes(), 0
    for batch, probabilities in answers:
        masks = given(batch.mask)
        curves.update(probabilities, masks)
        for index, (chip, mask) in enumerate(zip(probabilities.argmax(1).numpy(), masks.numpy(), strict=True)):
            own = confusion_matrix(chip, mask, len(names))
            matrix += own
            for name in thin:
                mine, truth = ((values == names.index(name)) & (mask != IGNORE_INDEX) for values in (chip, mask))
                lines[name] += line_counts(mine, truth, tolerance)
            score = segmentation_scores(own, names, background=False)["mean_iou"]
            extremes.offer(score, batch, index, {"mask": mask}, {"mask": chip})
            chips += 1
    values = {"chips": chips, "confusion": {"names": names, "matrix": matrix.tolist()}, **curves.compute()}
    if thin:
        values["lines"] = {name: counts.scores() for name, counts in lines.items()}
    return extremes.passed(values)


def _examine_objects(
    network: TaskNetwork, batches: Iterable[Batch], names: list[str], threshold: float | Sequence[float], device: Any
) -> ValidationPass:
    curves, extremes, chips = DetectionCurves(names), _Extremes(), 0
    for batch in batches:
        detections = given(network(batch.to(device).image, tasks=("detection",)).detections)
        boxes, labels = given(batch.boxes), given(batch.labels)
        for index, objects in enumerate(given(network.detection_head).decode(detections, CANDIDATES, 0.5, 300)):
            found = _counted(objects, batch.valid[index])
            there = centred_on(boxes[index], batch.valid[index]).numpy()
            truth = Boxes(boxes[index].numpy()[there], labels[index].numpy()[there])
            hit = assigned(found, truth, 0.5, CANDIDATES) >= 0
            curves.update(found, hit, truth)
            sure = found.reach(threshold)
            valid = batch.valid[index].numpy()
            if len(truth) or sure.any():
                score = 2 * int((hit & sure).sum()) / (int(sure.sum()) + len(truth))
                extremes.offer(score, batch, index, _drawn(truth, valid), _drawn(found[sure], valid))
            chips += 1
    return extremes.passed({"chips": chips, **curves.compute(threshold)})


def _counted(objects: Objects[Tensor], valid: Tensor) -> Boxes:
    """Detections whose centre counts."""
    boxes = Boxes(*(getattr(objects, name).float().cpu().numpy() for name in ("boxes", "labels", "scores")))
    keep = centred_on(objects.boxes, valid).numpy()
    return Boxes(boxes.corners, boxes.labels.astype(int), boxes.scores)[keep]


def _drawn(boxes: Boxes, valid: np.ndarray) -> dict[str, np.ndarray]:
    """Boxes, and a mask that tells only where nothing counts."""
    return {"boxes": boxes.corners, "labels": boxes.labels, "mask": np.where(valid, _NO_CLASS, IGNORE_INDEX)}


def first_chips(batches: Iterable[Batch], chips: int) -> Iterator[Batch]:
    """Whole batches until so many chips have been."""
    for batch in batches:
        yield batch
        chips -= len(batch.image)
        if chips <= 0:
            return


class _Extremes:
    """Keeps a few chips of highest and of lowest score."""

    def __init__(self) -> None:
        self._best: list[ScoredChip] = []
        self._worst: list[ScoredChip] = []
        self._scored = 0

    def offer(
        self, score: float | None, batch: Batch, index: int, truth: dict[str, Any], prediction: dict[str, Any]
    ) -> None:
        """Consider a chip; one without a score, or of which little counts, is not shown."""
        if score is None or batch.valid[index].float().mean() < _LEAST_COUNTED:
            return
        self._scored += 1
        chip = ScoredChip(score, batch.image[index].clone(), truth, prediction)
        self._best = sorted([*self._best, chip], key=lambda each: -each.score)[:EXTREMES]
        self._worst = sorted([*self._worst, chip], key=lambda each: each.score)[:EXTREMES]

    def passed(self, values: dict[str, Any]) -> ValidationPass:
        """Where chips are few, half of them are the worst."""
        worst = self._worst[: (self._scored + 1) // 2]
        return ValidationPass(values, self._best[: self._scored - len(worst)], worst)
