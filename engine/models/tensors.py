"""Tensors of a stranger's weights file against the network that its card describes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..config import Card

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
