"""How far into a window its edge matters, measured on imagery: the receptive field as it comes to bear."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from ..data.raster import RasterReader
from ..types import given
from .backends import Backend
from .reading import Read, window_reader
from .windows import Window, best_channel

PLACES = 4
COST = 0.1
"""Share of a raster's windows that measuring may cost."""
TOLERANCE = 0.0005
"""Share of a map's pixels whose class may depend on where the windows lie."""
LEAST, USUAL, MOST = 0.125, 0.25, 0.5
"""Overlaps, as shares of a window's side; the usual one is of rasters on which nothing can be measured."""


def enough_overlap(backend: Backend, reader: RasterReader, tile: int) -> float:
    """The overlap that a network's tasks need, as a share of a window's side, `LEAST` to `MOST`.

    Areas: in its middle both windows agree; the card says how far an edge reaches, or it is measured on the raster.
    Objects: nearly every one lies whole in some window; the card says how large they are. Pieces of those that do not
    are joined, and where windows meet in many objects that costs AP.

    Args:
        backend: the model.
        reader: the raster.
        tile: side of a window, in pixels.
    """
    card, overlap = backend.card, LEAST
    if "detection" in card.tasks and card.object_size is not None:
        overlap = max(overlap, card.object_size / tile)
    if "segmentation" in card.tasks:
        context = card.context
        if context is None:
            context = measured_context(backend, [reader], tile, COST)
        overlap = max(overlap, USUAL if context is None else 2 * context / tile)
    return min(overlap, MOST)


def measured_context(
    backend: Backend, rasters: Iterable[RasterReader], tile: int, cost: float = math.inf
) -> int | None:
    """How far from a window's edge its classes can be trusted, in pixels; none where no raster is large enough.

    Windows at some places are run again a quarter of their side further: what both see is the same, but for the edge.

    Args:
        backend: a model with segmentation.
        rasters: imagery like that which it was trained on.
        tile: side of a window, in pixels.
        cost: the most of a raster's windows, as a share, that are run for it.
    """
    changed: list[list[float]] = []
    for reader in rasters:
        read = window_reader(reader, tile, backend.card.fill_values())
        places = _places(reader.grid.width, reader.grid.height, tile, cost)
        changed += filter(None, (_changed(backend, read, place, tile) for place in places))
    return depth(np.mean(changed, axis=0), tile) if changed else None


def depth(changed: np.ndarray, tile: int) -> int:
    """The distance from the edge at which windows may be cut, so that no more than `TOLERANCE` of a map changes.

    What is left of a window beyond its four cuts covers the map; along each cut lie all pixels beyond it that change.
    Changes that do not fall with the distance, of which the last quarter tells, are not the edge's: half precision
    rounds otherwise at other places of a window.

    Args:
        changed: (d,) share of the pixels that change, by distance from the edge.
        tile: side of a window, in pixels.

    Returns:
        Pixels, at most three quarters of the distances.
    """
    beyond = (changed - changed[-max(1, len(changed) // 4) :].mean())[::-1].cumsum()[::-1]
    left = tile - 2 * np.arange(len(changed))
    return int(np.argmax(4 * beyond <= TOLERANCE * left))


def _places(width: int, height: int, tile: int, cost: float) -> list[Window]:
    """Places spread over the raster that leave room for the second window, where it is large enough for any."""
    columns, rows = width - tile - tile // 4, height - tile
    if columns < 0 or rows < 0:
        return []
    affordable = min(PLACES, math.sqrt(cost * width * height / 2) / tile)
    count = max(1, int(affordable))
    shares = [(k + 0.5) / count for k in range(count)]
    return [Window(0, 0, int(rows * down), int(columns * across)) for down in shares for across in shares]


def _changed(backend: Backend, read: Callable[[Window], Read], first: Window, tile: int) -> list[float]:
    """Share of pixels whose class changes, by distance from the second window's left edge; empty without data."""
    shift = tile // 4
    reads = [read(first), read(first._replace(column=first.column + shift))]
    if any(each.image is None or not given(each.valid).all() for each in reads):
        return []
    classes = [best_channel(given(backend.run(given(each.image)[None]).segmentation)[0])[1] for each in reads]
    # Further right the first window's own edge is nearer.
    seen = 3 * tile // 8
    found: list[float] = (classes[0][:, shift : shift + seen] != classes[1][:, :seen]).mean(axis=0).tolist()
    return found
