"""Joining the pieces of areas across strips: an area leaves as soon as no later strip can touch it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import shapely

from .components import connected

NOWHERE = -1


@dataclass(frozen=True)
class Pieces:
    """Areas, or parts of them inside one strip, one per element.

    Args:
        geometry: (n,) polygons in pixel coordinates.
        value: (n,) uint8 class values.
        ground_m2: (n,) area of their pixels.
        confidence: (n,) sum of the confidence over pixels that have one.
        confident_pixels: (n,) how many these are.
    """

    geometry: np.ndarray
    value: np.ndarray
    ground_m2: np.ndarray
    confidence: np.ndarray
    confident_pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.geometry)

    def take(self, which: np.ndarray) -> Pieces:
        """Some of them, by index or mask."""
        return Pieces(*(getattr(self, field.name)[which] for field in fields(self)))

    @staticmethod
    def chain(parts: list[Pieces]) -> Pieces:
        """Several one after the other."""
        return Pieces(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Pieces)))

    def together(self) -> Pieces:
        """One area from the pieces of one."""
        geometry = np.array([shapely.coverage_union_all(self.geometry)])
        sums = (getattr(self, name).sum(keepdims=True) for name in ("ground_m2", "confidence", "confident_pixels"))
        return Pieces(geometry, self.value[:1], *sums)


class Joiner:
    """Takes the pieces of strips from the top and returns finished areas.

    What it holds are the outlines of areas that touch the last strip's end, and nothing of the map.
    """

    def __init__(self) -> None:
        self._groups: list[list[Pieces]] = []
        self._row: np.ndarray | None = None

    def add(self, pieces: Pieces, labels: np.ndarray, wanted: np.ndarray, last: bool) -> Pieces:
        """Join a strip's pieces to those above.

        Args:
            pieces: all of the strip (n,).
            labels: (H, W) which piece each pixel belongs to.
            wanted: (n,) bool, pieces to keep; the others vanish here.
            last: whether no strip follows.

        Returns:
            Areas that are complete now.
        """
        shown = np.where(wanted, np.arange(len(pieces)), NOWHERE)
        top = shown[labels[0]]
        bottom = np.full_like(top, NOWHERE) if last else shown[labels[-1]]
        border = np.unique(np.concatenate([top, bottom]))
        border = border[border != NOWHERE]
        inside = wanted.copy()
        inside[border] = False
        node = self._nodes(border)
        group, count = self._connect(pieces, top, node)
        merged: list[list[Pieces]] = [[] for _ in range(count)]
        for index, held in enumerate(self._groups):
            merged[group[index]] = _longer_first(merged[group[index]], held)
        for piece in border:
            merged[group[node[piece]]].append(pieces.take(np.array([piece])))
        finished = self._keep_open(merged, group, node[bottom])
        return Pieces.chain([pieces.take(inside), *finished])

    def _nodes(self, border: np.ndarray) -> np.ndarray:
        """From a piece at the strip's border to its node: after the groups that are open."""
        node = np.full(int(border.max(initial=NOWHERE)) + 2, NOWHERE)
        node[border] = len(self._groups) + np.arange(len(border))
        return node

    def _connect(self, pieces: Pieces, top: np.ndarray, node: np.ndarray) -> tuple[np.ndarray, int]:
        count = len(self._groups) + int((node != NOWHERE).sum())
        if self._row is None:
            return connected(np.empty(0, int), np.empty(0, int), count)
        values = np.array([held[0].value[0] for held in self._groups], np.uint8)
        meet = (self._row != NOWHERE) & (top != NOWHERE)
        above, below = self._row[meet], top[meet]
        same = values[above] == pieces.value[below]
        links = np.unique(np.column_stack([above[same], node[below[same]]]), axis=0)
        return connected(links[:, 0], links[:, 1], count)

    def _keep_open(self, merged: list[list[Pieces]], group: np.ndarray, bottom: np.ndarray) -> list[Pieces]:
        """Keep the groups that reach the strip's end; return the others as areas."""
        reach = np.unique(group[bottom[bottom != NOWHERE]])
        self._groups = [merged[index] for index in reach]
        number = np.full(len(merged), NOWHERE)
        number[reach] = np.arange(len(reach))
        self._row = np.where(bottom == NOWHERE, NOWHERE, number[group[bottom]]) if len(group) else bottom
        return [Pieces.chain(merged[index]).together() for index in np.flatnonzero(number == NOWHERE)]


def _longer_first(one: list[Pieces], other: list[Pieces]) -> list[Pieces]:
    """Both lists in one, by extending the longer."""
    long, short = (one, other) if len(one) >= len(other) else (other, one)
    long.extend(short)
    return long
