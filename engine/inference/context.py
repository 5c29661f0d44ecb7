"""How far into a window its edge matters, measured on the raster itself: the receptive field as it comes to bear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .backends import Backend
from .blending import best_channel
from .reading import Read
from .windows import Window

PLACES = 4
TOLERANCE = 0.001
"""Share of pixels whose class may depend on what lies beyond the edge."""
LEAST, MOST = 0.125, 0.5
"""Overlaps, as shares of a window's side."""


def enough_overlap(backend: Backend, read: Callable[[Window], Read], width: int, height: int, tile: int) -> float:
    """The overlap in whose middle both windows agree, as a share of a window's side, `LEAST` to `MOST`.

    Windows at some places are run again a quarter of their side further: what both see is the same, but for the edge.

    Args:
        backend: the model; without segmentation, `LEAST` is enough, for objects are merged and not blended.
        read: reads a window.
        width: the raster's, in pixels.
        height: the raster's, in pixels.
        tile: side of a window, in pixels.
    """
    if "segmentation" not in backend.card.tasks:
        return LEAST
    changed = [profile for place in _places(width, height, tile) if (profile := _changed(backend, read, place, tile))]
    if not changed:
        return LEAST
    return float(np.clip(2 * depth(np.mean(changed, axis=0)) / tile, LEAST, MOST))


def depth(changed: np.ndarray) -> int:
    """The distance from the edge beyond which no more than `TOLERANCE` of the pixels change.

    Args:
        changed: (d,) share of the pixels that change, by distance from the edge.
    """
    beyond = changed[::-1].cumsum()[::-1] / np.arange(len(changed), 0, -1)
    calm = np.flatnonzero(beyond <= TOLERANCE)
    return int(calm[0]) if len(calm) else len(changed)


def _places(width: int, height: int, tile: int) -> list[Window]:
    """Places spread over the raster that leave room for the second window, where it is large enough for any."""
    columns, rows = width - tile - tile // 4, height - tile
    if columns < 0 or rows < 0:
        return []
    shares = [(k + 0.5) / PLACES for k in range(PLACES)]
    return [Window(0, 0, int(rows * down), int(columns * across)) for down in shares for across in shares]


def _changed(backend: Backend, read: Callable[[Window], Read], first: Window, tile: int) -> list[float]:
    """Share of pixels whose class changes, by distance from the second window's left edge; empty without data."""
    shift = tile // 4
    reads = [read(first), read(first._replace(column=first.column + shift))]
    if any(each.image is None or not each.valid.all() for each in reads):
        return []
    classes = [best_channel(backend.run(each.image[None]).segmentation[0])[1] for each in reads]
    # Further right the first window's own edge is nearer.
    seen = 3 * tile // 8
    return (classes[0][:, shift : shift + seen] != classes[1][:, :seen]).mean(axis=0).tolist()
