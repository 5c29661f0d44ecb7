"""The shapes of data at each door between the rooms: `Chip`, `Batch`, `Outputs`.

Recipes, loop and inference meet only here, so none of them knows another's insides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:  # prediction without PyTorch passes here too
    import torch
    from torch import Tensor

Role = Literal["detection", "segmentation", "unlabelled"]
Task = Literal["detection", "segmentation"]

IGNORE_INDEX = 255
"""Mask value of pixels that count nowhere: not in losses, not in distillation, not in metrics."""


T = TypeVar("T")


def given(value: T | None) -> T:
    """What may be none elsewhere, but not here: the mask of a segmentation batch, the head of a network that detects.

    Raises:
        TypeError: it is none, which is a mistake in the program.
    """
    if value is None:
        raise TypeError("A value is missing that its role or task should have.")
    return value


@dataclass
class Chip:
    """A window of one source at the model's ground sampling distance.

    Args:
        image: (C, H, W), the raster's own type where torch has it; pixels without data, and in training chips
            validation ground, hold the band means.
        valid: (H, W) bool, the pixels that count: data, inside the labelled area and the split's
            blocks (inside the raster's data for unlabelled sources).
        mask: (H, W) uint8 class indices with `IGNORE_INDEX`, for segmentation sources, else none.
        boxes: (n, 4) float32 xyxy in pixels, for detection sources, else none.
        labels: (n,) int64 indices into the detection classes, else none.
        source: the source's name; with `origin`, (column, row) of the chip's upper left pixel on
            the source's grid, it says where the chip came from.
        strong: (C, H, W), the same pixels under a strong photometric view, or none.
        damage: of each damaged raster met while the chip was drawn, its path and a sentence.
    """

    image: Tensor
    valid: Tensor
    mask: Tensor | None = None
    boxes: Tensor | None = None
    labels: Tensor | None = None
    source: str = ""
    origin: tuple[int, int] = (0, 0)
    strong: Tensor | None = None
    damage: dict[str, str] = field(default_factory=dict)


@dataclass
class Batch:
    """Chips of one role, stacked.

    Args:
        role: the role all its chips share.
        image: (B, C, H, W) raw values, float32 once on the device.
        valid: (B, H, W) bool.
        mask: (B, H, W) int64 with `IGNORE_INDEX` (in training uint8 until it is on the device), or none.
        boxes: per image (n_i, 4) float32 xyxy pixels, or none.
        labels: per image (n_i,) int64, or none.
        strong: (B, C, H, W) strong views, or none.
        chips: where each image came from, (source name, column, row).
    """

    role: Role
    image: Tensor
    valid: Tensor
    mask: Tensor | None = None
    boxes: list[Tensor] | None = None
    labels: list[Tensor] | None = None
    strong: Tensor | None = None
    chips: list[tuple[str, int, int]] = field(default_factory=list)

    def part(self, which: slice) -> Batch:
        """Some of its chips."""
        names = ("image", "valid", "mask", "boxes", "labels", "strong", "chips")
        parts = {name: value[which] for name in names if (value := getattr(self, name)) is not None}
        return replace(self, **parts)

    def nbytes(self) -> int:
        """The memory that its images, masks and strong views take."""
        return sum(each.nbytes for each in (self.image, self.valid, self.mask, self.strong) if each is not None)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on `device`, images as float32 (channels last) and masks as int64."""
        import torch

        def image(values: Tensor) -> Tensor:
            values = values.to(device, non_blocking=True).float()
            return values.contiguous(memory_format=torch.channels_last)

        def each(values: list[Tensor] | None) -> list[Tensor] | None:
            return None if values is None else [value.to(device, non_blocking=True) for value in values]

        return Batch(
            role=self.role,
            image=image(self.image),
            valid=self.valid.to(device, non_blocking=True),
            mask=None if self.mask is None else self.mask.to(device, non_blocking=True).long(),
            boxes=each(self.boxes),
            labels=each(self.labels),
            strong=None if self.strong is None else image(self.strong),
            chips=self.chips,
        )


@dataclass
class Detections:
    """Dense detections, before any decision.

    Args:
        logits: (B, N, C), N = sum over pyramid levels of H_l W_l A.
        regression: (B, N, 4), the head's own box parametrisation.
        centerness: (B, N) logits, or none where the head has no such branch.
        anchors: (N, 4) float32 xyxy pixels; for anchor-free heads the stride-sized squares around
            the locations.
        shapes: (H_l, W_l) of each level.
        per_location: A, the number of anchors at each location.
    """

    logits: Tensor
    regression: Tensor
    anchors: Tensor
    shapes: list[tuple[int, int]]
    per_location: int = 1
    centerness: Tensor | None = None

    def part(self, which: slice) -> Detections:
        """Those of some of the images."""
        return replace(
            self,
            logits=self.logits[which],
            regression=self.regression[which],
            centerness=None if self.centerness is None else self.centerness[which],
        )


@dataclass
class Outputs:
    """What a network returns.

    Args:
        segmentation: (B, K, H, W) logits at the input's size, or none.
        detections: dense detections, or none.
        features: the neck's pyramid, finest first, each (B, D, H_l, W_l).
        backbone: the encoder's last features, (B, D', H/32, W/32).
    """

    segmentation: Tensor | None = None
    detections: Detections | None = None
    features: list[Tensor] = field(default_factory=list)
    backbone: Tensor | None = None

    def part(self, which: slice) -> Outputs:
        """Those of some of the images."""
        return Outputs(
            segmentation=None if self.segmentation is None else self.segmentation[which],
            detections=None if self.detections is None else self.detections.part(which),
            features=[level[which] for level in self.features],
            backbone=None if self.backbone is None else self.backbone[which],
        )


@dataclass
class Objects(Generic[T]):
    """Decided detections of one image as tensors or arrays: boxes (n, 4) xyxy pixels, labels (n,), scores (n,)."""

    boxes: T
    labels: T
    scores: T
