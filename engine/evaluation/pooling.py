"""Scores over several maps at once: a benchmark's test tiles count as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .boxes import Boxes, detection_scores
from .confusion import segmentation_scores


def pooled_segmentation(scores: list[dict[str, Any]], background: bool = True) -> dict[str, Any]:
    """Scores of all pixels of several class maps, from their confusion matrices.

    Args:
        scores: what `evaluate_segmentation` says of each, with the same classes.
        background: whether channel 0 is background.

    Returns:
        As `confusion.segmentation_scores`.
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
        As `boxes.detection_scores`.
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
