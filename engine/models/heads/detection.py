"""The interface of dense detection heads, and what they share: anchors, convolutions, targets, loss, decoding."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.ops import batched_nms, sigmoid_focal_loss

from ... import ranks
from ...types import Detections, Objects, given
from ..blocks import SharedTower


def grid_anchors(shapes: list[tuple[int, int]], strides: list[int], cells: list[Tensor]) -> Tensor:
    """Anchors of all levels in the heads' order: level, row, column, anchor of the location.

    The location of cell (row, column) is the middle of the stride-sized square it stands for,
    ((column + 0.5) stride, (row + 0.5) stride).

    Args:
        shapes: (H_l, W_l) of each level.
        strides: of each level, in pixels.
        cells: of each level (A, 4) xyxy offsets from the location.

    Returns:
        (N, 4) float32 xyxy pixels, N = sum of H_l W_l A.
    """
    levels = []
    for (height, width), stride, cell in zip(shapes, strides, cells, strict=True):
        y = (torch.arange(height, device=cell.device) + 0.5) * stride
        x = (torch.arange(width, device=cell.device) + 0.5) * stride
        y, x = torch.meshgrid(y, x, indexing="ij")
        location = torch.stack([x, y, x, y], dim=-1)
        levels.append((location[:, :, None] + cell).reshape(-1, 4))
    return torch.cat(levels)


def centers(boxes: Tensor) -> Tensor:
    """(n, 2) xy centres of (n, 4) xyxy boxes."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def shapes_of(levels: list[Tensor]) -> list[tuple[int, int]]:
    """(H_l, W_l) of levels (B, D, H_l, W_l)."""
    return [(level.shape[-2], level.shape[-1]) for level in levels]


def anchors_valid(anchors: Tensor, valid: Tensor) -> Tensor:
    """Whether each anchor's centre lies on a pixel that counts.

    Args:
        anchors: (N, 4) xyxy pixels.
        valid: (B, H, W) bool.

    Returns:
        (B, N) bool; an anchor centred outside the image does not count.
    """
    height, width = valid.shape[-2:]
    x, y = centers(anchors).floor().long().unbind(dim=1)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return valid[:, y.clamp(0, height - 1), x.clamp(0, width - 1)] & inside


