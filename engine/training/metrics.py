"""Validation scores: mean IoU, per-class IoU and F1, AP and AP50, by torchmetrics."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix
from torchmetrics.detection import MeanAveragePrecision

from .. import ranks
from ..types import IGNORE_INDEX, Objects

MAIN = {"segmentation": "segmentation/mean_iou", "detection": "detection/ap50"}
"""The metric that decides which weights of a task are best."""

MAX_DETECTIONS = 1000
"""Objects of one chip that take part in AP; COCO's 100 is too few for parking lots."""

LEAST_OBJECTS = 20
"""Objects that choose a score threshold of their class's own; fewer choose by chance. Of drawn scores, thresholds from
20 objects cost 0.015 of F1 on new ground where classes are alike and gain 0.01 to 0.08 where they differ; from 5, 0.04
at worst."""


class SegmentationScore:
    """Accumulates a confusion matrix; pixels with `IGNORE_INDEX` count nowhere.

    Args:
        names: of the channels, in order.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._matrix = MulticlassConfusionMatrix(len(names), ignore_index=IGNORE_INDEX, sync_on_compute=False)

    def update(self, logits: Tensor, mask: Tensor) -> None:
        """Add a batch: logits (B, K, H, W), mask (B, H, W)."""
        self._matrix.update(logits.argmax(1).cpu(), mask.cpu())

    def compute(self) -> dict[str, float]:
        """`segmentation/mean_iou` over classes that occur, and IoU and F1 of each class by name."""
        return segmentation_values(ranks.total(self._matrix.confmat).double(), self.names)


def segmentation_values(matrix: Tensor, names: list[str]) -> dict[str, float]:
    """Scores of a confusion matrix (K, K), rows are truth; a class without truth has none and is in no mean.

    Without any truth there is no score at all.
    """
    hits, truth, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    union = truth + predicted - hits
    occurs = truth > 0
    iou = hits / union.clamp(min=1)
    f1 = 2 * hits / (truth + predicted).clamp(min=1)
    values = {"segmentation/mean_iou": iou[occurs].mean().item()} if occurs.any() else {}
    for index, name in enumerate(names):
        if occurs[index]:
            values[f"segmentation/iou/{name}"] = iou[index].item()
            values[f"segmentation/f1/{name}"] = f1[index].item()
    return values


class DetectionScore:
    """Accumulates detections; detections and objects centred on pixels that do not count are left out.

    Args:
        names: of the classes, in order.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._map = MeanAveragePrecision(
            class_metrics=len(names) > 1,
            extended_summary=True,
            max_detection_thresholds=[1, 100, MAX_DETECTIONS],
            backend="faster_coco_eval",
            sync_on_compute=False,  # it wants the same number of chips of all processes
        )
        self._map.warn_on_many_detections = False
        self._seen: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []

    def update(self, objects: list[Objects[Tensor]], boxes: list[Tensor], labels: list[Tensor], valid: Tensor) -> None:
        """Add a batch: predictions and truth per image, valid (B, H, W)."""
        for found, corners, classes, where in zip(objects, boxes, labels, valid, strict=True):
            keep, there = centred_on(found.boxes, where), centred_on(corners, where)
            seen = {"boxes": found.boxes, "labels": found.labels, "scores": found.scores}
            predicted = {name: value.cpu()[keep] for name, value in seen.items()}
            predicted["boxes"], predicted["scores"] = predicted["boxes"].float(), predicted["scores"].float()
            self._seen.append((predicted, {"boxes": corners.cpu().float()[there], "labels": classes.cpu()[there]}))

    def compute(self) -> dict[str, float]:
        """`detection/ap`, `detection/ap50`, AP50 of each class, and the score thresholds with the best F1 at IoU 0.5.

        `detection/f1` is the mean of the classes' best, `detection/threshold` the mean of the thresholds that reach it,
        and `detection/threshold/NAME` those of several classes that have `LEAST_OBJECTS`. Classes without an object
        have no score and are in no mean; without any object there is no score at all.
        """
        predictions, truth = zip(*everything, strict=True) if (everything := ranks.everyone(self._seen)) else ((), ())
        objects: Any = sum(torch.bincount(each["labels"], minlength=len(self.names)) for each in truth)
        self._map.reset()
        self._map.update(list(predictions), list(truth))
        result = self._map.compute()
        precision, scores = result["precision"][0, :, :, 0, -1], result["scores"][0, :, :, 0, -1]
        known = (precision > -1).any(dim=0)
        if not known.any():
            return {}
        values = {"detection/ap": result["map"].item(), "detection/ap50": result["map_50"].item()}
        labels = torch.atleast_1d(result["classes"])[known]
        precision, scores = precision[:, known], scores[:, known]
        for label, each in zip(labels.tolist(), precision.T, strict=True):
            values[f"detection/ap50/{self.names[label]}"] = each.mean().item()
        best, thresholds = best_f1(precision, scores)
        values["detection/f1"] = best.mean().item()
        found = best > 0
        if found.any():
            values["detection/threshold"] = thresholds[found].mean().item()
        own = found & (objects[labels] >= LEAST_OBJECTS) & (len(self.names) > 1)
        for label, threshold in zip(labels[own].tolist(), thresholds[own].tolist(), strict=True):
            values[f"detection/threshold/{self.names[label]}"] = threshold
        return values


def best_f1(precision: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Best F1 (K,) over the score threshold, and that threshold (K,), which means nothing where F1 is 0.

    Args:
        precision: COCO's, (R, K) at R recalls from 0 to 1.
        scores: (R, K), the lowest of the detections that reach each recall.
    """
    recall = torch.linspace(0, 1, precision.shape[0], dtype=precision.dtype)[:, None]
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-9)
    best, where = f1.clamp(min=0).max(0)
    return best, scores.gather(0, where[None])[0]


def main_score(values: dict[str, float]) -> float:
    """The mean of the tasks' main metrics: what "best" means."""
    mains = [values[key] for key in MAIN.values() if key in values]
    return sum(mains) / max(1, len(mains))


def centred_on(boxes: Tensor, valid: Tensor) -> Tensor:
    """Which boxes (n, 4) xyxy are centred on a pixel of `valid` (H, W); those outside the image count at its border."""
    centers = ((boxes[:, :2] + boxes[:, 2:]).float().cpu() / 2).floor().long()
    height, width = valid.shape
    return valid.cpu()[centers[:, 1].clamp(0, height - 1), centers[:, 0].clamp(0, width - 1)]
