"""Graphs of equal weights are exported once: most trials end with weights that an earlier one had, bitwise.

An export takes several times as long as the rest of such a job. The package is still checked: the graph, taken from
before or exported, must answer as the network does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from engine.config import Card
from engine.models import TrainableNetwork


def export_once(folder: Path) -> None:
    """Have this process take the joint graph of weights that were exported before from this folder."""
    from engine.packages import onnx

    export = onnx.export_joint

    def export_joint(network: TrainableNetwork, card: Card, path: Path) -> Path:
        known = folder / f"{_digest(network, card)}.onnx"
        if known.exists():
            shutil.copy(known, path)
            return path
        export(network, card, path)
        folder.mkdir(parents=True, exist_ok=True)
        beside = known.with_suffix(f".{os.getpid()}")
        shutil.copy(path, beside)
        beside.rename(known)  # whole, or not at all
        return path

    onnx.export_joint = export_joint


def _digest(network: TrainableNetwork, card: Card) -> str:
    """Of all that a graph is made of: weights, and what the card says of the network."""
    digest = hashlib.sha256(repr(network).encode())
    digest.update(repr((card.bands, card.tile_size, card.mean, card.std, card.trainable_tasks())).encode())
    for name, value in network.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()
