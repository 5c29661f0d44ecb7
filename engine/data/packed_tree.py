"""A packed R-tree: boxes in an order in which neighbours lie together, and the extents of each 64 of them, and so on.

It is nothing but arrays, so it can be mapped from a file; `shapely.STRtree` is built anew by each process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

NODE = 64
"""Children of a node."""
_CHILDREN = np.arange(NODE)


def packing_order(boxes: np.ndarray) -> np.ndarray:
    """Indices (n,) of boxes (n, 4), neighbours together: in columns of nodes, each from top to bottom."""
    middles = boxes[:, :2] + boxes[:, 2:]
    columns = max(1, round(np.sqrt(len(boxes) / NODE)))
    column = np.argsort(np.argsort(middles[:, 0], kind="stable"), kind="stable") * columns // max(len(boxes), 1)
    return np.lexsort((middles[:, 1], column))


def levels_above(pieces: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The extents (m, 4) of nodes, the lowest level first, the last with `NODE` at most.

    Args:
        pieces: boxes (k, 4) in order; k is a multiple of `NODE` but in the last one.
    """
    levels = [_extents(pieces)]
    while len(levels[-1]) > NODE:
        levels.append(_extents([levels[-1]]))
    return levels


def query(leaves: np.ndarray, levels: list[np.ndarray], bounds: tuple[float, float, float, float]) -> np.ndarray:
    """Positions (m,) of boxes that meet or touch a rectangle, sorted.

    Args:
        leaves: the boxes (n, 4).
        levels: above them, from `levels_above`.
        bounds: of the rectangle: left, the lower of its second coordinates, right, the higher one.
    """
    found = np.arange(len(levels[-1]))
    for boxes, below in _downwards(leaves, levels):
        meets = _meeting(boxes[found], *bounds)
        found = found[meets]
        if below is not None:
            found = (found[:, None] * NODE + _CHILDREN).ravel()
            found = found[found < below]
    return found


def _downwards(leaves: np.ndarray, levels: list[np.ndarray]) -> Iterator[tuple[np.ndarray, int | None]]:
    """Each level from the top, and how many the next one has."""
    below = [len(leaves), *map(len, levels)]
    for index in range(len(levels) - 1, -1, -1):
        yield levels[index], below[index]
    yield leaves, None


def _meeting(boxes: np.ndarray, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return (boxes[:, 0] <= right) & (boxes[:, 2] >= left) & (boxes[:, 1] <= bottom) & (boxes[:, 3] >= top)


def _extents(pieces: Iterable[np.ndarray]) -> np.ndarray:
    found = [
        np.concatenate(
            [
                np.fmin.reduceat(boxes[:, :2], np.arange(0, len(boxes), NODE)),
                np.fmax.reduceat(boxes[:, 2:], np.arange(0, len(boxes), NODE)),
            ],
            axis=1,
        )
        for boxes in pieces
        if len(boxes)
    ]
    return np.concatenate(found) if found else np.zeros((0, 4))
