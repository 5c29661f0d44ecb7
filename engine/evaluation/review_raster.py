"""One raster looked at window by window: how unsure networks are in its cells, pseudo-labels where they are sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from shapely import Geometry

from ..config import Card
from ..data.grid import Grid, Window
from ..data.masks import coverage
from ..inference.backends import Arrays
from ..inference.sinks import RasterSink
from ..inference.suppression import threshold_of
from ..inference.windows import NODATA, WindowGrid
from ..inference.windows import Window as LatticeWindow
from ..types import Objects, given
from .cells import Cells, CellSums


def entropy(probabilities: list[np.ndarray]) -> np.ndarray:
    """The mean of the networks' entropies, -sum_k p_k log p_k / log K.

    Args:
        probabilities: (K, H, W) of each network, summing to one over K.

    Returns:
        (H, W) float32, 0 where all are sure and 1 where all classes are equally likely.

    Examples:
        >>> sure, unsure = np.array([1.0, 0.0]), np.array([0.5, 0.5])
        >>> entropy([np.stack([sure, unsure], axis=1)[:, None]]).tolist()
        [[0.0, 1.0]]
    """
    scale = np.log(max(2, len(probabilities[0])))
    parts = [-(p * np.log(np.clip(p, 1e-12, 1))).sum(axis=0) / scale for p in probabilities]
    return np.asarray(np.mean(parts, axis=0, dtype=np.float32))


def disagreement(probabilities: list[np.ndarray]) -> np.ndarray:
    """Where the networks' most probable classes are not all the same, (H, W) bool; nowhere for a single network.

    Examples:
        >>> first, second = np.array([[[0.9, 0.4]], [[0.1, 0.6]]]), np.array([[[0.7, 0.8]], [[0.3, 0.2]]])
        >>> disagreement([first, second]).tolist()
        [[False, True]]
    """
    first, *others = (p.argmax(axis=0) for p in probabilities)
    differ = np.zeros(first.shape, bool)
    for other in others:
        differ |= first != other
    return differ


def opinion(probabilities: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The most probable channel (H, W) of the networks' mean, and its probability (H, W).

    As SSLKD's pseudo-labels (docs/methods.md, section 2).

    Examples:
        >>> channel, probability = opinion([np.array([[[0.9]], [[0.1]]]), np.array([[[0.4]], [[0.6]]])])
        >>> int(channel[0, 0]), float(probability[0, 0])
        (0, 0.65)
    """
    mean = np.mean(probabilities, axis=0)
    return mean.argmax(axis=0), mean.max(axis=0)


