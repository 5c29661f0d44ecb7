"""Where training chips are taken: around labels, rare classes first, or anywhere on the training ground."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Geometry

from ..errors import SplitError
from .grid import Grid, Window
from .prepared import PreparedSource

_JITTER = 0.4
"""A chip's centre lies within this share of its side from the label it was drawn for."""


class GroundSampler:
    """Uniform places on a geometry, however many and small its parts are: a triangle by its area, a place inside it.

    Args:
        geometry: polygons in grid pixels, not empty.
    """

    def __init__(self, geometry: Geometry) -> None:
        polygons = shapely.get_parts(geometry)
        polygons = polygons[shapely.area(polygons) > 0]
        triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(polygons))
        areas = shapely.area(triangles)
        corners = shapely.get_coordinates(triangles[areas > 0]).reshape(-1, 4, 2)
        self._first, self._second, self._third = corners[:, 0], corners[:, 1], corners[:, 2]
        self._until = np.cumsum(areas[areas > 0])

    def draw(self, rng: np.random.Generator) -> tuple[float, float]:
        """A place: column, row."""
        index = _one_of(self._until, rng)
        across, along = rng.random(2)
        if across + along > 1:
            across, along = 1 - across, 1 - along
        first = self._first[index]
        column, row = first + across * (self._second[index] - first) + along * (self._third[index] - first)
        return float(column), float(row)


class ChipSampler:
    """Draws (source, place) for the training chips of a role.

    A share of the chips is drawn around a label: its class with a probability that falls with the
    square root of the class's frequency, then any label of that class, then a place near it. The rest
    is uniform over a source's training ground, sources weighing in by the square root of theirs.

    Args:
        sources: the role's sources.
        chip: side of a chip in pixels.
        rare_class_share: share of the chips drawn around a label.

    Raises:
        SplitError: none of the sources has ground to train on.
    """

    def __init__(self, sources: list[PreparedSource], chip: int, rare_class_share: float) -> None:
        self._usable = [index for index, source in enumerate(sources) if not source.training.is_empty]
        if not self._usable:
            raise SplitError(
                f"No ground is left to train on in {', '.join(source.name for source in sources)}.",
                "It all lies in validation blocks or their buffer: lower split.block_size or add a source.",
            )
        self._grounds = {index: GroundSampler(sources[index].training) for index in self._usable}
        areas = np.sqrt([sources[index].square_metres(sources[index].training) for index in self._usable])
        self._source_until = np.cumsum(areas / areas.sum())
        self._chip, self._rare_share = chip, rare_class_share
        self._labels = _training_labels(sources)
        frequencies = {label: weight for label, (_, weight) in self._labels.items()}
        self._classes = sorted(frequencies)
        rarity = np.array([1 / np.sqrt(frequencies[label]) for label in self._classes])
        self._class_until = np.cumsum(rarity / rarity.sum()) if len(rarity) else rarity

    def draw(self, rng: np.random.Generator) -> tuple[int, float, float]:
        """A source's index and the centre of a chip: column, row."""
        if self._classes and rng.random() < self._rare_share:
            places, _ = self._labels[self._classes[_one_of(self._class_until, rng)]]
            source, column, row = places[int(rng.integers(len(places)))]
            jitter = rng.uniform(-_JITTER, _JITTER, 2) * self._chip
            return int(source), column + jitter[0], row + jitter[1]
        source = self._usable[_one_of(self._source_until, rng)]
        return source, *self._grounds[source].draw(rng)


def window_around(grid: Grid, column: float, row: float, side: int) -> Window:
    """The square window around a place, moved inside the raster where it fits."""
    return Window(_origin(column, side, grid.width), _origin(row, side, grid.height), side, side)


def tiling(geometry: Geometry, side: int) -> list[Window]:
    """Windows of a regular tiling that meet a geometry; the tiling's offset is one that needs few of them."""
    if geometry.is_empty:
        return []
    shapely.prepare(geometry)
    offsets = range(0, side, max(side // 4, 1))
    return min((_tiles(geometry, side, x, y) for x in offsets for y in offsets), key=len)


def _tiles(geometry: Geometry, side: int, x: int, y: int) -> list[Window]:
    left, top, right, bottom = geometry.bounds
    columns = np.arange((left - x) // side, (right - x) // side + 1).astype(int) * side + x
    rows = np.arange((top - y) // side, (bottom - y) // side + 1).astype(int) * side + y
    column, row = (values.ravel() for values in np.meshgrid(columns, rows))
    boxes = shapely.box(column, row, column + side, row + side)
    meets = shapely.intersects(geometry, boxes) & ~shapely.touches(geometry, boxes)
    return [Window(int(c), int(r), side, side) for c, r in zip(column[meets], row[meets], strict=True)]


def _training_labels(sources: list[PreparedSource]) -> dict[int, tuple[np.ndarray, float]]:
    """For each class the places (n, 3) of its labels on training ground (source, column, row), and their weight."""
    places: dict[int, list[np.ndarray]] = {}
    weights: dict[int, float] = {}
    for index, source in enumerate(sources):
        points = source.points
        inside = points.where(shapely.contains_xy(source.training, points.columns, points.rows))
        for label in np.unique(inside.classes).tolist():
            these = inside.where(inside.classes == label)
            origin = np.full(len(these), index)
            places.setdefault(label, []).append(np.stack([origin, these.columns, these.rows], axis=1))
            weights[label] = weights.get(label, 0.0) + float(these.weights.sum())
    return {label: (np.concatenate(parts), weights[label]) for label, parts in places.items()}


def _one_of(until: np.ndarray, rng: np.random.Generator) -> int:
    """An index, drawn by cumulative weights (n,); `Generator.choice` checks its weights anew every time."""
    index = int(np.searchsorted(until, rng.random() * until[-1], side="right"))
    return min(index, len(until) - 1)


def _origin(centre: float, side: int, extent: int) -> int:
    if extent < side:
        return (extent - side) // 2
    return min(max(round(centre - side / 2), 0), extent - side)
