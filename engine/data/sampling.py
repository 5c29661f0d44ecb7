"""Where training chips are taken: around labels, rare classes first, where something was found, or anywhere."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import shapely
from shapely import Geometry

from ..errors import SplitError
from .grid import Grid, Window
from .masks import Points
from .prepared import PreparedSource

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


_JITTER = 0.4
"""A chip's centre lies within this share of its side from the label it was drawn for."""

_LOOKED_AT = 512
"""Chips of each class, and of those drawn anywhere, in which labels are counted."""
_MANY_TILES = 2**16
"""So many windows are looked at together, and of more no offset is chosen."""
_TRIES = 8
"""Draws that may lie in another source than is asked for."""


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
        index = one_of(self._until, rng)
        across, along = rng.random(2)
        if across + along > 1:
            across, along = 1 - across, 1 - along
        first = self._first[index]
        column, row = first + across * (self._second[index] - first) + along * (self._third[index] - first)
        return float(column), float(row)


class ChipSampler:
    """Draws (source, place) for the training chips of a role.

    A share of the chips is drawn around a label: its class with a probability that falls with the
    square root of the class's frequency, or so that all chips together show the classes alike, or anything
    between; then any label of that class, then a place near it. The rest is uniform over a source's training
    ground, sources weighing in by the square root of theirs.

    Args:
        sources: the role's sources.
        chip: side of a chip in pixels.
        rare_class_share: share of the chips drawn around a label.
        class_balance: how far towards showing the classes alike, from 0 to 1.

    Raises:
        SplitError: none of the sources has ground to train on.
    """

    def __init__(
        self, sources: list[PreparedSource], chip: int, rare_class_share: float, class_balance: float = 0.0
    ) -> None:
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
        points = [source.training_points() for source in sources]
        self._labels = _places(points)
        frequencies = {label: weight for label, (_, weight) in self._labels.items()}
        self._classes = sorted(frequencies)
        rarity = np.array([1 / np.sqrt(frequencies[label]) for label in self._classes])
        shares = rarity / rarity.sum() if len(rarity) else rarity
        if class_balance and len(rarity) > 1:
            shares = (1 - class_balance) * shares + class_balance * balanced_shares(self._shown(points))
        self._class_until = np.cumsum(shares)

    def _shown(self, points: list[Points]) -> np.ndarray:
        """How much label of class k chips show on average while those around a label are all of class c, (K, K)."""
        rng = np.random.default_rng(0)
        draws = [partial(self._anywhere, rng), *(partial(self._around, label, rng) for label in self._classes)]
        places = np.array([draw() for draw in draws for _ in range(_LOOKED_AT)])
        shown = shown_at(places, points, self._classes, self._chip).reshape(len(draws), _LOOKED_AT, -1)
        anywhere, *around = (each.mean(axis=0) for each in shown)
        found: np.ndarray = self._rare_share * np.array(around) + (1 - self._rare_share) * anywhere
        return found

    def draw(self, rng: np.random.Generator) -> tuple[int, float, float]:
        """A source's index and the centre of a chip: column, row."""
        if self._classes and rng.random() < self._rare_share:
            return self._around(self.draw_class(rng), rng)
        return self._anywhere(rng)

    def _around(self, label: int, rng: np.random.Generator) -> tuple[int, float, float]:
        places, _ = self._labels[label]
        source, column, row = places.at(int(rng.integers(len(places))))
        jitter = rng.uniform(-_JITTER, _JITTER, 2) * self._chip
        return source, column + jitter[0], row + jitter[1]

    def _anywhere(self, rng: np.random.Generator) -> tuple[int, float, float]:
        source = self._usable[one_of(self._source_until, rng)]
        return source, *self._grounds[source].draw(rng)

    def draw_in(self, source: int, rng: np.random.Generator) -> tuple[float, float]:
        """The centre of a chip in a source that has training ground: where others are drawn, or else uniform there."""
        for _ in range(_TRIES):
            index, column, row = self.draw(rng)
            if index == source:
                return column, row
        return self._grounds[source].draw(rng)

    def draw_class(self, rng: np.random.Generator) -> int:
        """A class that has labels, as often as it is drawn for chips around a label."""
        return self._classes[one_of(self._class_until, rng)]


def window_around(grid: Grid, column: float, row: float, width: int, height: int | None = None) -> Window:
    """The window around a place, square where no height is given; moved inside the raster where it fits."""
    height = height or width
    return Window(_origin(column, width, grid.width), _origin(row, height, grid.height), width, height)


