"""A location or an anchor for every object: what the rules of a head leave without one chooses here."""

from __future__ import annotations

import numpy as np


def claimed(matches: np.ndarray, places: np.ndarray, costs: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """The place that each object without one takes; the smallest object chooses first.

    It takes the cheapest of its places that no other such object has taken and that is not the only one of its owner.

    Args:
        matches: (N,) object of each place, negative for none; what is claimed is written into it.
        places: (n, k) places that each of n objects may take.
        costs: (n, k) of taking them; infinite where it may not.
        areas: (n,) of the objects; those without extent claim nothing.

    Returns:
        (n,) the claimed place, -1 for objects that have one already and for those that none is left for.
    """
    counts = np.bincount(matches[matches >= 0], minlength=len(areas))
    chosen = np.full(len(areas), -1)
    taken = np.zeros(len(matches), bool)
    without = np.flatnonzero((counts == 0) & (areas > 0))
    for index in without[np.argsort(areas[without], kind="stable")]:
        there = places[index]
        owners = matches[there]
        free = ~taken[there] & ((owners < 0) | (counts[owners.clip(min=0)] > 1))
        price = np.where(free, costs[index], np.inf)
        best = int(price.argmin()) if price.size else 0
        if not price.size or np.isinf(price[best]):
            continue
        place = chosen[index] = there[best]
        if matches[place] >= 0:
            counts[matches[place]] -= 1
        matches[place], taken[place], counts[index] = index, True, 1
    return chosen
