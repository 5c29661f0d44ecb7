"""From dense scores and boxes to decided objects; PyTorch and ONNX predictions both end here."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from ...types import Objects

CANDIDATES_PER_OBJECT = 5
"""Candidates that suppression sees for each object that may remain: neighbours all find the same object."""


def decide(
    scores: Tensor, boxes: Tensor, score_threshold: float | Sequence[float], iou_threshold: float, limit: int = 1000
) -> Objects[Tensor]:
    """Threshold, keep the best, suppress overlaps within each class.

    Args:
        scores: (N, C) in 0 to 1.
        boxes: (N, 4) xyxy pixels.
        score_threshold: scores at or below it go; one, or one a class.
        iou_threshold: of two boxes of a class that overlap more, the weaker goes.
        limit: the most objects returned.

    Returns:
        the objects, best first.
    """
    anchors, classes = (scores > scores.new_tensor(score_threshold)).nonzero(as_tuple=True)
    values = scores[anchors, classes]
    best = values.topk(min(limit * CANDIDATES_PER_OBJECT, len(values))).indices
    candidates, values, classes = boxes[anchors[best]], values[best], classes[best]
    kept = batched_nms(candidates, values, classes, iou_threshold)[:limit]
    return Objects(candidates[kept], classes[kept], values[kept])


def clip(boxes: Tensor, height: int, width: int) -> Tensor:
    """(..., 4) xyxy boxes cut at the image's border."""
    border = torch.tensor([width, height, width, height], dtype=boxes.dtype, device=boxes.device)
    return torch.minimum(boxes.clamp(min=0), border)
