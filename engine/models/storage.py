"""Writing weights as safetensors files that those may read who may read the files beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors, contiguous and on any device; safetensors' own function lets nobody else read the file.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_bytes(save({name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}))
