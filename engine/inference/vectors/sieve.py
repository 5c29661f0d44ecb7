"""Giving small areas of a class map to their neighbours."""

from __future__ import annotations

import math

import numpy as np

from .class_map import BACKGROUND, NODATA
from .components import components

HALO = 64
"""Least rows read beyond a strip, so that areas up to this height are judged whole."""

ROUNDING = 1e-9
"""What sums of pixels' sizes may lack and still be as large."""


def halo_rows(minimum: float, strip_rows: int) -> int:
    """Rows to read beyond a strip: small areas up to twice as high as a square are judged whole, if a strip is as high.

    Args:
        minimum: pixels below which an area is small.
        strip_rows: rows of a strip, to which the halo is held lest memory grow with the area.
    """
    return max(HALO, min(strip_rows, math.ceil(2 * math.sqrt(minimum))))


def absorb(
    values: np.ndarray,
    minimum: float,
    background_minimum: float,
    goes_on: tuple[bool, bool] = (False, False),
    pixel: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Give each small 4-connected area the value it shares most border with; of equals, the lowest.

    No-data neither gives nor takes. A small area between small areas waits until one of them has been given away;
    where no area around is large, all stay.

    Args:
        values: (H, W) uint8 class values.
        minimum: size below which an area of a class is small.
        background_minimum: the same for background.
        goes_on: whether the map goes on above: areas that reach the first row count as large; the same below.
        pixel: size of a pixel, or of those of each row (H,).

    Returns:
        (H, W) uint8.
    """
    labels, count = components(values)
    value = np.zeros(count, np.uint8)
    value[labels] = values
    least = np.where(value == BACKGROUND, background_minimum, minimum)
    small = sizes(labels, count, pixel) < least * (1 - ROUNDING)
    small[value == NODATA] = False
    for reaches, row in zip(goes_on, (labels[0], labels[-1]), strict=True):
        if reaches:
            small[row] = False
    return _given(value, small, *_borders(labels, small))[labels] if small.any() else values


def sizes(labels: np.ndarray, count: int, pixel: float | np.ndarray) -> np.ndarray:
    """The sizes (count,) of the areas of labels (H, W), in what a pixel, or one of each row (H,), measures."""
    if np.ndim(pixel) == 0:
        return np.bincount(labels.ravel(), minlength=count) * pixel
    return np.bincount(labels.ravel(), np.repeat(pixel, labels.shape[1]), count)


def _borders(labels: np.ndarray, small: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Small areas (m,), their neighbours (m,), and the length of the border between them (m,)."""
    count = len(small)
    keys = []
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        across = one != other
        one, other = one[across].astype(np.int64), other[across].astype(np.int64)
        keys += [(one * count + other)[small[one]], (other * count + one)[small[other]]]
    key, length = np.unique(np.concatenate(keys), return_counts=True)
    return key // count, key % count, length


def _given(
    value: np.ndarray, small: np.ndarray, area: np.ndarray, neighbour: np.ndarray, length: np.ndarray
) -> np.ndarray:
    value, waiting = value.copy(), small.copy()
    while True:
        area, neighbour, length = (one[waiting[area]] for one in (area, neighbour, length))
        takes = ~waiting[neighbour] & (value[neighbour] != NODATA)
        if not takes.any():
            return value
        # Border by (area, value), so that neighbours of one class count together.
        key, at = np.unique(area[takes] * 256 + value[neighbour[takes]], return_inverse=True)
        total = np.bincount(at, weights=length[takes])
        order = np.lexsort((key % 256, -total, key // 256))
        receivers, first = np.unique(key[order] // 256, return_index=True)
        value[receivers] = (key[order] % 256)[first]
        waiting[receivers] = False
