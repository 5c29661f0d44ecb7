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
        As `boxes.detection_scores`.

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
