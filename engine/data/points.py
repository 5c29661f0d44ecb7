"""Places that stand for labels, for splitting, counting and sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

IGNORED = -1
"""Class index of labels that are left out: their areas count nowhere."""


@dataclass
class Points:
    """Places on a source's grid where labels are; every array is (n,).

    Args:
        classes: class indices.
        columns: grid pixels.
        rows: grid pixels.
        weights: how much label a point stands for: one object, or so many pixels of area.
        counts: the same in features (vectors) or pixels (class rasters).
        sizes: side in pixels of the piece of label around the point.
    """

    classes: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        """How many there are."""
        return len(self.classes)

    def where(self, keep: np.ndarray) -> Points:
        """The points that a bool array (n,) keeps."""
        return Points(*(getattr(self, field.name)[keep] for field in fields(self)))

    @staticmethod
    def joined(parts: Sequence[Points]) -> Points:
        """All points of several, none of none."""
        if not parts:
            return Points(np.zeros(0, int), *(np.zeros(0) for _ in range(5)))
        return Points(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Points)))
