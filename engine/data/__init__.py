"""Sources to chips: reading, labels, areas, splits, sampling, augmentation.

What needs PyTorch is imported when it is asked for: prediction reads rasters without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dataset import (
        Draw,
        Prepared,
        PreparedSource,
        chips_per_epoch,
        kept_in,
        prepare,
        training_loader,
        validation_batches,
    )

__all__ = [
    "Draw", "Prepared", "PreparedSource", "chips_per_epoch", "kept_in", "prepare", "training_loader",
    "validation_batches",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import dataset

    return getattr(dataset, name)
