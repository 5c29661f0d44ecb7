"""FCOS: anchor-free detection (Tian et al., arXiv 2006.09214)."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxLinearCoder
from torchvision.models.detection.fcos import FCOSHead as TorchvisionHead
from torchvision.ops import generalized_box_iou_loss

from ...types import Detections, given
from .detection import (
    BACKGROUND,
    IGNORED,
    Axis,
    DetectionHead,
    HeadShape,
    Matched,
    Predictor,
    centers,
    claimed,
    grid_anchors,
    shapes_of,
)

CENTER_RADIUS = 1.5
"""Locations within this many strides of an object's centre may answer for it."""
_OTHER_LEVEL = 100.0
"""What a location of another level than an object's costs more than any of its own, in strides."""


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
        shape: levels, classes and convolutions.
    """

    def __init__(self, shape: HeadShape) -> None:
        super().__init__(shape.strides)
        self.coder = BoxLinearCoder(normalize_by_size=True)
        if shape.design == 1:
            self.head = TorchvisionHead(shape.channels, 1, shape.classes, shape.convs)
            distances = self.head.regression_head.bbox_reg
        else:
            self.head = Predictor(shape, 1, centerness=True)
            distances = self.head.boxes
        # Distances end in a ReLU, which passes no gradient where it starts below zero: begin at one stride.
        nn.init.ones_(distances.bias)

    def forward(self, features: list[Tensor]) -> Detections:
        """Dense detections in float32; `regression` is left, top, right, bottom in strides, not negative."""
        logits, regression, centerness = self._predict(features)
        shapes = shapes_of(features)
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
        found: Tensor = self.coder.decode(detections.regression, anchors)
        return found

    def mirrored_regression(self, regression: Tensor, axis: Axis) -> Tensor:
        """Left and right, or top and bottom, change places."""
        return regression[..., [2, 1, 0, 3] if axis == "x" else [0, 3, 2, 1]]

    def box_losses(self, detections: Detections, matched: Matched) -> dict[str, Tensor]:
        """Generalised IoU of the boxes, binary cross-entropy of the centerness."""
        anchors = detections.anchors[matched.anchor]
        predicted = self.coder.decode(detections.regression[matched.image, matched.anchor], anchors)
        centerness = given(detections.centerness)[matched.image, matched.anchor]
        target = _centerness(self.coder.encode(anchors, matched.boxes))
        return {
            "box": generalized_box_iou_loss(predicted, matched.boxes, reduction="sum"),
            "centerness": F.binary_cross_entropy_with_logits(centerness, target, reduction="sum"),
        }

    def _with_all_objects(self, detections: Detections, boxes: Tensor, valid: Tensor, matches: Tensor) -> Tensor:
        """Matches (N,) in which every object has a location, but where no ground counts near it.

        The smallest object chooses first (`claimed`): the nearest location of its level that counts, on another level
        only where its own has none left. Locations within a cell of its centre that nobody answers for are ignored:
        they see the object, too, and would learn that it is background.
        """
        device, answers = matches.device, matches.cpu().numpy().copy()
        corners, counted = boxes.double().cpu().numpy(), valid.cpu().numpy()
        places, away, levels = self._nearby(detections.shapes, (corners[:, :2] + corners[:, 2:]) / 2)
        sides = corners[:, 2:] - corners[:, :2]
        uppers = [upper for _, upper in level_ranges(self.strides)]
        own = np.searchsorted(uppers, sides.max(axis=1) / 2)  # near a centre the reach is half the longer side
        costs = np.where(
            counted[places] & (away < CENTER_RADIUS), away + _OTHER_LEVEL * (levels != own[:, None]), np.inf
        )
        chosen = claimed(answers, places, costs, sides.prod(axis=1))
        for index in np.flatnonzero(chosen >= 0):
            level = levels[(places[index] == chosen[index]) & np.isfinite(costs[index])]
            seen = places[index][(levels == level) & (away[index] < 1)]
            answers[seen[answers[seen] == BACKGROUND]] = IGNORED
        return torch.from_numpy(answers).to(device)

    def _nearby(self, shapes: list[tuple[int, int]], middles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Locations (n, k) around points (n, 2) on every level, how many strides away (n, k), and the levels (k,).

        Those outside the image are infinitely far.
        """
        places, away, first = [], [], 0
        rows, columns = (each.ravel() for each in np.mgrid[-2:3, -2:3])
        for (height, width), stride in zip(shapes, self.strides, strict=True):
            column = np.floor(middles[:, :1] / stride).astype(int) + columns
            row = np.floor(middles[:, 1:] / stride).astype(int) + rows
            far = np.maximum(
                *(abs(middles[:, each, None] / stride - cell - 0.5) for each, cell in ((0, column), (1, row)))
            )
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            places.append(np.where(inside, first + row * width + column, 0))
            away.append(np.where(inside, far, np.inf))
            first += height * width
        return np.concatenate(places, 1), np.concatenate(away, 1), np.arange(len(shapes)).repeat(rows.size)

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
