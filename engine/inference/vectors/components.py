"""Connected components of class maps, and of any graph, in arrays."""

from __future__ import annotations

import numpy as np


def components(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Label the 4-connected areas of equal value.

    Rows are cut into runs of one value; runs of neighbouring rows that touch are one component.

    Args:
        values: (H, W) integers.

    Returns:
        Labels (H, W) int32 from 0 in reading order of the areas' first pixels, and their number.
    """
    starts = np.ones(values.shape, bool)
    starts[:, 1:] = values[:, 1:] != values[:, :-1]
    runs = np.cumsum(starts.ravel(), dtype=np.int32).reshape(values.shape) - 1
    # Two runs overlap first where one of them begins.
    meet = (values[1:] == values[:-1]) & (starts[1:] | starts[:-1])
    labels, count = connected(runs[1:][meet], runs[:-1][meet], int(runs[-1, -1]) + 1)
    return labels[runs], count


def connected(first: np.ndarray, second: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """Connected components of a graph, by hooking roots to the lowest neighbour and halving paths.

    Args:
        first: (m,) one end of each link.
        second: (m,) its other end.
        count: number of nodes.

    Returns:
        A label (count,) int32 for each node, from 0 in order of the components' first nodes, and their number.
    """
    parent = np.arange(count)
    while len(first):
        high, low = np.maximum(first, second), np.minimum(first, second)
        np.minimum.at(parent, high, low)
        parent = _roots(parent)
        first, second = parent[first], parent[second]
        apart = first != second
        first, second = first[apart], second[apart]
    is_root = parent == np.arange(count)
    labels = np.cumsum(is_root, dtype=np.int32) - 1
    return labels[parent], int(is_root.sum())


def _roots(parent: np.ndarray) -> np.ndarray:
    while True:
        grand = parent[parent]
        if np.array_equal(grand, parent):
            return parent
        parent = grand
