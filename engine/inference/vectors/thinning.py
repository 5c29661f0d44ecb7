"""Thinning a mask to lines of one pixel (T. Y. Zhang and C. Y. Suen, CACM 27(3), 1984)."""

from __future__ import annotations

import numpy as np

_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Offsets of P2 ... P9: north, then clockwise."""


def thin(mask: np.ndarray, iterations: int) -> np.ndarray:
    """Peel a mask until it is thin, or `iterations` times.

    Each iteration looks two pixels far, so a result is exact `2 * iterations` pixels away from a cut.
    Only pixels whose surroundings changed are looked at again.

    Args:
        mask: (H, W) bool.
        iterations: each takes a layer from all sides.

    Returns:
        (H, W) bool; areas wider than about twice the iterations are still areas.
    """
    padded = np.pad(mask, 1)
    flat, width = padded.ravel(), padded.shape[1]
    around = np.array([row * width + column for row, column in _AROUND])
    # By half iteration, the pixels whose surroundings changed since it looked last; at first those at a border.
    inner = mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    pending = [np.flatnonzero(np.pad(mask & ~inner, 1))] * 2
    scratch = np.empty(flat.shape, np.int32)
    for half in range(2 * iterations):
        this, other = half % 2, 1 - half % 2
        look = pending[this][flat[pending[this]]]
        code = sum(flat[look + offset].astype(np.uint8) << bit for bit, offset in enumerate(around))
        removed = look[_REMOVABLE[this][code]]
        flat[removed] = False
        touched = (removed[:, None] + around).ravel()
        pending[this] = _distinct(touched[flat[touched]], scratch)
        pending[other] = _distinct(np.concatenate([pending[other], pending[this]]), scratch)
        if not len(pending[other]):
            break
    return padded[1:-1, 1:-1]


def _distinct(index: np.ndarray, scratch: np.ndarray) -> np.ndarray:
    """Each pixel once, in any order: of equals, the one that wrote last into the scratch image."""
    # Sorting, or hashing as numpy does, takes many times as long.
    order = np.arange(len(index), dtype=scratch.dtype)
    scratch[index] = order
    found: np.ndarray = index[scratch[index] == order]
    return found


def without_thick(skeleton: np.ndarray) -> np.ndarray:
    """Remove what is still an area: full 3 x 3 squares, and all within two pixels of them."""
    full = ~_grown(~skeleton, 1)
    return skeleton & ~_grown(full, 2) if full.any() else skeleton


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    """The mask and all within `by` pixels of it, rows first, then columns; nothing comes in from outside."""
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, by + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            grown[tuple(ahead)] |= mask[tuple(behind)]
            grown[tuple(behind)] |= mask[tuple(ahead)]
        mask = grown
    return mask


def _removable() -> np.ndarray:
    """By half iteration (2) and code of the eight neighbours (256): whether the pixel may go."""
    neighbours = (np.arange(256)[:, None] >> np.arange(8)) & 1
    north, _, east, _, south, _, west, _ = neighbours.T
    number = neighbours.sum(axis=1)
    rises = ((neighbours == 0) & (np.roll(neighbours, -1, axis=1) == 1)).sum(axis=1)
    border = (number >= 2) & (number <= 6) & (rises == 1)
    first = border & (north * east * south == 0) & (east * south * west == 0)
    second = border & (north * east * west == 0) & (north * south * west == 0)
    return np.stack([first, second])


_REMOVABLE = _removable()
