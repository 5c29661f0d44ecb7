"""Counts that scores are made of: a confusion matrix of pixels, precision over recall and confidence in bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import IGNORE_INDEX
from .detections import Boxes

if TYPE_CHECKING:  # layers are scored without it
    from torch import Tensor


def confusion_matrix(predicted: np.ndarray, truth: np.ndarray, count: int) -> np.ndarray:
    """Pixel counts (count, count) int64: rows are truth, columns are predictions.

    Args:
        predicted: channel indices of any shape; `IGNORE_INDEX` counts nowhere.
        truth: the same for the truth.
        count: number of channels.

    Examples:
        >>> truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, IGNORE_INDEX])
        >>> confusion_matrix(predicted, truth, 2).tolist()
        [[1, 1], [0, 1]]
    """
    counted = (predicted != IGNORE_INDEX) & (truth != IGNORE_INDEX)
    pairs = truth[counted].astype(np.int64) * count + predicted[counted]
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def segmentation_scores(matrix: np.ndarray, names: list[str], background: bool) -> dict[str, Any]:
    """Per-class and mean scores.

    Args:
        matrix: pixel counts (K, K), rows are truth.
        names: of the K channels.
        background: whether channel 0 is background.

    Returns:
        `mean_iou` and `mean_f1` over the channels that occur in the truth, `mean_iou_classes` the same without
        background, `pixel_accuracy`, `pixels`, `classes` (name to `iou`, `f1`, `precision`, `recall`, `pixels`) and
        `confusion`. What is undefined, such as IoU and F1 of a class without truth, is none.

    Examples:
        >>> scores = segmentation_scores(np.array([[6, 2], [1, 3]]), ["ground", "roof"], background=True)
        >>> scores["pixel_accuracy"], scores["mean_iou_classes"], scores["classes"]["roof"]["recall"]
        (0.75, 0.5, 0.75)
    """
    hits, truth, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    parts = {
        "iou": _ratio(hits, np.where(truth > 0, truth + predicted - hits, 0)),
        "f1": _ratio(2 * hits, np.where(truth > 0, truth + predicted, 0)),
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, truth),
    }
    classes = {
        name: {**{part: _number(values[index]) for part, values in parts.items()}, "pixels": int(truth[index])}
        for index, name in enumerate(names)
    }
    return {
        "task": "segmentation",
        "mean_iou": _mean(parts["iou"]),
        "mean_iou_classes": _mean(parts["iou"][int(background) :]),
        "mean_f1": _mean(parts["f1"]),
        "pixel_accuracy": _number(_ratio(hits.sum(), matrix.sum())),
        "pixels": int(matrix.sum()),
        "classes": classes,
        "confusion": {"names": names, "matrix": matrix.tolist()},
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)
    return found


def _mean(values: np.ndarray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None


def _number(value: float | np.ndarray) -> float | None:
    return None if np.isnan(value) else float(value)


BINS = 15
"""Of reliability diagrams (Guo et al. 2017, arXiv 1706.04599)."""
LEVELS = 100
"""Thresholds of precision-recall curves."""


class PixelCurves:
    """Of a segmentation: one-against-all precision and recall of each class, and calibration of the winning class.

    Args:
        names: of the K channels.
    """

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._positive, self._negative = (np.zeros((len(names), LEVELS)) for _ in range(2))
        self._calibration = Calibration()

    def update(self, probabilities: Tensor, mask: Tensor) -> None:
        """Add a batch: probabilities (B, K, H, W), mask (B, H, W); `IGNORE_INDEX` counts nowhere."""
        counted = mask != IGNORE_INDEX
        truth = mask[counted].long()
        shares = probabilities.movedim(1, -1)[counted].float()
        levels = (shares * LEVELS).long().clamp(0, LEVELS - 1).numpy()
        for index in range(len(self._names)):
            mine = (truth == index).numpy()
            self._positive[index] += np.bincount(levels[mine, index], minlength=LEVELS)
            self._negative[index] += np.bincount(levels[~mine, index], minlength=LEVELS)
        confidence, winner = shares.max(1)
        self._calibration.update(confidence.numpy(), (winner == truth).numpy())

    def compute(self) -> dict[str, Any]:
        """`curves` {class: {precision, recall}} from strict to lax thresholds, and `calibration`."""
        curves = {}
        for name, positive, negative in zip(self._names, self._positive, self._negative, strict=True):
            hits, wrong = positive[::-1].cumsum(), negative[::-1].cumsum()
            if hits[-1]:
                curves[name] = _curve(hits, hits + wrong, hits[-1])
        return {"curves": curves, "calibration": self._calibration.compute()}


class DetectionCurves:
    """Of a detector: precision and recall of each class at an IoU of 0.5, and calibration of its scores.

    Args:
        names: of the classes.
    """

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._objects = np.zeros(len(names), int)
        self._calibration = Calibration()

    def update(self, found: Boxes, hit: np.ndarray, truth: Boxes) -> None:
        """Add a chip: detections, which of them hit an object, and the objects."""
        self._found.append((found.labels, found.scores, hit))
        self._objects += np.bincount(truth.labels, minlength=len(self._names))
        self._calibration.update(found.scores, hit)

    def compute(self, threshold: float | Sequence[float]) -> dict[str, Any]:
        """`curves` as for pixels, `calibration`, and by class `objects` and `detections` from `threshold` up.

        It is one, or one a class.
        """
        parts = zip(*self._found, strict=True) if self._found else ([np.zeros(0)],) * 3
        labels, scores, hit = (np.concatenate(list(part)) for part in parts)
        curves, detections = {}, {}
        thresholds = np.broadcast_to(threshold, len(self._names))
        for index, name in enumerate(self._names):
            mine = labels == index
            detections[name] = int((scores[mine] >= thresholds[index]).sum())
            if self._objects[index] and mine.any():
                ranked = hit[mine][np.argsort(-scores[mine], kind="stable")]
                curves[name] = _ranked_curve(ranked, self._objects[index])
        objects = dict(zip(self._names, self._objects.tolist(), strict=True))
        return {
            "curves": curves, "calibration": self._calibration.compute(), "objects": objects, "detections": detections
        }  # fmt: skip


class Calibration:
    """Counts answers by confidence in equal bins from 0 to 1.

    Examples:
        >>> calibration = Calibration()
        >>> calibration.update(np.array([0.9, 0.9, 0.9, 0.9]), np.array([True, True, True, False]))
        >>> round(calibration.compute()["ece"], 3)  # it says 0.9, and is right in 0.75
        0.15
    """

    def __init__(self) -> None:
        self._count, self._confidence, self._correct = (np.zeros(BINS) for _ in range(3))

    def update(self, confidence: np.ndarray, correct: np.ndarray) -> None:
        """Add answers: confidence (n,) in 0..1, correct (n,) bool."""
        bins = (confidence * BINS).astype(int).clip(0, BINS - 1)
        for total, weights in ((self._count, None), (self._confidence, confidence), (self._correct, correct)):
            total += np.bincount(bins, weights, BINS)

    def compute(self) -> dict[str, Any]:
        """Per bin `count`, mean `confidence` and share `correct` (none where empty), and `ece`.

        The expected calibration error is the mean over all answers of their bin's |confidence - correct| (Guo et al.,
        equation 3); none without answers.
        """
        filled = np.maximum(self._count, 1)
        confidence, correct = self._confidence / filled, self._correct / filled
        total = self._count.sum()
        ece = float((self._count * abs(confidence - correct)).sum() / total) if total else None
        shown = [[float(value) if count else None for value, count in zip(each, self._count, strict=True)]
                 for each in (confidence, correct)]  # fmt: skip
        return {"count": self._count.astype(int).tolist(), "confidence": shown[0], "correct": shown[1], "ece": ece}


def _ranked_curve(hit: np.ndarray, objects: int) -> dict[str, list[float]]:
    """At hits, where recall rises, and at the end of the ranking."""
    places = np.unique(np.append(np.flatnonzero(hit), len(hit) - 1))
    places = places[np.unique(np.linspace(0, len(places) - 1, LEVELS).round().astype(int))]
    return _curve(hit.cumsum()[places], places + 1, objects)


def _curve(hits: np.ndarray, answers: np.ndarray, objects: float) -> dict[str, list[float]]:
    """Points with any answer."""
    some = answers > 0
    precision, recall = hits[some] / answers[some], hits[some] / objects
    return {"precision": precision.round(4).tolist(), "recall": recall.round(4).tolist()}
