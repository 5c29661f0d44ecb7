"""How many chips are to be drawn around labels of each class, so that all classes are seen alike."""

from __future__ import annotations

import numpy as np
import shapely

from .points import Points

_ROUNDS = 1000
_SETTLED = 1e-4
"""Part of the harmonic mean that may still be gained."""


def balanced_shares(shown: np.ndarray) -> np.ndarray:
    """The shares p (K,) of draws for which the harmonic mean over k of sum_c p_c shown_ck is largest.

    The harmonic mean is nearly that of the class that is seen least: what all chips show anyhow gets few draws, what is
    seen only where it is looked for gets many. The multiplicative update rises in every round (Yu, "Monotonic
    convergence of a general algorithm for computing optimal designs", Annals of Statistics 2010; the design here is
    A-optimal and diagonal).

    Args:
        shown: (K, K), positive on the diagonal: how much of class k a draw for class c shows.
    """
    shares = np.full(len(shown), 1 / len(shown))
    for _ in range(_ROUNDS):
        seen = shares @ shown
        gain = shown @ seen**-2 / (seen**-1).sum()
        shares = shares * np.sqrt(gain)
        shares /= shares.sum()
        if gain.max() < 1 + _SETTLED:
            break
    return shares


def shown_at(places: np.ndarray, points: list[Points], classes: list[int], side: int) -> np.ndarray:
    """How much label of each class lies in squares around places, (n, K).

    Args:
        places: (n, 3): source, column, row.
        points: of the labels of each source.
        classes: the K classes, sorted; there are no others.
        side: of the squares in pixels.
    """
    shown = np.zeros((len(places), len(classes)))
    for index in np.unique(places[:, 0]).astype(int).tolist():
        here = np.flatnonzero(places[:, 0] == index)
        x, y = places[here, 1], places[here, 2]
        squares = shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        for each in points[index].pieces():
            around, near = shapely.STRtree(shapely.points(each.columns, each.rows)).query(squares)
            np.add.at(shown, (here[around], np.searchsorted(classes, each.classes[near])), each.weights[near])
    return shown
