"""Anchors on a pyramid: where they are, whether they count, and one for every object."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


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
