"""How large a prediction's windows may be: measured, because a network can be at home in chips of one size only.

Convolutions see zeros beyond the edge. In small chips a deep encoder has hardly a place without them, and learns to
count on that; in the middle of a larger window it then answers worse, however much more of the ground it sees.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix

from ..config import Run
from ..data import Prepared, validation_batches
from ..models import TaskNetwork
from ..training.validation import MAIN, segmentation_values
from ..types import IGNORE_INDEX, Batch, given

CHIPS = 64
"""Validation chips that are looked at in windows of both sizes."""
TOLERANCE = 0.01
"""Larger windows cost less and cut fewer objects, so they may lose this much of mean IoU,"""
ERRORS = 2
"""and as many standard errors of what they lose."""


def window_size(network: TaskNetwork, prepared: Prepared, run: Run) -> int:
    """The side of windows in pixels: twice that of a training chip, or the chip's where that scores better.

    Args:
        network: trained, in eval mode on the CPU.
        prepared: its data; the validation ground decides, and without any truth the larger size is taken.
        run: its settings.
    """
    chip = run.training.chip_size
    if "segmentation" not in network.tasks or not prepared.of_role("segmentation"):
        return 2 * chip
    names = [channel.name for channel in run.segmentation_channels()]
    alone, wide = [], []
    batches = validation_batches(prepared, run, "segmentation")
    middle = slice(chip // 2, chip // 2 + chip)
    with torch.inference_mode():
        for batch in islice(batches, -(-CHIPS // run.training.batch_size)):
            alone += _confusion(_logits(network, batch.image), given(batch.mask), len(names))
            around = _logits(network, _around(prepared, batch, chip))[..., middle, middle]
            wide += _confusion(around, given(batch.mask), len(names))
    if not alone:  # there is no validation ground
        return 2 * chip
    return chip if surely_lost(torch.stack(alone), torch.stack(wide), names) > TOLERANCE else 2 * chip


def surely_lost(before: Tensor, after: Tensor, names: list[str]) -> float:
    """How much mean IoU falls, less its standard errors (jackknife over chips, Efron 1982); 0 without any truth.

    Args:
        before: confusion matrices (n, K, K) of chips, rows are truth.
        after: the same of the same chips.
        names: of the K channels.
    """

    def loss(which: Tensor) -> float:
        scores = [
            segmentation_values(each[which].sum(dim=0), names).get(MAIN["segmentation"]) for each in (before, after)
        ]
        first, second = scores
        return 0.0 if first is None or second is None else first - second

    every = torch.arange(len(before))
    without = np.array([loss(every[every != chip]) for chip in every])
    error = np.sqrt((len(without) - 1) * without.var())
    return loss(every) - ERRORS * float(error)


def _confusion(logits: Tensor, mask: Tensor, classes: int) -> list[Tensor]:
    """(K, K) of each chip."""
    pairs = zip(logits.argmax(dim=1), mask, strict=True)
    return [multiclass_confusion_matrix(*pair, classes, ignore_index=IGNORE_INDEX).double() for pair in pairs]


def _logits(network: TaskNetwork, image: Tensor) -> Tensor:
    return given(network(image, tasks=("segmentation",)).segmentation)


def _around(prepared: Prepared, batch: Batch, chip: int) -> Tensor:
    """Windows (B, C, 2 chip, 2 chip) with the batch's chips in their middle, filled as a prediction fills them."""
    readers = {source.name: source.reader for source in prepared.of_role("segmentation")}
    fill = prepared.fill()[:, None, None]
    windows = []
    for name, column, row in batch.chips:
        image, valid = readers[name].read(column - chip // 2, row - chip // 2, 2 * chip, 2 * chip)
        windows.append(np.where(valid, image, fill))
    return torch.from_numpy(np.stack(windows).astype(np.float32))
