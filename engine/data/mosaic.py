"""Mosaics: one chip of four places, so that a network sees more objects, and ground, in one look."""

from __future__ import annotations

import numpy as np

from ..types import given
from .chips import Cut, cut
from .grid import Window
from .prepared import PreparedSource
from .sampling import window_around

_NARROWEST = 0.25
"""A part is at least this share of the chip's side wide and high."""

Place = tuple[float, float]


def seam(side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Where the four parts of a mosaic meet: column, row."""
    least = round(_NARROWEST * side)
    column, row = rng.integers(least, side - least + 1, 2)
    return int(column), int(row)


def mosaic(source: PreparedSource, places: list[Place], side: int, middle: tuple[int, int]) -> Cut:
    """Four cuts of a source side by side (after YOLOv4, arXiv 2004.10934; nothing changes its scale).

    Each part is cut for training as a chip of its own: it sees no validation ground, what counts nowhere does not here
    either, and objects at a seam are clipped, or ignored ground where too little of them can be seen.

    Args:
        source: of detection.
        places: (column, row) around which the parts are cut: upper left, upper right, lower left, lower right.
        side: of the mosaic in pixels.
        middle: (column, row) where they meet.

    Raises:
        RasterError: the raster cannot be read.
    """
    columns, rows = (0, middle[0], side), (0, middle[1], side)
    parts, corners = [], []
    for index, place in enumerate(places):
        down, across = divmod(index, 2)
        width, height = columns[across + 1] - columns[across], rows[down + 1] - rows[down]
        parts.append(cut(source, window_around(source.reader.grid, *place, width, height), training=True))
        corners.append((columns[across], rows[down]))
    first = parts[0].window
    return Cut(
        source.name,
        Window(first.column, first.row, side, side),
        _joined([part.image for part in parts]),
        _joined([part.seen for part in parts]),
        _joined([part.valid for part in parts]),
        boxes=np.concatenate(
            [
                given(part.boxes) + np.tile(corner, 2).astype(np.float32)
                for part, corner in zip(parts, corners, strict=True)
            ]
        ),
        labels=np.concatenate([given(part.labels) for part in parts]),
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Four arrays (..., h, w), two above two."""
    return np.concatenate([np.concatenate(parts[:2], axis=-1), np.concatenate(parts[2:], axis=-1)], axis=-2)
