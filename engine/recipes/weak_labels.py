"""Labels of one task as weak labels of the other (docs/methods.md, section 3): areas give boxes, boxes bound areas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..config import PartialMultitask, Run
from ..datasets.components import MINIMUM_PIXELS, components, large_enough
from ..distillation import bounded_areas, outside_boxes
from ..errors import ConfigError
from ..models import TaskNetwork
from ..types import IGNORE_INDEX, Batch, Outputs, Role, Task, given

WeakLosses = Callable[[TaskNetwork, Outputs, Batch], dict[str, Tensor]]
"""(student, its outputs on a batch, the batch) -> named losses of the task that the batch has no labels of."""


def weak_channels(recipe: PartialMultitask, run: Run) -> dict[int, int]:
    """Detection class to segmentation channel, by `weak_classes` or by equal names.

    Raises:
        ConfigError: a class is unknown, no classes meet, or no channel would be left outside all boxes.
    """
    found = [definition.name for definition in run.detection_classes]
    channels = [definition.name for definition in run.segmentation_channels()]
    pairs = recipe.weak_classes or {name: name for name in found if name in channels[int(run.background) :]}
    for names, known, key in ((pairs, found, "detection_classes"), (pairs.values(), channels, "segmentation_classes")):
        for name in names:
            if name not in known:
                raise ConfigError(f"recipe.weak_classes names '{name}', and {key} have no such name.")
    if not pairs:
        raise ConfigError("The option weak_labels needs a class of both tasks; say which is which in weak_classes.")
    mapped = {found.index(mine): channels.index(theirs) for mine, theirs in pairs.items()}
    if len(set(mapped.values())) == len(channels):
        raise ConfigError("The option weak_labels needs a segmentation class that no box bounds; set background.")
    return mapped


def weak_tasks(role: Role, recipe: PartialMultitask) -> tuple[Task, ...]:
    """The task that a role's batch gets weak labels of: the other one, where they have weight."""
    others: dict[Role, Task] = {"detection": "segmentation", "segmentation": "detection"}
    other = others.get(role)
    wanted = other and recipe.weak_labels and getattr(recipe.weights, f"weak_{other}")
    return (other,) if other and wanted else ()


def weak_losses(recipe: PartialMultitask, run: Run) -> WeakLosses:
    """The losses of weak labels for a run's classes.

    Raises:
        ConfigError: as `weak_channels`.
    """
    channels, weights = weak_channels(recipe, run), recipe.weights

    def losses(student: TaskNetwork, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        (task,) = weak_tasks(batch.role, recipe) or (None,)
        if task == "detection":
            boxes, labels, valid = boxes_of_areas(given(batch.mask), channels)
            head = given(student.detection_head)
            terms = head.loss(given(outputs.detections), boxes, labels, valid, list(channels))
            return {f"detection weak {key}": weights.weak_detection * term for key, term in terms.items()}
        if task == "segmentation":
            logits, size = given(outputs.segmentation), (batch.valid.shape[-2], batch.valid.shape[-1])
            closed = outside_boxes(given(batch.boxes), given(batch.labels), channels, logits.shape[1], size)
            return {"segmentation weak": weights.weak_segmentation * bounded_areas(logits, closed, batch.valid)}
        return {}

    return losses


def boxes_of_areas(mask: Tensor, channels: dict[int, int]) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """The extents of each class's 8-connected components, as chips of a labelled detection source would have them.

    Components below 80 px are dropped unless all of their class in the chip are; so are those that touch ignored
    ground, whose extents nobody knows. What is dropped counts nowhere.

    Args:
        mask: (B, H, W) channels with `IGNORE_INDEX`.
        channels: detection class to segmentation channel.

    Returns:
        boxes per image (n, 4) xyxy pixels, labels per image (n,), and what counts, (B, H, W) bool.
    """
    found = [_boxes(chip, channels) for chip in mask.cpu().numpy()]
    boxes, labels, valid = zip(*found, strict=True)
    return (
        [torch.from_numpy(each).float().to(mask.device) for each in boxes],
        [torch.from_numpy(each).to(mask.device) for each in labels],
        torch.from_numpy(np.stack(valid)).to(mask.device),
    )


def _boxes(mask: np.ndarray, channels: dict[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    boxes, labels, valid = [np.zeros((0, 4), np.int64)], [np.zeros(0, np.int64)], mask != IGNORE_INDEX
    whole = valid.copy()
    for label, channel in channels.items():
        if not (mask == channel).any():
            continue
        extents, pixels = components(mask == channel)
        kept = large_enough(pixels, MINIMUM_PIXELS)
        kept &= np.array([_around(whole, extent).all() for extent in extents])
        for extent in extents[~kept]:
            _around(valid, extent)[:] = False
        boxes.append(extents[kept])
        labels.append(np.full(int(kept.sum()), label, np.int64))
    return np.concatenate(boxes), np.concatenate(labels), valid


def _around(mask: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """The part of a mask within a pixel of an extent."""
    x0, y0, x1, y1 = extent
    return mask[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1]
