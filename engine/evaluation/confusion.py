"""Segmentation scores from a confusion matrix of pixel counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import IGNORE_INDEX


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
