"""Weights as safetensors files with a checksum, and what of a stranger's or of another network's fits."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import Parameter

from ..config import Card
from ..errors import WeightsError
from ..malloc import ROOM, has_room
from ..types import Task, given
from .devices import check_memory, panics_as_full_memory
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


CLOSE = 1e-4
"""Largest relative difference of the card's statistics from the network's."""


def misfit(state: Mapping[str, Tensor], network: nn.Module, card: Card) -> str:
    """Why tensors are not the weights of the network that a card describes: one clause, empty where they are.

    Args:
        state: the tensors of the file.
        network: as `build_from_card` made it.
        card: the package's.
    """
    wanted, fields = network.state_dict(), _fields(network)
    reasons = (_tensor(key, state.get(key), tensor, fields.get(key, "network")) for key, tensor in wanted.items())
    if reason := next(filter(None, reasons), ""):
        return reason
    if more := min(state.keys() - wanted.keys(), default=""):
        return f"its network has no tensor {more}"
    for field, values in (("mean", card.mean), ("std", card.std)):
        given = torch.tensor(values, dtype=torch.float64)
        if not torch.allclose(state[field].double(), given, rtol=CLOSE, atol=1e-6):
            return f"{field} is {state[field].tolist()} there, and {values} in the card"
    return ""


def _tensor(key: str, found: Tensor | None, wanted: Tensor, field: str) -> str:
    if found is None:
        return f"there is no tensor {key}"
    if found.shape != wanted.shape:
        return f"{key} is of the shape {list(found.shape)}, and by the card's {field} it would be {list(wanted.shape)}"
    if found.is_floating_point() != wanted.is_floating_point() or found.is_complex():
        return f"{key} is of the type {str(found.dtype).removeprefix('torch.')}"
    return "" if torch.isfinite(found.float()).all() else f"{key} has values that are not numbers"


def _fields(network: nn.Module) -> dict[str, str]:
    """The card's fields that decide over tensors, by the tensors' names."""
    layers = {id(layer): f"{task}_classes" for task, layer in getattr(network, "classifiers", {}).items()}
    named = {
        f"{module}.{part}": layers[id(layer)]
        for module, layer in network.named_modules()
        if id(layer) in layers
        for part in ("weight", "bias")
    }
    return {"mean": "bands", "std": "bands", **named}


CHECKSUM = "sha256"
"""The key of the checksum in the file's metadata; files of engines before 0.2 and of others have none."""
COPIES = 3
"""Of all weights, which safetensors has in memory while it writes or reads: as bytes, in Rust, and in Python."""


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors, contiguous and on any device; safetensors' own function lets nobody else read the file.

    Raises:
        OSError: the file cannot be written.
        MemoryError: there is too little memory.
    """
    copies = {name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}
    size = sum(value.nbytes for value in copies.values())
    with _enough_memory(size):
        content = save(copies, metadata={CHECKSUM: checksum(copies)})
    path.write_bytes(content)


def load_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, on the CPU, as they were written.

    Raises:
        OSError: there is no such file, or it cannot be read.
        WeightsError: it is damaged.
        MemoryError: there is too little memory.
    """
    content = path.read_bytes()  # not mapped: a file that is cut short meanwhile would end the process
    try:
        with _enough_memory(len(content)):
            weights = load(content)
        told = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__", {}).get(CHECKSUM)
    except (SafetensorError, RuntimeError, ValueError, KeyError, AttributeError) as error:
        check_memory(error)
        raise WeightsError(f"The weights file {path} is damaged ({error}).") from error
    if told is not None and told != checksum(weights):
        raise WeightsError(f"The weights file {path} is damaged (its content does not match its checksum).")
    return weights


@contextlib.contextmanager
def _enough_memory(size: int) -> Iterator[None]:
    """For safetensors at work on weights of so many bytes, which where memory ends aborts the process, or panics.

    Raises:
        MemoryError: there is too little.
    """
    if not has_room(COPIES * size + ROOM):
        raise MemoryError(f"no room for {COPIES} times {size} bytes")
    with panics_as_full_memory():
        yield


def checksum(weights: Mapping[str, Tensor]) -> str:
    """A hash of tensors with their names, types and shapes, in whichever order.

    Args:
        weights: contiguous, on the CPU.
    """
    found = hashlib.sha256()
    for name in sorted(weights):
        value = weights[name].detach()
        found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
