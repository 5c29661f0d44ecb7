"""Batches of several roles through one network at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ..models import TrainableNetwork
from ..types import Outputs, Role, Task

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
