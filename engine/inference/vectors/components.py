"""Connected components of class maps and of any graph, and of masks that come strip by strip."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of pixels (n,), in reading order; `right` is exclusive."""

    row: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray, row: int = 0) -> Runs:
        """The runs of a mask (H, W) bool whose first row has the number `row`."""
        edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        rows, left = np.nonzero(edges == 1)
        return cls(rows + row, left, np.nonzero(edges == -1)[1])

    def __len__(self) -> int:
        """How many there are."""
        return len(self.row)

    def __getitem__(self, chosen: np.ndarray) -> Runs:
        """The chosen ones."""
        return Runs(self.row[chosen], self.left[chosen], self.right[chosen])

    def after(self, earlier: Runs) -> Runs:
        """These, after the runs of an earlier row."""
        pairs = ((getattr(earlier, name), getattr(self, name)) for name in ("row", "left", "right"))
        return Runs(*map(np.concatenate, pairs))

    def touching(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the pairs of runs of neighbouring rows that touch at a side or a corner."""
        stride = int(self.right.max(initial=0)) + 2  # one row's places end before the next row's begin
        above = (self.row - 1) * stride
        first = np.searchsorted(self.row * stride + self.right, above + self.left, side="left")
        last = np.searchsorted(self.row * stride + self.left, above + self.right, side="right")
        count = np.maximum(last - first, 0)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(np.arange(len(self)), count), np.repeat(first, count) + within


class Objects:
    """The objects of one class, added strip by strip from the top; what is held is their extents and one row."""

    def __init__(self) -> None:
        none = np.zeros(0, np.int64)
        self._edge, self._edge_ids = Runs(none, none, none), none
        self._extents, self._pixels = [np.zeros((0, 4), np.int64)], [none]
        self._links: list[np.ndarray] = [np.zeros((2, 0), np.int64)]
        self._count = 0

    def add(self, mask: np.ndarray, row: int) -> None:
        """Take the strip (H, W) bool that begins at `row`, where the strip before it ended."""
        runs = Runs.of(mask, row).after(self._edge)
        labels, count = connected(*runs.touching(), len(runs)) if len(runs) else (self._edge_ids, 0)
        ids = labels.astype(np.int64) + self._count
        self._links.append(np.stack([ids[: len(self._edge)], self._edge_ids]))
        self._measure(runs, labels, count)
        self._count += count
        last = runs.row == row + len(mask) - 1
        self._edge, self._edge_ids = runs[last], ids[last]

    def merged(self) -> tuple[np.ndarray, np.ndarray]:
        """Extents (n, 4) int xyxy, exclusive at the right and bottom, and pixels (n,)."""
        extents, pixels = np.concatenate(self._extents), np.concatenate(self._pixels)
        if not self._count:
            return extents, pixels
        first, second = np.concatenate(self._links, axis=1)
        labels, count = connected(first, second, self._count)
        return _hull(extents, labels, count), _sums(pixels, labels, count)

    def _measure(self, runs: Runs, labels: np.ndarray, count: int) -> None:
        """Extents and pixels of the strip's objects; the row carried over was counted with its own strip."""
        extents = np.stack([runs.left, runs.row, runs.right, runs.row + 1], axis=1)
        pixels = np.where(np.arange(len(runs)) < len(self._edge), 0, runs.right - runs.left)
        self._extents.append(_hull(extents, labels, count))
        self._pixels.append(_sums(pixels, labels, count))


def _hull(extents: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """The extents (count, 4) of what has the same label."""
    hull = np.empty((count, 4), np.int64)
    hull[:, :2], hull[:, 2:] = np.iinfo(np.int64).max, 0
    np.minimum.at(hull[:, :2], labels, extents[:, :2])
    np.maximum.at(hull[:, 2:], labels, extents[:, 2:])
    return hull


def _sums(values: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(labels, values, count).astype(np.int64)
