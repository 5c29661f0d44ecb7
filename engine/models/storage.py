"""Weights as safetensors files with a checksum, which those may read who may read the files beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import WeightsError

CHECKSUM = "sha256"
"""The key of the checksum in the file's metadata; files of engines before 0.2 and of others have none."""


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors, contiguous and on any device; safetensors' own function lets nobody else read the file.

    Raises:
        OSError: the file cannot be written.
    """
    copies = {name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}
    path.write_bytes(save(copies, metadata={CHECKSUM: checksum(copies)}))


def load_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, on the CPU, as they were written.

    Raises:
        OSError: there is no such file, or it cannot be read.
        WeightsError: it is damaged.
    """
    if not path.stat().st_size:
        raise WeightsError(f"The weights file {path} is damaged (it is empty).")
    try:
        with safe_open(path, framework="pt") as file:
            told = (file.metadata() or {}).get(CHECKSUM)
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise WeightsError(f"The weights file {path} is damaged ({error}).") from error
    if told is not None and told != checksum(weights):
        raise WeightsError(f"The weights file {path} is damaged (its content does not match its checksum).")
    return weights


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
