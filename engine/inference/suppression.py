"""From dense scores and boxes to decided objects, in numpy: the same decisions as `engine.models.decide`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import Objects

CANDIDATES_PER_OBJECT = 5
"""Candidates that suppression sees for each object that may remain: neighbours all find the same object."""
ROUND = 64
"""Boxes that one round of suppression looks at: what they suppress is left out of the next."""


def decide(
    scores: np.ndarray,
    boxes: np.ndarray,
    score_threshold: float | Sequence[float],
    iou_threshold: float,
    limit: int = 1000,
) -> Objects[np.ndarray]:
    """Threshold, keep the best, suppress overlaps within each class.

    Args:
        scores: (N, C) in 0 to 1.
        boxes: (N, 4) xyxy pixels.
        score_threshold: scores at or below it go; one, or one a class.
        iou_threshold: of two boxes of a class that overlap more, the weaker goes.
        limit: the most objects returned.

    Returns:
        The objects, best first, as arrays.

    Examples:
        >>> scores = np.array([[0.9], [0.8], [0.1]])
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]])
        >>> found = decide(scores, boxes, score_threshold=0.3, iou_threshold=0.5)
        >>> found.boxes.tolist(), found.scores.tolist()
        ([[0, 0, 10, 10]], [0.9])
    """
    anchors, classes = np.nonzero(scores > np.asarray(score_threshold, scores.dtype))
    values = scores[anchors, classes]
    best = np.argsort(-values, kind="stable")[: limit * CANDIDATES_PER_OBJECT]
    candidates, values, classes = boxes[anchors[best]], values[best], classes[best]
    kept = suppress(candidates, classes, iou_threshold, limit)
    return Objects(candidates[kept], classes[kept], values[kept])


def decide_sorted(
    candidates: Objects[np.ndarray], score_threshold: float | Sequence[float], iou_threshold: float, limit: int
) -> Objects[np.ndarray]:
    """The same of candidates that a graph has selected, best first."""
    boxes, labels, scores = candidates.boxes, candidates.labels, candidates.scores
    passed = scores > threshold_of(labels, score_threshold).astype(scores.dtype)
    boxes, scores, labels = boxes[passed], scores[passed], labels[passed].astype(np.int64)
    kept = suppress(boxes, labels, iou_threshold, limit)
    return Objects(boxes[kept], labels[kept], scores[kept])


def threshold_of(labels: np.ndarray, threshold: float | Sequence[float]) -> np.ndarray:
    """What the score of each box must reach.

    Args:
        labels: (n,) class indices.
        threshold: one, or one a class.

    Returns:
        (n,).

    Examples:
        >>> threshold_of(np.array([1, 0, 1]), (0.3, 0.6)).tolist(), threshold_of(np.array([1, 0, 1]), 0.5).tolist()
        ([0.6, 0.3, 0.6], [0.5, 0.5, 0.5])
    """
    by_class = np.asarray(threshold, float)
    return by_class[labels] if by_class.ndim else np.full(len(labels), by_class)


def suppress(boxes: np.ndarray, labels: np.ndarray, iou_threshold: float, limit: int) -> np.ndarray:
    """Non-maximum suppression within each class.

    Args:
        boxes: (n, 4) xyxy pixels, best first.
        labels: (n,).
        iou_threshold: intersection over union over which the later of two goes.
        limit: the most that stay.

    Returns:
        Indices of those that stay, best first.

    Examples:
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10]])
        >>> suppress(boxes, np.array([0, 0, 1]), iou_threshold=0.5, limit=10).tolist()  # another class stays
        [0, 2]
    """
    kept: list[int] = []
    rest, columns = np.arange(len(boxes)), np.ascontiguousarray(boxes.T)
    while len(rest) and len(kept) < limit:  # in rounds, after each of which what went is left out
        stays = np.ones(len(rest), bool)
        for place in range(min(ROUND, len(rest))):
            if not stays[place] or len(kept) == limit:
                continue
            kept.append(rest[place])
            later = slice(place + 1, None)
            stays[later] &= (labels[later] != labels[place]) | ~(
                _iou(columns[:, place], columns[:, place + 1 :]) > iou_threshold
            )
        stays[:ROUND] = False
        rest, columns, labels = rest[stays], columns[:, stays], labels[stays]
    return np.array(kept, np.int64)


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (..., 4) xyxy, pair by pair; 0 of boxes without area.

    Examples:
        >>> float(iou(np.array([0, 0, 10, 10]), np.array([5, 0, 15, 10])).round(4))  # 50 of 150
        0.3333
    """
    return _iou(np.moveaxis(first, -1, 0), np.moveaxis(second, -1, 0))


def _iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The same of boxes by column, (4, ...), which is quick where columns lie together in memory."""
    left, top, right, bottom = first
    lefts, tops, rights, bottoms = second
    shared = (np.minimum(rights, right) - np.maximum(lefts, left)).clip(0)
    shared = shared * (np.minimum(bottoms, bottom) - np.maximum(tops, top)).clip(0)
    both = (right - left) * (bottom - top) + (rights - lefts) * (bottoms - tops)
    found: np.ndarray = shared / np.maximum(both - shared, 1e-9)
    return found
