"""RetinaNet: detection with anchors (Lin et al., arXiv 1708.02002)."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxCoder, Matcher
from torchvision.models.detection.retinanet import RetinaNetHead as TorchvisionHead
from torchvision.ops import box_iou

from ...types import Detections
from .detection import (
    BACKGROUND,
    IGNORED,
    Axis,
    DetectionHead,
    HeadShape,
    Matched,
    Predictor,
    claimed,
    grid_anchors,
    shapes_of,
)

SCALES = (4.0, 4.0 * 2 ** (1 / 3), 4.0 * 2 ** (2 / 3))
"""Square roots of the anchors' areas, in strides."""
RATIOS = (0.5, 1.0, 2.0)
"""Height over width."""
SMOOTH_L1_BETA = 1 / 9
_CHOICE = 64
"""Best anchors of an object without one that it chooses from."""
_WORTH = 0.5
"""Share of its best IoU above which another anchor may answer for such an object; others are elsewhere."""


class RetinaHead(DetectionHead):
    """Classes and box deltas at nine anchors a location, three scales by three ratios.

    Args:
        shape: levels, classes and convolutions, of which design 1 has at most 4.
    """

    def __init__(self, shape: HeadShape) -> None:
        super().__init__(shape.strides)
        self.coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        if shape.design == 1:
            norm = partial(nn.GroupNorm, 32)
            self.head = TorchvisionHead(shape.channels, self.per_location, shape.classes, norm_layer=norm)
            for branch in (self.head.classification_head, self.head.regression_head):
                branch.conv = branch.conv[: shape.convs]
        else:
            self.head = Predictor(shape, self.per_location, centerness=False)
        # An object's best anchor answers for it even below the threshold: small objects reach no 0.5.
        self.matcher = Matcher(0.5, 0.4, allow_low_quality_matches=True)

    @property
    def per_location(self) -> int:
        """A, the anchors of a location."""
        return len(SCALES) * len(RATIOS)

    def forward(self, features: list[Tensor]) -> Detections:
        """Dense detections in float32; `regression` is dx, dy, dw, dh of Faster R-CNN's coding."""
        logits, regression = self._predict(features)
        shapes = shapes_of(features)
        cell = _unit_cell(features[0].device)
        return Detections(
            logits=logits.float(),
            regression=regression.float(),
            anchors=grid_anchors(shapes, self.strides, [cell * stride for stride in self.strides]),
            shapes=shapes,
            per_location=self.per_location,
        )

    def assign(self, detections: Detections, boxes: Tensor, valid: Tensor) -> Tensor:
        """IoU of at least 0.5 (or the best of an object) is its, below 0.4 is background, between is ignored."""
        nothing = torch.where(valid, BACKGROUND, IGNORED)
        overlaps = box_iou(boxes.float(), detections.anchors)
        # An object without extent touches no anchor, and would claim all of them as its equally bad best.
        reachable = (overlaps.amax(dim=1) > 0).nonzero().flatten()
        if not len(reachable):
            return nothing
        matches = self.matcher(overlaps[reachable])
        matches = torch.where(valid, torch.where(matches >= 0, reachable[matches.clamp(min=0)], matches), nothing)
        return self._with_all_objects(boxes, overlaps, valid, matches)

    def _with_all_objects(self, boxes: Tensor, overlaps: Tensor, valid: Tensor, matches: Tensor) -> Tensor:
        """Matches (N,) in which objects have one, too, whose best anchors are another's or do not count."""
        found = (boxes[:, 2:] <= boxes[:, :2]).any(dim=1)
        found[matches[matches >= 0]] = True
        if found.all():
            return matches
        best = overlaps.masked_fill(~valid, 0.0).topk(min(_CHOICE, overlaps.shape[1]), dim=1)
        worth, places = best.values.cpu().numpy(), best.indices.cpu().numpy()
        areas = (boxes[:, 2:] - boxes[:, :2]).double().clamp(min=0).prod(dim=1).cpu().numpy()
        answers = matches.cpu().numpy().copy()
        claimed(
            answers,
            places,
            np.where(worth > _WORTH * overlaps.amax(dim=1, keepdim=True).cpu().numpy(), -worth, np.inf),
            areas,
        )
        return torch.from_numpy(answers).to(matches.device)

    def boxes(self, detections: Detections) -> Tensor:
        """(B, N, 4) xyxy pixels, not clipped."""
        anchors = detections.anchors.expand_as(detections.regression).reshape(-1, 4)
        decoded = self.coder.decode_single(detections.regression.reshape(-1, 4), anchors)
        found: Tensor = decoded.reshape(detections.regression.shape)
        return found

    def mirrored_regression(self, regression: Tensor, axis: Axis) -> Tensor:
        """The centre's offset changes its sign."""
        return regression * regression.new_tensor([-1, 1, 1, 1] if axis == "x" else [1, -1, 1, 1])

    def box_losses(self, detections: Detections, matched: Matched) -> dict[str, Tensor]:
        """Smooth L1 of the coded boxes, summed over the four deltas."""
        target = self.coder.encode_single(matched.boxes, detections.anchors[matched.anchor])
        predicted = detections.regression[matched.image, matched.anchor]
        return {"box": F.smooth_l1_loss(predicted, target, beta=SMOOTH_L1_BETA, reduction="sum")}

    def _predict(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        predicted = self.head(features)
        if isinstance(self.head, Predictor):
            return predicted["logits"], predicted["boxes"]
        return predicted["cls_logits"], predicted["bbox_regression"]


def _unit_cell(device: torch.device) -> Tensor:
    """The nine anchors around a location at stride 1, (9, 4) xyxy."""
    scales = torch.tensor(SCALES, device=device)[:, None]
    ratios = torch.tensor(RATIOS, device=device).sqrt()[None]
    width, height = (scales / ratios).flatten() / 2, (scales * ratios).flatten() / 2
    return torch.stack([-width, -height, width, height], dim=1)
