"""The convolutions of a dense detection head: towers shared by all levels, and what predicts on them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...types import given
from ..blocks import SharedTower

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
