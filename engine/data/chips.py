"""Cutting windows out of a source: what may be seen of the image, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from ..types import IGNORE_INDEX, Chip
from .grid import Window
from .labels import ClassRaster
from .masks import coverage
from .prepared import PreparedSource
from .vector_labels import VectorLabels

SMALLEST_SHARE = 0.3
"""A box of which less than this can be seen is no example; its pixels are ignored instead."""
SMALLEST_SIDE = 1.0
"""Nor is one whose visible part is narrower than so many pixels."""


@dataclass
class Cut:
    """A window of a source, in numpy.

    Args:
        source: the source's name.
        window: which pixels of its grid.
        image: (C, H, W) raw values.
        seen: (H, W) bool, pixels with data that this side of the split may see.
        valid: (H, W) bool, those of them that count.
        mask: (H, W) uint8 with `IGNORE_INDEX`, for segmentation.
        boxes: (n, 4) float32 xyxy pixels, inside the window, for detection.
        labels: (n,) int64, for detection.
    """

    source: str
    window: Window
    image: np.ndarray
    seen: np.ndarray
    valid: np.ndarray
    mask: np.ndarray | None = None
    boxes: np.ndarray | None = None
    labels: np.ndarray | None = None

    def share(self) -> float:
        """The share of pixels that count."""
        return np.count_nonzero(self.valid) / self.valid.size

    def hide(self, image: np.ndarray, fill: np.ndarray) -> np.ndarray:
        """The image (C, H, W) with the band means (C,) wherever it may not be seen."""
        if self.seen.all():
            return image
        return np.where(self.seen, image, as_type(fill, image.dtype)[:, None, None])

    def chip(self, image: np.ndarray, dtype: torch.dtype, strong: np.ndarray | None = None) -> Chip:
        """The chip with an image, and perhaps a strong view of it."""
        return Chip(
            image=torch.from_numpy(np.ascontiguousarray(image)).to(dtype),
            valid=torch.from_numpy(self.valid),
            mask=None if self.mask is None else torch.from_numpy(self.mask),
            boxes=None if self.boxes is None else torch.from_numpy(self.boxes),
            labels=None if self.labels is None else torch.from_numpy(self.labels),
            source=self.source,
            origin=(self.window.column, self.window.row),
            strong=None if strong is None else torch.from_numpy(np.ascontiguousarray(strong)).to(dtype),
        )


def cut(source: PreparedSource, window: Window, training: bool) -> Cut:
    """Cut a window for training or for validation.

    Training does not see validation ground nor the buffer around it. Ground outside the labelled area
    is seen, as context, and does not count.

    Raises:
        RasterError: the raster cannot be read.
        LabelError: a class raster has a value without a class.
    """
    image, seen = source.reader.read(*window)
    counted = coverage(source.training if training else source.validation, window)
    # what trains is never hidden
    if training and not source.hidden.is_empty and not counted.all():
        seen = seen & ~coverage(source.hidden, window)
    piece = Cut(source.name, window, image, seen, seen & counted)
    if source.role == "segmentation":
        _add_mask(piece, source)
    elif source.role == "detection":
        _add_objects(piece, source)
    return piece


def as_type(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Values in a type, rounded and cut to its range where it is an integer's."""
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = values.round().clip(limits.min, limits.max)
    return values.astype(dtype)


def _add_mask(piece: Cut, source: PreparedSource) -> None:
    """What has no class does not count, and what does not count has no class."""
    mask = cast("VectorLabels | ClassRaster", source.labels).mask(piece.window)
    piece.valid = piece.valid & (mask != IGNORE_INDEX)
    mask[~piece.valid] = IGNORE_INDEX
    piece.mask = mask


def _add_objects(piece: Cut, source: PreparedSource) -> None:
    features = cast("VectorLabels", source.labels)
    boxes, labels = features.objects(piece.window)
    valid = piece.valid & ~features.ignored(piece.window)
    clipped = np.clip(boxes, 0, np.tile([piece.window.width, piece.window.height], 2))
    inside = (clipped[:, 2:] > clipped[:, :2]).all(axis=1)
    boxes, clipped, labels = boxes[inside], clipped[inside], labels[inside]
    keep = _visible_share(boxes, clipped, valid) >= SMALLEST_SHARE
    keep &= (clipped[:, 2:] - clipped[:, :2] >= np.minimum(boxes[:, 2:] - boxes[:, :2], SMALLEST_SIDE)).all(axis=1)
    for left, top, right, bottom in _outward(clipped[~keep]):
        valid[top:bottom, left:right] = False
    piece.valid = valid
    piece.boxes, piece.labels = clipped[keep].astype(np.float32), labels[keep]


def _visible_share(boxes: np.ndarray, clipped: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """How much of each box (n, 4) lies inside the window and on valid pixels, (n,)."""
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    share: np.ndarray = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1) / np.maximum(area, 1e-9)
    if valid.all():
        return share
    on_valid = [valid[top:bottom, left:right].mean() for left, top, right, bottom in _outward(clipped)]
    found: np.ndarray = share * np.array(on_valid)
    return found


def _outward(boxes: np.ndarray) -> np.ndarray:
    """The whole pixels that boxes (n, 4) touch, at least one each way."""
    low = np.floor(boxes[:, :2]).astype(int)
    high = np.maximum(np.ceil(boxes[:, 2:]).astype(int), low + 1)
    return np.concatenate([low, high], axis=1)
