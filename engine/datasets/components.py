"""Boxes from class masks: connected components and their extents (docs/methods.md, section 1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.lib.stride_tricks import sliding_window_view
from rasterio.features import shapes

MINIMUM_PIXELS = 80
"""Components below this are dropped, unless all of their class are (arXiv 2405.15394)."""


def boxes_from_mask(
    mask: np.ndarray, values: Sequence[int], minimum: int = MINIMUM_PIXELS, opening: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The extents of each class's 8-connected components, small ones dropped unless all of the class are.

    Args:
        mask: (H, W) uint8 class values, in memory: a tile of 6000 x 6000 pixels takes 36 MB.
        values: the classes that get boxes.
        minimum: smallest component, in pixels.
        opening: half side in pixels of the square that must fit into an object; cuts bridges thinner
            than 2 * opening + 1 pixels, and removes objects that are. 0 leaves the mask as it is.

    Returns:
        boxes (n, 4) int xyxy, exclusive at the right and bottom, and class values (n,), both by class.
    """
    boxes, classes = [np.zeros((0, 4), np.int64)], [np.zeros(0, np.int64)]
    for value in values:
        extents, pixels = components(opened(mask == value, opening))
        kept = extents[large_enough(pixels, minimum)]
        boxes.append(kept)
        classes.append(np.full(len(kept), value, np.int64))
    return np.concatenate(boxes), np.concatenate(classes)


def large_enough(pixels: np.ndarray, minimum: int) -> np.ndarray:
    """Which components (n,) of one class stay: those of `minimum` pixels, or all where none has so many."""
    large = pixels >= minimum
    return large if large.any() else np.ones_like(large)


def components(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """8-connected components of a mask (H, W) bool: extents (n, 4) int xyxy and pixel counts (n,)."""
    outlines = [
        shapely.geometry.shape(outline) for outline, _ in shapes(mask.view(np.uint8), mask=mask, connectivity=8)
    ]
    # an outline runs along pixel edges, so that its area is the number of its pixels
    return shapely.bounds(outlines).reshape(-1, 4).round().astype(np.int64), shapely.area(outlines).round()


def opened(mask: np.ndarray, half: int) -> np.ndarray:
    """Morphological opening of a mask (H, W) bool by a square of 2 * half + 1 pixels.

    What lies beyond the border is taken for more of the same object, so that borders do not eat objects.
    """
    if half == 0:
        return mask
    beyond = np.pad(mask, 2 * half, constant_values=True)
    return _sliding(_sliding(beyond, half, np.all), half, np.any)


def _sliding(mask: np.ndarray, half: int, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    """Reduce over each whole square in a mask, one axis after the other; the result is 2 * half smaller."""
    for axis in (0, 1):
        mask = reduce(sliding_window_view(mask, 2 * half + 1, axis), axis=-1)
    return mask