def middling(scores: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """How far boxes are from being decided.

    Args:
        scores: (n,) in 0 to 1.
        threshold: t, the score from which the model reports a box, in (0, 1); one, or (n,).

    Returns:
        (n,): 1 at t, falling in straight lines to 0 at t / 2 and at (1 + t) / 2.

    Examples:
        >>> middling(np.array([0.2, 0.4, 0.7, 1.0]), 0.4).round(3).tolist()
        [0.0, 1.0, 0.0, 0.0]
    """
    half = np.where(scores < threshold, threshold / 2, (1 - threshold) / 2)
    return np.clip(1 - np.abs(scores - threshold) / np.maximum(half, 1e-6), 0, 1)


VALID, ENTROPY, DIFFERENT, BOXES = range(4)
"""Layers that are summed over cells; channels and bands follow."""

LEAST_SHARE = 0.5
"""A cell of which less is left, by no-data and labelled ground, is left out."""


@dataclass(frozen=True)
class Kept:
    """The part of a window that no other window keeps.

    Args:
        row: of the raster, upper left pixel.
        column: of the raster, upper left pixel.
        rows: of the window.
        columns: of the window.
    """

    row: int
    column: int
    rows: slice
    columns: slice

    def of(self, values: np.ndarray) -> np.ndarray:
        """That part of (..., T, T) values."""
        return values[..., self.rows, self.columns]


def kept_part(lattice: WindowGrid, window: LatticeWindow) -> Kept:
    """A window less half of what it shares with each neighbour, and less what sticks out of the raster."""
    left, top, right, bottom = lattice.inner_edges(window)
    half, rest = lattice.overlap // 2, lattice.overlap - lattice.overlap // 2
    first_row, first_column = half * top, half * left
    last_row = min(lattice.tile - rest * bottom, lattice.height - window.row)
    last_column = min(lattice.tile - rest * right, lattice.width - window.column)
    return Kept(
        window.row + first_row,
        window.column + first_column,
        slice(first_row, max(first_row, last_row)),
        slice(first_column, max(first_column, last_column)),
    )


class ReviewedRaster(NamedTuple):
    """One of the rasters of a review.

    Attributes:
        number: among them.
        grid: its own.
        lattice: of its windows.
        labelled: ground that needs no more labels, in grid pixels; none where all does.
    """

    number: int
    grid: Grid
    lattice: WindowGrid
    labelled: Geometry | None


class RasterReview:
    """Takes the windows of a raster in order, and gives its cells.

    Args:
        card: the model's.
        thresholds: score from which boxes of each class are reported; near it they are middling.
        raster: which.
        cell: side of a cell, in pixels.
    """

    def __init__(self, card: Card, thresholds: Sequence[float], raster: ReviewedRaster, cell: int) -> None:
        self._card, self._thresholds, self._cell = card, thresholds, cell
        self._index, self._grid, self._lattice, self._labelled = raster
        self.segments = "segmentation" in card.tasks
        self._channels = len(card.segmentation_channels() if self.segments else card.detection_classes)
        self._mean, self._std = (np.array(values)[:, None, None] for values in (card.mean, card.std))
        self._sums = CellSums(self._grid.width, cell, BOXES + 1 + self._channels + 2 * len(card.bands))

    def unlabelled(self, kept: Kept, valid: np.ndarray) -> np.ndarray:
        """Pixels (h, w) of a kept part that have data and no labels yet."""
        free = kept.of(valid)
        if self._labelled is None:
            return free
        found: np.ndarray = free & ~coverage(
            self._labelled, Window(kept.column, kept.row, free.shape[1], free.shape[0])
        )
        return found

    def add(self, kept: Kept, image: np.ndarray, free: np.ndarray, arrays: Sequence[Arrays]) -> None:
        """Take a window.

        Args:
            kept: the part that counts.
            image: (C, T, T) raw values.
            free: (h, w) bool, of `unlabelled`.
            arrays: of each network, for this window alone.
        """
        values = np.zeros((BOXES + 1 + self._channels + 2 * len(image), *free.shape), np.float32)
        bands = (kept.of(image) - self._mean) / self._std
        values[VALID] = 1
        values[-2 * len(image) :] = np.concatenate([bands, bands**2])
        if self.segments:
            probabilities = [kept.of(given(one.segmentation)[0]) for one in arrays]
            values[ENTROPY], values[DIFFERENT] = entropy(probabilities), disagreement(probabilities)
            labels, _ = opinion(probabilities)
            for channel in range(self._channels):
                values[BOXES + 1 + channel] = labels == channel
        if arrays[0].objects is not None:
            self._add_boxes(kept, values, arrays[0].objects[0])
        self._sums.add(kept.row, kept.column, values * free)

    def _add_boxes(self, kept: Kept, values: np.ndarray, objects: Objects[np.ndarray]) -> None:
        """Each box's uncertainty at the pixel of its centre."""
        boxes, scores, labels = as_arrays(objects)
        rows, columns, inside = centres(kept, boxes)
        uncertainty = middling(scores, threshold_of(labels, self._thresholds))[inside]
        np.add.at(values[BOXES], (rows, columns), uncertainty)
        if not self.segments:
            np.add.at(values, (BOXES + 1 + labels[inside], rows, columns), uncertainty)

    def finished(self, row: int | None = None) -> Iterator[Cells]:
        """The cells, in rows, that end above a row of pixels; none gives all that are left."""
        ready = self._sums.rest() if row is None else self._sums.complete(row)
        for cell_row, sums in ready:
            yield self._described(cell_row, sums)

    def _described(self, cell_row: int, sums: np.ndarray) -> Cells:
        columns = np.flatnonzero(sums[VALID] >= LEAST_SHARE * self._pixels(cell_row, sums.shape[1]))
        sums = sums[:, columns]
        pixels = np.maximum(sums[VALID], 1)
        shares = sums[BOXES + 1 : BOXES + 1 + self._channels]
        bands = sums[BOXES + 1 + self._channels :] / pixels
        mean, squares = np.split(bands, 2)
        return Cells(
            raster=np.full(len(columns), self._index),
            place=np.stack([np.full(len(columns), cell_row), columns], axis=1),
            uncertainty=self._uncertainty(sums[ENTROPY] / pixels, sums[BOXES]),
            disagreement=sums[DIFFERENT] / pixels,
            dominant=np.where(shares.max(axis=0) > 0, shares.argmax(axis=0), -1),
            appearance=np.concatenate([mean, np.sqrt(np.maximum(squares - mean**2, 0))]).T,
        )

    def _uncertainty(self, pixels: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Of both tasks, the mean: the pixels' mean entropy, and S / (1 + S) for boxes whose doubts sum to S."""
        parts = {"segmentation": pixels, "detection": boxes / (1 + boxes)}
        found: np.ndarray = np.mean([parts[task] for task in self._card.tasks], axis=0)
        return found

    def _pixels(self, cell_row: int, columns: int) -> np.ndarray:
        """Pixels of the raster in each cell of a row."""
        height = min(self._cell, self._grid.height - cell_row * self._cell)
        return height * np.minimum(self._cell, self._grid.width - np.arange(columns) * self._cell)


class SureMap:
    """A class map of what the networks are sure of and agree on, `NODATA` elsewhere, with its confidence beside it.

    Used as a context; files that are not finished are removed.

    Args:
        folder: gets `sure.tif` and `confidence.tif`.
        grid: the raster's.
        card: the model's.
        least: mean probability from which a pixel counts.
    """

    def __init__(self, folder: Path, grid: Grid, card: Card, least: float) -> None:
        self._first, self._least = card.first_class_value(), least
        self._classes = RasterSink(folder / "sure.tif", grid, "class")
        self._confidence = RasterSink(folder / "confidence.tif", grid, "confidence (%)")

    def __enter__(self) -> SureMap:
        self._classes.__enter__()
        self._confidence.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._confidence.__exit__(*error)
        self._classes.__exit__(*error)

    def add(self, kept: Kept, free: np.ndarray, arrays: Sequence[Arrays]) -> None:
        """Take a window: see `RasterReview.add`."""
        probabilities = [kept.of(given(one.segmentation)[0]) for one in arrays]
        labels, share = opinion(probabilities)
        sure = free & (share >= self._least) & ~disagreement(probabilities)
        self._write(self._classes, kept, np.where(sure, labels + self._first, NODATA))
        self._write(self._confidence, kept, np.where(sure, np.rint(100 * share), NODATA))

    def finish(self) -> tuple[Path, Path]:
        """Both files, complete."""
        return self._classes.finish(), self._confidence.finish()

    def _write(self, sink: RasterSink, kept: Kept, values: np.ndarray) -> None:
        if values.size:
            sink.write(kept.row, kept.column, values.astype(np.uint8))


def as_arrays(objects: Objects[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (n, 4), scores (n,) and labels (n,), whether they come as tensors or as arrays."""
    boxes, scores, labels = (np.asarray(values) for values in (objects.boxes, objects.scores, objects.labels))
    return boxes.astype(float).reshape(-1, 4), scores.astype(float), labels.astype(int)


def centres(kept: Kept, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns, in the kept part, of the boxes whose centres lie in it, and which those are (n,) bool."""
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int).T
    inside = (y >= kept.rows.start) & (y < kept.rows.stop) & (x >= kept.columns.start) & (x < kept.columns.stop)
    return y[inside] - kept.rows.start, x[inside] - kept.columns.start, inside


Labelled = Callable[[Grid], "Geometry | None"]
"""The ground of a grid that needs no more labels, in its pixels; none where there is none."""
