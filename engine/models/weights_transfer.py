"""A trained network's weights for one of the same settings and other classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import Parameter

from ..types import Task, given
from .interface import TrainableNetwork

BACKGROUND = "background"
SHARE = 0.01
"""Of the probability of background that a new class of segmentation starts with."""


def transfer(
    network: TrainableNetwork,
    trained: TrainableNetwork,
    classes: Mapping[Task, Sequence[str]],
    known: Mapping[Task, Sequence[str]],
) -> None:
    """Give `network` all that `trained` knows; both are of one architecture and have the same tasks.

    Classes of the same name take the rows of the last layer that predicted them. A new class of detection keeps
    its random start at a low score. One of segmentation starts as a small share of background (after Cermelli et al.,
    "Modeling the Background", arXiv 2002.00718, who share it out evenly), which is what the network has called it
    until now, or, where there is none, of all classes; so no pixel changes its class before the first step.

    Args:
        network: filled in place.
        trained: whose weights are taken.
        classes: names of `network`'s channels by task, background included.
        known: those of `trained`.

    Raises:
        RuntimeError: the networks are of different architecture.
    """
    state = trained.state_dict()
    names = {parameter: name for name, parameter in network.named_parameters()}
    for task, layer in network.classifiers.items():
        old = trained.classifiers[task]
        pairs = (layer.weight, old.weight), (given(layer.bias), given(old.bias))
        for parameter, learned in cast("tuple[tuple[Parameter, Tensor], ...]", pairs):
            rows = _by_class(learned, len(known[task]))
            state[names[parameter]] = torch.stack(
                [
                    rows[known[task].index(name)] if name in known[task] else fresh
                    for name, fresh in zip(
                        classes[task],
                        _fresh(task, parameter, rows, classes[task], known[task]),
                        strict=True,
                    )
                ],
                dim=1,
            ).reshape(parameter.shape)
    network.load_state_dict(state)


def _by_class(values: Tensor, classes: int) -> Tensor:
    """(C, A, ...) of a layer's (A C, ...) weights or biases."""
    found: Tensor = values.detach().unflatten(0, (-1, classes)).transpose(0, 1)
    return found


def _fresh(task: Task, parameter: Tensor, rows: Tensor, classes: Sequence[str], known: Sequence[str]) -> Tensor:
    """What a new class starts with, one row for each class, (C, A, ...)."""
    own = _by_class(parameter, len(classes))
    parents = [BACKGROUND] if BACKGROUND in classes and BACKGROUND in known else [n for n in known if n in classes]
    if task == "detection" or not parents:
        return own
    start = rows[[known.index(name) for name in parents]].mean(dim=0)
    return (start + math.log(SHARE) if parameter.ndim == 1 else start).expand_as(own)