def tiling(geometry: Geometry, side: int) -> list[Window]:
    """Windows of a regular tiling that meet a geometry; the tiling's offset is one that needs few, of few windows."""
    if geometry.is_empty:
        return []
    shapely.prepare(geometry)
    left, top, right, bottom = geometry.bounds
    many = (right - left) * (bottom - top) > _MANY_TILES * side**2
    offsets = (0,) if many else range(0, side, max(side // 4, 1))
    return min((_tiles(geometry, side, x, y) for x in offsets for y in offsets), key=len)


def _tiles(geometry: Geometry, side: int, x: int, y: int) -> list[Window]:
    left, top, right, bottom = geometry.bounds
    columns = np.arange((left - x) // side, (right - x) // side + 1).astype(int) * side + x
    rows = np.arange((top - y) // side, (bottom - y) // side + 1).astype(int) * side + y
    found: list[Window] = []
    for some in np.array_split(rows, -(-len(rows) * len(columns) // _MANY_TILES)):
        column, row = (values.ravel() for values in np.meshgrid(columns, some))
        boxes = shapely.box(column, row, column + side, row + side)
        meets = shapely.intersects(geometry, boxes) & ~shapely.touches(geometry, boxes)
        found += [Window(int(c), int(r), side, side) for c, r in zip(column[meets], row[meets], strict=True)]
    return found


class LabelPlaces:
    """Where a class's labels lie in all sources, looked up where they were found.

    Args:
        parts: index of a source, its points, and which of them.
    """

    def __init__(self, parts: list[tuple[int, Points, slice]]) -> None:
        self._parts = parts
        self._until = np.cumsum([there.stop - there.start for _, _, there in parts])

    def __len__(self) -> int:
        """How many there are."""
        return int(self._until[-1])

    def at(self, index: int) -> tuple[int, float, float]:
        """A source's index, column and row of a label."""
        part = int(np.searchsorted(self._until, index, side="right"))
        source, points, there = self._parts[part]
        place = there.stop - (int(self._until[part]) - index)
        return source, float(points.columns[place]), float(points.rows[place])


def _places(points: list[Points]) -> dict[int, tuple[LabelPlaces, float]]:
    """For each class the places of its labels, and their weight."""
    parts: dict[int, list[tuple[int, Points, slice]]] = {}
    weights: dict[int, float] = {}
    for index, inside in enumerate(points):
        for label, there in inside.by_class().items():
            parts.setdefault(label, []).append((index, inside, there))
            weights[label] = weights.get(label, 0.0) + float(inside.weights[there].sum())
    return {label: (LabelPlaces(found), weights[label]) for label, found in parts.items()}


def one_of(until: np.ndarray, rng: np.random.Generator) -> int:
    """An index, drawn by cumulative weights (n,); `Generator.choice` checks its weights anew every time."""
    index = int(np.searchsorted(until, rng.random() * until[-1], side="right"))
    return min(index, len(until) - 1)


def _origin(centre: float, side: int, extent: int) -> int:
    if extent < side:
        return (extent - side) // 2
    return min(max(round(centre - side / 2), 0), extent - side)


MOST_CELLS = 128
"""Cells of all sources of a role together, where these are not more; as many are measured."""
ANYWHERE = 0.5
"""Share of the chips that are drawn as without a measurement, so that no ground is never seen."""


class Cells:
    """The training ground of a role's sources in square cells: of a chip's side, or of several where they were many.

    Args:
        sources: the role's sources.
        chip: side of a chip in pixels.
    """

    def __init__(self, sources: list[PreparedSource], chip: int) -> None:
        self.sources = sources
        grounds = [source.training for source in sources]
        side = chip * max(1, math.isqrt(int(sum(ground.area for ground in grounds) / (MOST_CELLS * chip**2))))
        while len(tiles := _cells(grounds, side)) > max(MOST_CELLS, sum(not ground.is_empty for ground in grounds)):
            side += chip * -(-side // (4 * chip))
        self._cells = [(index, shapely.intersection(grounds[index], tile.box())) for index, tile in tiles]
        self._samplers: dict[int, GroundSampler] = {}
        by_source = np.sqrt([source.square_metres(source.training) for source in sources])
        areas = np.array([cell.area / grounds[index].area for index, cell in self._cells])
        self.shares = areas * (by_source / by_source.sum())[[index for index, _ in self._cells]]
        """(n,) of the chips that uniform draws take from each cell."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._cells)

    def place(self, cell: int, rng: np.random.Generator) -> tuple[int, float, float]:
        """A source's index and a place in a cell: column, row."""
        source, ground = self._cells[cell]
        if cell not in self._samplers:
            self._samplers[cell] = GroundSampler(ground)
        return source, *self._samplers[cell].draw(rng)


class PreferredPlaces:
    """Draws chips: a share of them anywhere, the others from cells in which much was measured.

    A cell is drawn as often as uniform draws would, times what was measured in it: where that is the same everywhere
    all draws are uniform.

    Args:
        sampler: draws anywhere.
        cells: of the same sources.
        measured: (n,) of each cell, not negative; not all zero.
    """

    def __init__(self, sampler: ChipSampler, cells: Cells, measured: np.ndarray) -> None:
        self._sampler, self._cells = sampler, cells
        self._until = np.cumsum(cells.shares * measured)

    def draw(self, rng: np.random.Generator) -> tuple[int, float, float]:
        """A source's index and the centre of a chip: column, row."""
        if rng.random() < ANYWHERE:
            return self._sampler.draw(rng)
        return self._cells.place(one_of(self._until, rng), rng)


def _cells(grounds: list[Geometry], side: int) -> list[tuple[int, Window]]:
    """Windows of so many pixels a side that meet some grounds, each with its ground's index."""
    return [(index, window) for index, ground in enumerate(grounds) for window in tiling(ground, side)]
