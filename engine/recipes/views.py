"""What networks see of a batch: weak and strong views, CutMix, channels dropped, several roles at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import ranks
from ..config import Labelled
from ..models import TrainableNetwork
from ..types import Batch, Outputs, Role, Task, given

DROPPED_LEVELS = 4
"""Of an encoder's maps, those of the last strides, which feature dropout takes channels from."""
DROPOUT = 0.5
WHOLE = 0.5
"""Share of the chips whose two views keep all channels."""


def dropped(encoded: list[Tensor]) -> list[Tensor]:
    """Half the channels of the last maps are set to zero."""
    first, last = encoded[:-DROPPED_LEVELS], encoded[-DROPPED_LEVELS:]
    if ranks.alone():
        return [*first, *(F.dropout2d(level, DROPOUT) for level in last)]
    return [*first, *(level * _drawn(level) for level in last)]


def _drawn(level: Tensor) -> Tensor:
    """(B, D, 1, 1) factors of a map's channels, 0 or 2, of processes that train together."""
    drawn = torch.empty(ranks.whole(len(level)), level.shape[1], 1, 1).bernoulli_(1 - DROPOUT) / (1 - DROPOUT)
    return ranks.mine(drawn).to(level)


def complementary(encoded: list[Tensor], views: slice) -> list[Tensor]:
    """Two views of the same chips keep complementary channels, each twice as strong (UniMatch V2, arXiv 2410.10777).

    Drawn on the CPU, whose generator's state is in checkpoints.

    Args:
        encoded: maps (B, D_l, H_l, W_l), of which the last `DROPPED_LEVELS` lose channels.
        views: the images that are first views of all chips and then second ones; others stay as they are, and so do
            both views of a random half of the chips.
    """
    first, last = encoded[:-DROPPED_LEVELS], encoded[-DROPPED_LEVELS:]
    chips = ranks.whole((views.stop - views.start) // 2)
    whole = torch.randperm(chips)[: int(WHOLE * chips)]
    return [*first, *(level * _kept(level, views, whole) for level in last)]


def _kept(level: Tensor, views: slice, whole: Tensor) -> Tensor:
    """(B, D, 1, 1) factors of a map's channels: 0, 1 or 2."""
    factors = torch.ones(level.shape[:2])
    chips = (views.stop - views.start) // 2
    first = 2.0 * (torch.rand(ranks.whole(chips), level.shape[1]) < DROPOUT)
    first[whole] = 1.0
    first = ranks.mine(first)
    factors[views] = torch.cat([first, 2.0 - first])
    return factors[:, :, None, None].to(level)


CELL = 32
"""Side in pixels of the squares that CutMix's rectangles consist of: the coarsest map's cells, so that maps mix."""
LARGEST = 0.5
"""Largest share of a chip's side squared that is cut out."""


def seen(batch: Batch, strong: bool) -> Tensor:
    """(B, C, H, W) as a learning network sees a batch.

    Of labelled chips every second one is strong, so that batch norm's statistics know clean ones too; unlabelled
    chips are all strong, for their weak view is what the targets come from.
    """
    if not strong or batch.strong is None:
        return batch.image
    if batch.role == "unlabelled":
        return batch.strong
    odd = ranks.mine(torch.arange(ranks.whole(len(batch.image)), device=batch.image.device)) % 2 == 1
    return torch.where(odd[:, None, None, None], batch.strong, batch.image)


def labelled(batch: Batch, recipe: Labelled) -> Batch:
    """A labelled batch as it is learned from: strong views, and for segmentation CutMix."""
    batch = replace(batch, image=seen(batch, recipe.strong_views))
    return CutMix.draw(batch, recipe.cutmix).batch(batch) if batch.role == "segmentation" else batch


def joined(batches: list[Batch]) -> Batch:
    """Several views of the same unlabelled chips as one batch, one after the other."""
    first, *others = batches
    if not others:
        return first
    image, valid = (torch.cat([getattr(batch, name) for batch in batches]) for name in ("image", "valid"))
    return Batch(first.role, image, valid, chips=first.chips * len(batches))


def joined_answers(answers: list[Outputs]) -> Outputs:
    """Answers on several views as answers on the batch that `joined` makes of them."""
    first, *others = answers
    if not others:
        return first
    return Outputs(
        segmentation=torch.cat([given(each.segmentation) for each in answers]),
        backbone=torch.cat([given(each.backbone) for each in answers]),
    )


@dataclass(frozen=True)
class CutMix:
    """Each chip gets a rectangle of its neighbour in the batch (arXiv 1905.04899, for segmentation 1906.01916).

    Args:
        taken: (B, H, W) bool, the pixels that come from the neighbour; none: nothing is mixed.
    """

    taken: Tensor | None

    @classmethod
    def draw(cls, batch: Batch, share: float) -> CutMix:
        """Rectangles for a share of the batch's chips, by torch's random state; boxes are not mixed."""
        chips = ranks.whole(len(batch.image))
        if not share or chips < 2:
            return cls(None)
        height, width = batch.image.shape[-2:]
        cells = torch.zeros(chips, height // CELL, width // CELL, dtype=torch.bool)
        chosen = torch.rand(len(cells)) < share
        for index in chosen.nonzero().flatten().tolist():
            _cut(cells[index])
        taken = cells.repeat_interleave(CELL, dim=1).repeat_interleave(CELL, dim=2)
        return cls(ranks.mine(taken).to(batch.image.device))

    def values(self, values: Tensor) -> Tensor:
        """Anything by pixel or by cell, (B, H, W) or (B, D, H, W), its rectangles swapped in."""
        if self.taken is None:
            return values
        stride = self.taken.shape[-1] // values.shape[-1]
        taken = self.taken[:, ::stride, ::stride]
        return torch.where(taken if values.ndim == 3 else taken[:, None], ranks.rolled(values), values)

    def batch(self, batch: Batch) -> Batch:
        """The batch mixed: images, mask and what counts."""
        strong, mask = (None if part is None else self.values(part) for part in (batch.strong, batch.mask))
        return replace(batch, image=self.values(batch.image), valid=self.values(batch.valid), strong=strong, mask=mask)

    def answers(self, outputs: Outputs) -> Outputs:
        """A teacher's answers on the unmixed chips as answers on the mixed ones."""
        return Outputs(
            segmentation=None if outputs.segmentation is None else self.values(outputs.segmentation),
            backbone=None if outputs.backbone is None else self.values(outputs.backbone),
        )


def _cut(cells: Tensor) -> None:
    """Mark a rectangle of whole cells (H, W), in place, of at most `LARGEST` of them."""
    rows, columns = cells.shape
    height = int(torch.randint(1, rows + 1, ()))
    width = int(torch.randint(1, max(1, int(LARGEST * rows * columns / height)) + 1, ()))
    height, width = min(height, rows), min(width, columns)
    row, column = int(torch.randint(rows - height + 1, ())), int(torch.randint(columns - width + 1, ()))
    cells[row : row + height, column : column + width] = True


Change = Callable[[list[Tensor], Mapping[Role, slice]], list[Tensor]]
"""(an encoder's maps of a whole batch, the images of each role in it) -> the maps that neck and heads get."""


def forward_together(
    network: TrainableNetwork,
    images: Mapping[Role, Tensor],
    tasks: Mapping[Role, Collection[Task]],
    change: Change | None = None,
) -> dict[Role, Outputs]:
    """The network's outputs for each role's images, which pass it as one batch.

    Batch norm then sees in training the mixture of roles that its running statistics describe. Roles often differ
    in look (another city, another light); forwarded one after the other, each would be normalised by its own
    statistics in training and by their mean afterwards.

    A network that has batch norms in its encoder only runs its heads on the roles that need them; one that has them
    in a head runs all heads on all images, so that a head whose labels lie in one role knows the others' looks.

    Args:
        network: `MultiTaskNetwork`, or any network of one task.
        images: (B_r, C, H, W) raw values of each role r.
        tasks: the heads that each role needs.
        change: of the maps between encoder and neck; `Outputs.backbone` is what they were before.
    """
    parts: dict[Role, slice] = {}
    start = 0
    for role, image in images.items():
        parts[role] = slice(start, start + len(image))
        start += len(image)
    whole = torch.cat(list(images.values()))
    asked = {frozenset(wanted) for wanted in tasks.values()}
    if len(asked) == 1 or getattr(network, "whole_batches", False):
        every: frozenset[Task] = frozenset().union(*asked)
        joint = network(whole, tasks=every) if change is None else _changed(network, whole, every, parts, change)
        return {role: _only(joint.part(which), tasks[role]) for role, which in parts.items()}
    encoded = network.encode(whole)
    shown = encoded if change is None else change(encoded, parts)
    outputs = {role: network.decode([level[which] for level in shown], tasks[role]) for role, which in parts.items()}
    if change is not None:
        outputs = {role: replace(outputs[role], backbone=encoded[-1][which]) for role, which in parts.items()}
    return outputs


def _changed(
    network: TrainableNetwork, whole: Tensor, tasks: Collection[Task], parts: Mapping[Role, slice], change: Change
) -> Outputs:
    encoded = network.encode(whole)
    return replace(network.decode(change(encoded, parts), tasks), backbone=encoded[-1])


def _only(outputs: Outputs, tasks: Collection[Task]) -> Outputs:
    """Without what a role did not ask for."""
    return replace(
        outputs,
        segmentation=outputs.segmentation if "segmentation" in tasks else None,
        detections=outputs.detections if "detection" in tasks else None,
    )
