"""FCOS: anchor-free detection (Tian et al., arXiv 2006.09214)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxLinearCoder
from torchvision.models.detection.fcos import FCOSHead as TorchvisionHead
from torchvision.ops import generalized_box_iou_loss

from ...types import Detections
from .anchors import centers, grid_anchors
from .detection import BACKGROUND, IGNORED, DetectionHead, Matched
from .predictor import Predictor

CENTER_RADIUS = 1.5
"""Locations within this many strides of an object's centre may answer for it."""


def level_ranges(strides: list[int]) -> list[tuple[float, float]]:
    """The reach, in pixels, that each level answers for: (above, up to).

    A location's reach is the largest of its four distances to an object's sides, so about half of the
    object's longer side. A level goes up to 8 strides and the last one on to infinity, which is
    torchvision's rule; strides 4, 8, 16, 32 give 0-32, 32-64, 64-128 and 128-inf.
    """
    upper = [*(8.0 * stride for stride in strides[:-1]), math.inf]
    return list(zip([0.0, *upper[:-1]], upper, strict=True))


class FcosHead(DetectionHead):
    """Classes, four distances in strides, and centerness at every location; A = 1.

    Args:
        channels: of the features.
        classes: C.
        strides: of the levels it reads, finest first.
        convs: convolutions before the predictors.
        light: one tower of separable blocks.
        design: 1 has torchvision's head with group norms.
    """

    def __init__(
        self, channels: int, classes: int, strides: list[int], convs: int, light: bool = False, design: int = 2
    ) -> None:
        super().__init__(strides)
        self.coder = BoxLinearCoder(normalize_by_size=True)
        if design == 1:
            self.head = TorchvisionHead(channels, 1, classes, convs)
            distances = self.head.regression_head.bbox_reg
        else:
            self.head = Predictor(channels, 1, classes, len(strides), convs, light, centerness=True)
            distances = self.head.boxes
        # Distances end in a ReLU, which passes no gradient where it starts below zero: begin at one stride.
        nn.init.ones_(distances.bias)

    def forward(self, features: list[Tensor]) -> Detections:
        """Dense detections in float32; `regression` is left, top, right, bottom in strides, not negative."""
        logits, regression, centerness = self._predict(features)
        shapes = [tuple(level.shape[-2:]) for level in features]
        cells = [torch.tensor([[-0.5, -0.5, 0.5, 0.5]], device=features[0].device) * stride for stride in self.strides]
        return Detections(
            logits=logits.float(),
            regression=regression.float(),
            centerness=centerness.squeeze(-1).float(),
            anchors=grid_anchors(shapes, self.strides, cells),
            shapes=shapes,
        )

    def _predict(self, features: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        predicted = self.head(features)
        if isinstance(self.head, Predictor):
            return predicted["logits"], F.relu(predicted["boxes"]), predicted["centerness"]
        return predicted["cls_logits"], predicted["bbox_regression"], predicted["bbox_ctrness"]

    def assign(self, detections: Detections, boxes: Tensor, valid: Tensor) -> Tensor:
        """Centre sampling: the smallest object that holds a location near its centre, within its level's range.

        An object that holds none, because it is smaller than the cells, gets the nearest one (`_with_all_objects`).
        """
        nothing = torch.where(valid, BACKGROUND, IGNORED)
        if not len(boxes):
            return nothing
        reach, inside = _reach(detections.anchors, boxes)
        lower, upper = self._ranges(detections)
        fits = inside & (reach > lower) & (reach <= upper) & _central(detections.anchors, boxes)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).expand_as(reach)
        smallest, index = areas.masked_fill(~fits, math.inf).min(dim=1)
        matches = torch.where(valid & smallest.isfinite(), index, nothing)
        found = (boxes[:, 2:] <= boxes[:, :2]).any(dim=1)  # what has no extent claims nothing
        found[matches[matches >= 0]] = True
        return matches if found.all() else self._with_all_objects(detections, boxes, valid, matches)

    def boxes(self, detections: Detections) -> Tensor:
        """(B, N, 4) xyxy pixels, not clipped."""
        anchors = detections.anchors.expand_as(detections.regression)
        return self.coder.decode(detections.regression, anchors)

    def box_losses(self, detections: Detections, matched: Matched) -> dict[str, Tensor]:
        """Generalised IoU of the boxes, binary cross-entropy of the centerness."""
        anchors = detections.anchors[matched.anchor]
        predicted = self.coder.decode(detections.regression[matched.image, matched.anchor], anchors)
        centerness = detections.centerness[matched.image, matched.anchor]
        target = _centerness(self.coder.encode(anchors, matched.boxes))
        return {
            "box": generalized_box_iou_loss(predicted, matched.boxes, reduction="sum"),
            "centerness": F.binary_cross_entropy_with_logits(centerness, target, reduction="sum"),
        }

    def _with_all_objects(self, detections: Detections, boxes: Tensor, valid: Tensor, matches: Tensor) -> Tensor:
        """Matches (N,) in which every object has a location, but where no ground counts near it.

        The smallest object chooses first: the nearest location of its level that counts, is no other such object's, and
        is not the only one of its owner. Locations within a cell of its centre that nobody answers for are ignored:
        they see the object, too, and would learn that it is background.
        """
        device, matches = matches.device, matches.cpu().clone()
        points, valid, boxes = centers(detections.anchors).cpu(), valid.cpu(), boxes.cpu()
        levels = torch.arange(len(self.strides)).repeat_interleave(torch.tensor([h * w for h, w in detections.shapes]))
        strides = torch.tensor(self.strides, dtype=points.dtype)[levels]
        counts = torch.bincount(matches[matches >= 0], minlength=len(boxes))
        taken = torch.zeros(len(points), dtype=torch.bool)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
        counts[areas <= 0] = 1  # what has no extent claims nothing
        for index in sorted((counts == 0).nonzero().flatten().tolist(), key=areas.__getitem__):
            away = (points - centers(boxes[index : index + 1])).abs().amax(dim=1) / strides
            owner = matches.clamp(min=0)
            free = valid & ~taken & (away < CENTER_RADIUS) & ((matches < 0) | (counts[owner] > 1))
            level = self._level_of(boxes[index])
            if not free.any():
                continue
            # Another level only where its own has none left.
            chosen = int(torch.where(free, away + 100.0 * (levels != level), math.inf).argmin())
            if matches[chosen] >= 0:
                counts[matches[chosen]] -= 1
            matches[chosen], taken[chosen], counts[index] = index, True, 1
            matches[(levels == levels[chosen]) & (away < 1) & (matches == BACKGROUND)] = IGNORED
        return matches.to(device)

    def _level_of(self, box: Tensor) -> int:
        """The level for an object of this size: its reach from a location near its centre is half its longer side."""
        reach = float((box[2:] - box[:2]).max()) / 2
        return next(place for place, (_, upper) in enumerate(level_ranges(self.strides)) if reach <= upper)

    def _ranges(self, detections: Detections) -> Tensor:
        """Each location's level range, (2, N, 1)."""
        counts = [height * width for height, width in detections.shapes]
        ranges = torch.tensor(level_ranges(self.strides), device=detections.anchors.device)
        repeats = torch.tensor(counts, device=ranges.device)
        return ranges.repeat_interleave(repeats, dim=0).T[:, :, None]


def _reach(anchors: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """(N, n) largest distance from each location to each box's sides, and whether it lies inside."""
    points = centers(anchors)[:, None]
    distances = torch.cat([points - boxes[:, :2], boxes[:, 2:] - points], dim=2)
    return distances.amax(dim=2), distances.amin(dim=2) > 0


def _central(anchors: Tensor, boxes: Tensor) -> Tensor:
    strides = (anchors[:, 2] - anchors[:, 0])[:, None]
    offsets = (centers(anchors)[:, None] - centers(boxes)).abs().amax(dim=2)
    return offsets < CENTER_RADIUS * strides


def _centerness(distances: Tensor) -> Tensor:
    """(P,) centerness of (P, 4) left, top, right, bottom (FCOS, equation 3); 1 where a location is outside its object.

    Such a location is the only one that answers for a tiny object: nothing is more central.
    """
    sides = distances.clamp(min=0).view(-1, 2, 2)  # (left, top), (right, bottom)
    inside = distances.amin(dim=1) > 0
    return torch.where(inside, (sides.amin(dim=1) / sides.amax(dim=1).clamp(min=1e-6)).prod(dim=1).sqrt(), 1.0)
