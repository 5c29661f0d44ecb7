"""Labels of one task as weak labels of the other: masks give boxes, boxes bound masks (METHODS, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from .arithmetic import full, mean_over, pixels


def bounded_areas(logits: Tensor, forbidden: Tensor, valid: Tensor) -> Tensor:
    """Mean of -log(1 - sum of p_k over forbidden k), over the pixels where some class is forbidden.

    Args:
        logits: (B, K, H, W).
        forbidden: (B, K, H, W) bool, never all K of a pixel; see `outside_boxes`.
        valid: (B, H, W) bool.

    Returns:
        scalar; zero where nothing counts.

    Examples:
        >>> forbidden = torch.tensor([False, True]).view(1, 2, 1, 1)
        >>> round(bounded_areas(torch.zeros(1, 2, 1, 1), forbidden, torch.ones(1, 1, 1).bool()).item(), 4)  # log 2
        0.6931
    """
    counted = valid & forbidden.any(dim=1)
    scores, closed = pixels(full(logits), counted), pixels(forbidden, counted)
    allowed = scores.masked_fill(closed, -torch.inf).logsumexp(dim=1)
    return mean_over((scores.logsumexp(dim=1) - allowed).sum(), len(scores))


def outside_boxes(
    boxes: list[Tensor], labels: list[Tensor], channels: dict[int, int], classes: int, size: tuple[int, int]
) -> Tensor:
    """Where boxes forbid areas: on pixels that no box of a detection class touches, its segmentation class.

    Args:
        boxes: per image (n, 4) xyxy pixels.
        labels: per image (n,) detection classes.
        channels: detection class to segmentation channel.
        classes: K.
        size: (H, W).

    Returns:
        (B, K, H, W) bool.

    Examples:
        >>> boxes, labels = [torch.tensor([[1.0, 0.0, 2.0, 1.0]])], [torch.tensor([0])]
        >>> outside_boxes(boxes, labels, {0: 1}, classes=2, size=(1, 3)).int().tolist()
        [[[[0, 0, 0]], [[1, 0, 1]]]]
    """
    forbidden = torch.zeros(len(boxes), classes, *size, dtype=torch.bool, device=boxes[0].device)
    for channel in set(channels.values()):
        forbidden[:, channel] = True
    for image, (corners, kinds) in enumerate(zip(boxes, labels, strict=True)):
        lower, upper = corners[:, :2].floor().long().clamp(min=0), corners[:, 2:].ceil().long()
        for (x0, y0), (x1, y1), kind in zip(lower.tolist(), upper.tolist(), kinds.tolist(), strict=True):
            if kind in channels:
                forbidden[image, channels[kind], y0:y1, x0:x1] = False
    return forbidden
