"""Roads as lines: are the true centre lines found, and are they still connected?

Pixels hardly show either: a gap of three pixels changes no IoU and cuts a road. Both sides' areas are thinned to
lines of one pixel, and a line pixel is matched where the other side has one within a tolerance.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ..errors import ConfigError
from ..inference.vectors.components import connected
from ..inference.vectors.lines import thin
from ..types import IGNORE_INDEX
from .evaluate import Truth, compared_pixels, native_grid

TOLERANCE = 3.0
"""Metres that lines may lie apart."""
WIDEST = 64
"""Half the widest road, in pixels."""


@dataclass(frozen=True)
class LineCounts:
    """What adds up over windows and maps.

    Args:
        true: pixels of true lines.
        found: of those, matched ones.
        predicted: pixels of predicted lines.
        correct: of those, matched ones.
        pairs: ordered pairs of pixels that one true line network joins.
        joined: of those, pairs whose matches one predicted network joins.
    """

    true: int = 0
    found: int = 0
    predicted: int = 0
    correct: int = 0
    pairs: int = 0
    joined: int = 0

    def __add__(self, other: LineCounts) -> LineCounts:
        return LineCounts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def scores(self) -> dict[str, Any]:
        """`completeness`, `correctness` (Wiedemann et al., 1998), their `f1`, `connectivity`, and `counts`."""
        completeness, correctness = _ratio(self.found, self.true), _ratio(self.correct, self.predicted)
        f1 = None
        if completeness is not None and correctness is not None:
            f1 = _ratio(2 * completeness * correctness, completeness + correctness) or 0.0
        return {
            "completeness": completeness,
            "correctness": correctness,
            "f1": f1,
            "connectivity": _ratio(self.joined, self.pairs),
            "counts": list(astuple(self)),
        }


def evaluate_lines(class_map: Path, truth: Truth, name: str, tolerance: float = TOLERANCE) -> dict[str, Any]:
    """Line scores of one class of a class map, window by window; networks end at windows of 2048 pixels.

    Args:
        class_map: as for `evaluate_segmentation`.
        truth: of areas.
        name: the class that is made of lines.
        tolerance: in metres.

    Returns:
        As `LineCounts.scores`; what is undefined is none.

    Raises:
        ConfigError: no class has this name.
        RasterError: the class map cannot be read.
        LabelError: the labels or the area cannot be read.
    """
    names = [definition.name for definition in truth.classes]
    if name not in names:
        raise ConfigError(f"There is no segmentation class '{name}'; choose one of {', '.join(names)}.")
    channel, pixels = names.index(name) + int(truth.background), tolerance / native_grid(class_map).gsd
    total = LineCounts()
    for _, predicted, there in compared_pixels(class_map, truth):
        known = (predicted != IGNORE_INDEX) & (there != IGNORE_INDEX)
        total += line_counts((predicted == channel) & known, (there == channel) & known, pixels)
    return total.scores()


def pooled_lines(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores over several maps at once, from what `evaluate_lines` says of each.

    Examples:
        >>> pooled_lines([{"counts": [10, 10, 8, 8, 100, 100]}, {"counts": [10, 0, 0, 0, 100, 0]}])["completeness"]
        0.5
    """
    return sum((LineCounts(*each["counts"]) for each in scores), LineCounts()).scores()


def line_counts(predicted: np.ndarray, truth: np.ndarray, tolerance: float) -> LineCounts:
    """Counts of one window.

    Args:
        predicted: (H, W) bool, areas.
        truth: (H, W) bool, areas.
        tolerance: in pixels.

    Examples:
        >>> road = np.zeros((9, 40), bool)
        >>> road[3:6] = True
        >>> gap = road.copy()
        >>> gap[:, 18:26] = False
        >>> counts = line_counts(gap, road, tolerance=1.0)
        >>> counts.scores()["correctness"], round(counts.scores()["completeness"], 2)
        (1.0, 0.76)
    """
    mine, theirs = (np.argwhere(thin(mask, WIDEST)) for mask in (predicted, truth))
    match = _nearest(theirs, mine, tolerance)
    found = match >= 0
    network, own = _networks(theirs, truth.shape), _networks(mine, predicted.shape)
    reached = np.stack([network[found], own[match[found]]], axis=1)
    return LineCounts(
        true=len(theirs),
        found=int(found.sum()),
        predicted=len(mine),
        correct=int((_nearest(mine, theirs, tolerance) >= 0).sum()),
        pairs=_squares(network[:, None]),
        joined=_squares(reached),
    )


def _nearest(points: np.ndarray, others: np.ndarray, most: float) -> np.ndarray:
    """(n,) index of the nearest of (m, 2) others to each of (n, 2) points, -1 where none is within `most`."""
    index = np.full(len(points), -1)
    if len(others):
        tree = shapely.STRtree(shapely.points(others))
        pairs = tree.query_nearest(shapely.points(points), max_distance=most + 1e-9, all_matches=False)
        index[pairs[0]] = pairs[1]
    return index


def _networks(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(n,) which 8-connected network each line pixel (n, 2) belongs to."""
    place = np.full((shape[0] + 2, shape[1] + 2), -1)
    place[points[:, 0] + 1, points[:, 1] + 1] = np.arange(len(points))
    links = [place[points[:, 0] + 1 + y, points[:, 1] + 1 + x] for y, x in ((0, 1), (1, -1), (1, 0), (1, 1))]
    start = np.concatenate([np.flatnonzero(link >= 0) for link in links])
    end = np.concatenate([link[link >= 0] for link in links])
    return connected(start, end, len(points))[0]


def _squares(groups: np.ndarray) -> int:
    """Sum of squared sizes of the groups of equal rows (n, k)."""
    return int((np.unique(groups, axis=0, return_counts=True)[1].astype(np.int64) ** 2).sum())


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
