"""Losses on labels: of either task, of one task as weak labels of the other, and on the centre lines of thin areas."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor

from .. import ranks
from ..types import IGNORE_INDEX
from .arithmetic import full, mean_over, pixels

SMOOTH = 1.0


def cldice_loss(logits: Tensor, mask: Tensor, classes: list[int], iterations: int = 8) -> Tensor:
    """1 - clDice, mean over the classes that the mask has (Shit et al., arXiv 2003.07311, with soft skeletons).

    clDice is the harmonic mean of how much of the predicted skeleton lies on the truth, and of the true skeleton on the
    prediction, over all pixels of the batch. Pixels that do not count are background in both.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.
        classes: the thin ones, as channels.
        iterations: of the soft skeleton: half the widest structure, in pixels.

    Returns:
        scalar; zero where the mask has none of the classes.

    Examples:
        >>> road = torch.zeros(1, 9, 9, dtype=torch.long)
        >>> road[:, 4] = 1
        >>> gap = road.clone()
        >>> gap[:, :, 3:6] = 0
        >>> logits = [20.0 * torch.stack([1 - each, each], dim=1) for each in (road, gap)]
        >>> [round(cldice_loss(each, road, [1]).item(), 3) for each in logits]
        [0.0, 0.176]
    """
    counted = (mask != IGNORE_INDEX)[:, None]
    probabilities = torch.where(counted, full(logits), 0.0).softmax(dim=1) * counted
    wanted = [channel for channel in classes if ranks.number(int((mask == channel).any()))]
    if not wanted:
        return probabilities.sum() * 0.0
    truth = torch.stack([mask == channel for channel in wanted], dim=1).to(probabilities.dtype)
    return (1 - _cldice(probabilities[:, wanted], truth, iterations)).mean()


def soft_skeleton(values: Tensor, iterations: int) -> Tensor:
    """Skeleton (B, K, H, W) of values in 0 to 1, by repeated min and max pooling.

    Examples:
        >>> band = torch.zeros(1, 1, 7, 9)
        >>> band[:, :, 2:5] = 1
        >>> soft_skeleton(band, 4)[0, 0, :, 4].tolist()
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    """
    skeleton = F.relu(values - _opened(values))
    for _ in range(iterations):
        values = _eroded(values)
        delta = F.relu(values - _opened(values))
        skeleton = skeleton + F.relu(delta - skeleton * delta)
    return skeleton


def _cldice(predicted: Tensor, truth: Tensor, iterations: int) -> Tensor:
    """(K,) of (B, K, H, W)."""
    precision = _share_on(soft_skeleton(predicted, iterations), truth)
    sensitivity = _share_on(soft_skeleton(truth, iterations), predicted)
    return 2 * precision * sensitivity / (precision + sensitivity)


def _share_on(skeleton: Tensor, areas: Tensor) -> Tensor:
    on, whole = (ranks.summed(values.sum(dim=(0, 2, 3))) for values in (skeleton * areas, skeleton))
    return (on + SMOOTH) / (whole + SMOOTH)


def _eroded(values: Tensor) -> Tensor:
    rows = -F.max_pool2d(-values, (3, 1), 1, (1, 0))
    columns = -F.max_pool2d(-values, (1, 3), 1, (0, 1))
    return torch.minimum(rows, columns)


def _opened(values: Tensor) -> Tensor:
    return F.max_pool2d(_eroded(values), 3, 1, 1)


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


FOCAL_GAMMA = 2.0
_dice = DiceLoss(mode="multiclass", ignore_index=IGNORE_INDEX)


def segmentation_cross_entropy(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy, mean over the pixels that count.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar; zero where every pixel is ignored.

    Examples:
        >>> mask = torch.tensor([[[0, IGNORE_INDEX]]])
        >>> round(segmentation_cross_entropy(torch.zeros(1, 2, 1, 2), mask).item(), 4)  # log 2, of one pixel
        0.6931
    """
    total = F.cross_entropy(full(logits), mask, ignore_index=IGNORE_INDEX, reduction="sum")
    return mean_over(total, (mask != IGNORE_INDEX).sum())


def weighted_cross_entropy(logits: Tensor, mask: Tensor, weights: tuple[float, ...]) -> Tensor:
    """Cross-entropy, mean over the pixels that count, each weighing what its class does (as torch's with `weight`).

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.
        weights: of each class, at least 1.

    Returns:
        scalar; zero where every pixel is ignored.

    Examples:
        >>> logits, mask = torch.tensor([[20.0, 0.0], [0.0, 0.0]]).view(1, 2, 1, 2), torch.tensor([[[0, 1]]])
        >>> [round(weighted_cross_entropy(logits, mask, weights).item(), 4) for weights in ((1.0, 1.0), (1.0, 3.0))]
        [0.3466, 0.5199]
    """
    logits, counted = full(logits), mask != IGNORE_INDEX
    by_class = torch.tensor(weights, dtype=logits.dtype, device=logits.device)
    total = F.cross_entropy(logits, mask, by_class, ignore_index=IGNORE_INDEX, reduction="sum")
    return mean_over(total, by_class[mask.masked_fill(~counted, 0)].masked_fill(~counted, 0.0).sum())


def segmentation_focal(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy times (1 - p)^2, p the probability of the true class (Lin et al., arXiv 1708.02002), without alpha.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar, mean over the pixels that count; zero where every pixel is ignored.

    Examples:
        >>> mask = torch.tensor([[[0]]])
        >>> round(segmentation_focal(torch.zeros(1, 2, 1, 1), mask).item(), 4)  # (1 - 0.5)^2 log 2
        0.1733
    """
    each = F.cross_entropy(full(logits), mask, ignore_index=IGNORE_INDEX, reduction="none")
    return mean_over(((1 - (-each).exp()) ** FOCAL_GAMMA * each).sum(), (mask != IGNORE_INDEX).sum())


def dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """1 - Dice over the batch's pixels that count, mean over classes; classes absent from the mask give 0.

    Args:
        logits: (B, K, H, W).
        mask: (B, H, W) int64 with `IGNORE_INDEX`.

    Returns:
        scalar (smp's `DiceLoss`, multiclass).

    Examples:
        >>> mask = torch.tensor([[[0, 1], [0, 1]]])
        >>> right = 50.0 * F.one_hot(mask, 2).movedim(-1, 1)
        >>> [round(dice_loss(logits, mask).item(), 4) for logits in (right, -right)]
        [0.0, 1.0]
    """
    return _dice(full(logits), mask) if ranks.alone() else _dice_of_all(full(logits), mask)


def _dice_of_all(logits: Tensor, mask: Tensor) -> Tensor:
    """The same of processes that train together, by sums over the batch of all."""
    counted = (mask != IGNORE_INDEX)[:, None]
    truth = F.one_hot(mask.masked_fill(~counted[:, 0], 0), logits.shape[1]).movedim(-1, 1) * counted
    predicted = logits.softmax(dim=1) * counted
    both, areas = ranks.summed(
        torch.stack([each.sum(dim=(0, 2, 3)) for each in (predicted * truth, predicted + truth)])
    )
    there = ranks.total(truth.sum(dim=(0, 2, 3))) > 0
    found: Tensor = ((1 - 2 * both / areas.clamp(min=_dice.eps)) * there).mean()
    return found