def claimed(matches: np.ndarray, places: np.ndarray, costs: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """The place that each object without one takes; the smallest object chooses first.

    It takes the cheapest of its places that no other such object has taken and that is not the only one of its owner.

    Args:
        matches: (N,) object of each place, negative for none; what is claimed is written into it.
        places: (n, k) places that each of n objects may take.
        costs: (n, k) of taking them; infinite where it may not.
        areas: (n,) of the objects; those without extent claim nothing.

    Returns:
        (n,) the claimed place, -1 for objects that have one already and for those that none is left for.
    """
    counts = np.bincount(matches[matches >= 0], minlength=len(areas))
    chosen = np.full(len(areas), -1)
    taken = np.zeros(len(matches), bool)
    without = np.flatnonzero((counts == 0) & (areas > 0))
    for index in without[np.argsort(areas[without], kind="stable")]:
        there = places[index]
        owners = matches[there]
        free = ~taken[there] & ((owners < 0) | (counts[owners.clip(min=0)] > 1))
        price = np.where(free, costs[index], np.inf)
        best = int(price.argmin()) if price.size else 0
        if not price.size or np.isinf(price[best]):
            continue
        place = chosen[index] = there[best]
        if matches[place] >= 0:
            counts[matches[place]] -= 1
        matches[place], taken[place], counts[index] = index, True, 1
    return chosen


PRIOR = 0.01
"""Probability with which every class starts everywhere (RetinaNet, arXiv 1708.02002, section 4.1)."""


@dataclass(frozen=True)
class HeadShape:
    """Of a detection head.

    Args:
        channels: of the features.
        classes: C.
        strides: of the levels it reads, finest first.
        convs: convolutions before the predictors.
        light: towers of separable blocks.
        design: 1 has torchvision's head with group norms.
    """

    channels: int
    classes: int
    strides: list[int]
    convs: int
    light: bool = False
    design: int = 2


class Predictor(nn.Module):
    """Classes, boxes and (FCOS) centerness at every anchor.

    A tower for classes and one for boxes, in the light form of depthwise-separable blocks, and 3x3 predictors: with a
    single tower, or with 1x1 predictors, AP50 was lower by 0.1 (docs/methods.md, Networks).

    Args:
        shape: of the head.
        anchors: A, of a location.
        centerness: whether boxes have a centerness.
    """

    def __init__(self, shape: HeadShape, anchors: int, centerness: bool) -> None:
        super().__init__()
        channels, levels = shape.channels, len(shape.strides)
        self.class_tower = SharedTower(channels, shape.convs, levels, shape.light)
        self.box_tower = SharedTower(channels, shape.convs, levels, shape.light)
        self.classes = nn.Conv2d(channels, anchors * shape.classes, 3, padding=1)
        self.boxes = nn.Conv2d(channels, anchors * 4, 3, padding=1)
        self.centerness = nn.Conv2d(channels, anchors, 3, padding=1) if centerness else None
        for predictor in filter(None, (self.classes, self.boxes, self.centerness)):
            nn.init.normal_(predictor.weight, std=0.01)
            nn.init.zeros_(given(predictor.bias))
        nn.init.constant_(given(self.classes.bias), -math.log((1 - PRIOR) / PRIOR))

    def forward(self, features: list[Tensor]) -> dict[str, Tensor]:
        """`logits` (B, N, C), `boxes` (B, N, 4) and, where there is one, `centerness` (B, N, 1) of (B, D, H_l, W_l)."""
        box_levels = self.box_tower(features)
        wanted = {"logits": (self.classes, self.class_tower(features)), "boxes": (self.boxes, box_levels)}
        if self.centerness is not None:
            wanted["centerness"] = (self.centerness, box_levels)
        counts = {"logits": self.classes.out_channels * 4 // self.boxes.out_channels, "boxes": 4, "centerness": 1}
        return {
            name: torch.cat([_flat(predictor(level), counts[name]) for level in levels], dim=1)
            for name, (predictor, levels) in wanted.items()
        }


def _flat(values: Tensor, count: int) -> Tensor:
    """(B, A count, H, W) as (B, H W A, count)."""
    return values.permute(0, 2, 3, 1).reshape(values.shape[0], -1, count)


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


Axis = Literal["x", "y"]
BACKGROUND = -1
IGNORED = -2


class Matched(NamedTuple):
    """The P anchors of a batch that have an object, as rows.

    Attributes:
        image: (P,) index in the batch.
        anchor: (P,) index among the N anchors.
        boxes: (P, 4) xyxy pixels, the objects'.
        labels: (P,) the objects'.
    """

    image: Tensor
    anchor: Tensor
    boxes: Tensor
    labels: Tensor


class DetectionHead(nn.Module, ABC):
    """A dense detection head over pyramid levels.

    A head gives `forward`, `assign`, `boxes`, `box_losses` and `mirrored_regression`; loss and decoding follow from
    them. Its convolutions are its `head`.

    Args:
        strides: of the levels it reads, finest first.
    """

    head: Any
    """`Predictor`, or in design 1 torchvision's, which have no types."""

    def __init__(self, strides: list[int]) -> None:
        super().__init__()
        self.strides = list(strides)

    @property
    def classifier(self) -> nn.Conv2d:
        """What predicts the classes; output channels are anchors of a location x classes."""
        classifier: nn.Conv2d = (
            self.head.classes if isinstance(self.head, Predictor) else self.head.classification_head.cls_logits
        )
        return classifier

    @abstractmethod
    def forward(self, features: list[Tensor]) -> Detections:
        """Dense detections in float32 of the levels' features, each (B, D, H_l, W_l)."""

    @abstractmethod
    def assign(self, detections: Detections, boxes: Tensor, valid: Tensor) -> Tensor:
        """Which object each anchor answers for.

        Args:
            detections: for anchors and shapes only.
            boxes: (n, 4) xyxy pixels of one image; n may be 0.
            valid: (N,) bool.

        Returns:
            (N,) index into `boxes`, `BACKGROUND`, or `IGNORED` (always where not valid).
        """

    @abstractmethod
    def boxes(self, detections: Detections) -> Tensor:
        """(B, N, 4) xyxy pixels, not clipped."""

    @abstractmethod
    def box_losses(self, detections: Detections, matched: Matched) -> dict[str, Tensor]:
        """Sums over the matched anchors: `box`, and `centerness` where the head has such a branch."""

    @abstractmethod
    def mirrored_regression(self, regression: Tensor, axis: Axis) -> Tensor:
        """(B, N, 4) of the mirrored boxes at the same anchors."""

    def mirrored(self, detections: Detections, axis: Axis) -> Detections:
        """What the detections of a mirror image say of the image itself.

        Args:
            detections: of the mirror image.
            axis: `x` where left and right were exchanged, `y` where top and bottom were.
        """

        def turned(values: Tensor) -> Tensor:
            counts = [height * width * detections.per_location for height, width in detections.shapes]
            levels = [
                level.unflatten(1, (*shape, detections.per_location)).flip(2 if axis == "x" else 1).flatten(1, 3)
                for level, shape in zip(values.split(counts, dim=1), detections.shapes, strict=True)
            ]
            return torch.cat(levels, dim=1)

        return replace(
            detections,
            logits=turned(detections.logits),
            regression=self.mirrored_regression(turned(detections.regression), axis),
            centerness=None if detections.centerness is None else turned(detections.centerness),
        )

    def loss(
        self,
        detections: Detections,
        boxes: list[Tensor],
        labels: list[Tensor],
        valid: Tensor,
        classes: list[int] | None = None,
    ) -> dict[str, Tensor]:
        """Supervised losses: each a sum over counted anchors divided by the batch's positives (at least 1).

        Args:
            detections: of a batch of B images.
            boxes: per image (n, 4) xyxy pixels; n may be 0.
            labels: per image (n,) class indices.
            valid: (B, H, W) bool; anchors centred on other pixels count nowhere.
            classes: those that the labels know of, none means all; scores of others count nowhere.

        Returns:
            scalars: `classification` (sigmoid focal, alpha 0.25, gamma 2), `box`, and `centerness` for FCOS.
        """
        counted = anchors_valid(detections.anchors, valid)
        matches = torch.stack([self.assign(detections, each, mask) for each, mask in zip(boxes, counted, strict=True)])
        matched = _matched(matches, boxes, labels)
        positives = max(1, ranks.number(len(matched.image)))
        sums = {"classification": _classification_loss(detections.logits, matches, matched, classes)}
        sums |= self.box_losses(detections, matched)
        return {name: ranks.scaled(value) / positives for name, value in sums.items()}

    def class_targets(
        self, detections: Detections, boxes: list[Tensor], labels: list[Tensor], valid: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What labels say of the scores: targets (B, N, C) of 0 and 1, and which anchors (B, N) count.

        Args:
            detections: of a batch of B images.
            boxes: per image (n, 4) xyxy pixels; n may be 0.
            labels: per image (n,) class indices.
            valid: (B, H, W) bool.
        """
        counted = anchors_valid(detections.anchors, valid)
        matches = torch.stack([self.assign(detections, each, mask) for each, mask in zip(boxes, counted, strict=True)])
        return _targets(detections.logits, _matched(matches, boxes, labels)), matches != IGNORED

    def scores_and_boxes(self, detections: Detections) -> tuple[Tensor, Tensor]:
        """Scores (B, N, C) in 0 to 1 and boxes (B, N, 4) xyxy pixels within the image; traceable."""
        scores = detections.logits.sigmoid()
        if detections.centerness is not None:
            scores = (scores * detections.centerness.sigmoid()[..., None]).sqrt()
        height, width = (side * self.strides[0] for side in detections.shapes[0])
        return scores, clip(self.boxes(detections), height, width)

    @torch.no_grad()
    def decode(
        self,
        detections: Detections,
        score_threshold: float | Sequence[float],
        iou_threshold: float,
        limit: int = 1000,
    ) -> list[Objects[Tensor]]:
        """Decided objects of each image, best first; see `detection.decide`."""
        scores, boxes = self.scores_and_boxes(detections)
        return [
            decide(each, places, score_threshold, iou_threshold, limit)
            for each, places in zip(scores, boxes, strict=True)
        ]


def _matched(matches: Tensor, boxes: list[Tensor], labels: list[Tensor]) -> Matched:
    image, anchor = (matches >= 0).nonzero(as_tuple=True)
    first = torch.tensor([0, *(len(each) for each in boxes)], device=matches.device).cumsum(0)
    chosen = first[image] + matches[image, anchor]
    return Matched(image, anchor, torch.cat(boxes).float()[chosen], torch.cat(labels)[chosen])


def _targets(logits: Tensor, matched: Matched) -> Tensor:
    """(B, N, C) like the logits: 1 at the class of an anchor's object."""
    targets = torch.zeros_like(logits)
    targets[matched.image, matched.anchor, matched.labels] = 1.0
    return targets


def _classification_loss(logits: Tensor, matches: Tensor, matched: Matched, classes: list[int] | None) -> Tensor:
    targets = _targets(logits, matched)
    counted = matches != IGNORED
    logits, targets = logits[counted], targets[counted]
    if classes is not None:
        logits, targets = logits[:, classes], targets[:, classes]
    loss: Tensor = sigmoid_focal_loss(logits, targets, alpha=0.25, gamma=2.0, reduction="sum")
    return loss
