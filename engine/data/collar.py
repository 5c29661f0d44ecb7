"""The collar of no-data that lossy compression leaves: pixels beside it of nearly, but not exactly, its value."""

from __future__ import annotations

import numpy as np
from rasterio.io import DatasetReader

from ..errors import RasterError
from .opening import open_raster

REACH = 16
"""Native pixels that a collar can be wide: JPEG's largest block, with its colours at half the resolution."""
TOLERANCE = 16
"""Most that a pixel of the collar differs from no-data in any band."""


def has_collar(dataset: DatasetReader) -> bool:
    """Whether a raster's pixels, or those of a virtual raster's first file, went through lossy compression."""
    if dataset.dtypes[0] != "uint8":
        return False
    if dataset.driver != "VRT":
        return _is_lossy(dataset)
    try:
        with open_raster(next(iter(dataset.files[1:]), dataset.name)) as first:
            return _is_lossy(first)
    except RasterError:
        return False  # what is missing of a virtual raster is told when it is read


def without_collar(image: np.ndarray, valid: np.ndarray, nodata: float, reach: int) -> np.ndarray:
    """Where there is data once no-data has grown through nearly equal pixels, `reach` steps far at most.

    A pixel's answer depends on those within `reach` of it only, so windows read that much wider agree.

    Args:
        image: (C, H, W) uint8.
        valid: (H, W) bool, false where there is no data.
        nodata: its value.
        reach: in pixels.
    """
    if valid.all():
        return valid
    near = valid & (np.abs(image.astype(np.int16) - nodata) <= TOLERANCE).all(axis=0)
    empty = ~valid
    for _ in range(reach):
        grown = empty | (near & _beside(empty))
        if np.array_equal(grown, empty):
            break
        empty = grown
    return ~empty


def _is_lossy(dataset: DatasetReader) -> bool:
    compression = dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "").upper()
    return "JPEG" in compression or compression == "WEBP"


def _beside(empty: np.ndarray) -> np.ndarray:
    """Pixels with an empty one above, below, left or right."""
    beside = np.zeros_like(empty)
    beside[1:] |= empty[:-1]
    beside[:-1] |= empty[1:]
    beside[:, 1:] |= empty[:, :-1]
    beside[:, :-1] |= empty[:, 1:]
    return beside
