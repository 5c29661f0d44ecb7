"""Weights as safetensors files with a checksum, which those may read who may read the files beside them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ..errors import WeightsError
from ..malloc import ROOM, has_room
from .devices import check_memory, panics_as_full_memory

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
