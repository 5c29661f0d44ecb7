"""Spatial splits by blocks in ground metres, and the split of a run kept for those that go on from its model.

Spatial splits: one global lattice of blocks in ground metres, some of its blocks for validation.

The lattice depends on the ground alone, so two rasters that share ground agree on its blocks whatever
their CRS, and no ground is ever on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import shapely
from pydantic import BaseModel, Field, ValidationError
from shapely import Geometry, Polygon

from ..config import Run
from ..config.validation import BOUNDED
from ..errors import SplitError
from ..files import write_text
from .grid import Grid
from .masks import polygons_of

Block = tuple[int, int]
"""Row and column of a block in the lattice."""

_METRES_PER_DEGREE = 6371008.8 * np.pi / 180
_WANTED_BLOCKS = 40
_FEWEST_BLOCKS = 8
_MOST_TRIES = 512
_MOST_BLOCKS = 200_000


@dataclass(frozen=True)
class Lattice:
    """Square blocks of `size` metres all over the earth.

    Rows are bands of latitude; a row's columns are as wide as the ground is at the row's middle, so
    blocks are square on the ground everywhere, and rows meet like courses of bricks.
    """

    size: float

    def blocks(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Blocks (n, 2) int64, row and column, of places in degrees."""
        rows = np.floor((np.asarray(lat) + 90) / self._height()).astype(np.int64)
        return np.stack([rows, np.floor(np.asarray(lon) / self._width(rows)).astype(np.int64)], axis=-1)

    def polygon(self, block: Block) -> Polygon:
        """A block in degrees."""
        height, width = self._height(), float(self._width(np.array(block[0])))
        south, west = block[0] * height - 90, block[1] * width
        return shapely.segmentize(shapely.box(west, south, west + width, south + height), max(width, height) / 4)

    def neighbourhoods(self, blocks: list[Block]) -> np.ndarray:
        """Indices (n,) of the fourfold blocks that the middles of blocks fall into."""
        middles = np.array([shapely.get_coordinates(self.polygon(block).centroid)[0] for block in blocks])
        return np.unique(Lattice(2 * self.size).blocks(*middles.T), axis=0, return_inverse=True)[1].ravel()

    def covering(self, west: float, south: float, east: float, north: float) -> Iterator[Block]:
        """The blocks that touch a rectangle in degrees.

        Raises:
            SplitError: there are too many.
        """
        (first, _), (last, _) = self.blocks(np.array([west, west]), np.array([south, north]))
        rows = np.arange(first, min(last, first + _MOST_BLOCKS) + 1)
        widths = self._width(rows)
        starts, ends = np.floor(west / widths).astype(int), np.floor(east / widths).astype(int)
        if (ends - starts + 1).sum() > _MOST_BLOCKS:
            raise SplitError(f"Blocks of {self.size:.3g} m are too small for this area.", "Enlarge split.block_size.")
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
            yield from ((row, column) for column in range(start, end + 1))

    def _height(self) -> float:
        return self.size / _METRES_PER_DEGREE

    def _width(self, rows: np.ndarray) -> np.ndarray:
        middle = np.radians((rows + 0.5) * self._height() - 90)
        return self._height() / np.maximum(np.cos(middle), 1e-3)


def block_size(areas_m2: Iterable[float], chip_metres: float) -> float:
    """A block's side in metres that divides the smallest role's area into about 40 blocks.

    Blocks are no smaller than a chip, unless that would leave fewer than about 8.
    """
    smallest = min(areas_m2)
    found: float = max(np.sqrt(smallest / _WANTED_BLOCKS), min(chip_metres, np.sqrt(smallest / _FEWEST_BLOCKS)))
    return found


def blocks_of(area: Geometry, grid: Grid, lattice: Lattice) -> dict[Block, Geometry]:
    """The parts of an area (grid pixels) in each block of the lattice, empty ones left out."""
    shapely.prepare(area)
    parts = {}
    for block in lattice.covering(*lonlat_bounds(area, grid)):
        cell = to_pixels(lattice.polygon(block), grid)
        if shapely.intersects(area, cell):
            part = polygons_of(shapely.intersection(area, cell))
            if not part.is_empty:
                parts[block] = part
    return parts


class Near:
    """Blocks by where they are.

    Args:
        blocks: some of the lattice's.
        lattice: has their polygons.
        margin: in metres; blocks that come so near to an area count.
    """

    def __init__(self, blocks: Iterable[Block], lattice: Lattice, margin: float) -> None:
        self._blocks = list(blocks)
        self._cells = np.array([lattice.polygon(block) for block in self._blocks], object)
        self._tree = shapely.STRtree(self._cells)
        self._reach = (margin + lattice.size) / _METRES_PER_DEGREE

    def cells(self, area: Geometry, grid: Grid) -> dict[Block, Polygon]:
        """Those that come near an area in grid pixels, as grid pixels."""
        west, south, east, north = lonlat_bounds(area, grid)
        across = self._reach / max(np.cos(np.radians(max(abs(south), abs(north)))), 1e-3)
        box = shapely.box(west - across, south - self._reach, east + across, north + self._reach)
        near = np.sort(self._tree.query(box, predicate="intersects"))
        return {self._blocks[index]: to_pixels(self._cells[index], grid) for index in near}


def lonlat_bounds(area: Geometry, grid: Grid) -> tuple[float, float, float, float]:
    """West, south, east, north of an area in grid pixels, in degrees."""
    fine = shapely.segmentize(shapely.box(*area.bounds), max(grid.width, grid.height) / 16)
    found: tuple[float, float, float, float] = shapely.transform(fine, grid.to_lonlat, interleaved=False).bounds
    return found


def to_pixels(polygon: Polygon, grid: Grid) -> Polygon:
    """A polygon in degrees as grid pixels."""
    return shapely.transform(polygon, grid.pixels_from("EPSG:4326"), interleaved=False)


@dataclass
class Shares:
    """What each block holds, as shares of the whole: one column a quantity that both sides should have.

    Args:
        values: (blocks, quantities), every column sums to 1.
        importance: (quantities,) how bad it is when one side has none of it.
    """

    values: np.ndarray
    importance: np.ndarray


def selections(
    shares: Shares, groups: np.ndarray, validation: float, seed: int, fixed: np.ndarray | None = None
) -> np.ndarray:
    """Seeded choices of validation blocks, best first.

    The best come nearest to the wanted share of every role's area and of every class, and leave no
    side without any. Half of the choices take neighbours together, which costs less buffer.

    Args:
        shares: what the blocks hold.
        groups: (blocks,) indices of the neighbourhoods that blocks belong to.
        validation: the wanted share.
        seed: seed of the choices.
        fixed: (2, blocks) bool, those that validate and those that train in any case; none: all are chosen among.

    Returns:
        (choices, blocks) bool.
    """
    blocks = len(shares.values)
    if blocks < 2:
        return np.zeros((0, blocks), bool)
    rng = np.random.default_rng(seed)
    tries = int(np.clip(4_000_000 // blocks, 16, _MOST_TRIES))
    numbers = rng.integers(1, np.clip(np.ceil(2 * validation * blocks), 2, blocks), size=(tries, 1))
    order = rng.random((tries, blocks))
    order[::2] = order[::2] * 1e-6 + rng.random((tries, groups.max() + 1))[::2, groups]
    chosen = order.argsort(axis=1).argsort(axis=1) < numbers
    if fixed is not None:
        chosen = (chosen | fixed[0]) & ~fixed[1]
    held = chosen @ shares.values
    missing = (held < 1e-6) + 1.5 * (held > 1 - 1e-6)  # training suffers more from what it lacks
    cost = np.abs(held - validation).sum(axis=1) + missing @ shares.importance
    return chosen[np.argsort(cost, kind="stable")]


SPLIT_FILE, MODEL_FOLDER = "split.json", "model"
_MOST_BYTES = 20_000_000
_Place = Annotated[int, Field(ge=-(10**10), le=10**10)]
_Blocks = Annotated[frozenset[tuple[_Place, _Place]], Field(max_length=1_000_000)]
UNKNOWN = (
    "Which ground the model of start_from has trained on is not known here ({file} does not lie beside it), so "
    "validation may flatter it, and choose its weights over better ones."
)


class BlockSplit(BaseModel):
    """Blocks of a lattice, by what a run has used them for."""

    model_config = BOUNDED | {"frozen": True}

    block_size: float = Field(gt=0, lt=1e7)
    """Side of the lattice's blocks in metres."""
    training: _Blocks
    """Those with ground that has trained."""
    validation: _Blocks
    """Those that have judged, and trained nobody."""


def write_split(folder: Path, split: BlockSplit) -> None:
    """Keep a run's split in its folder.

    Raises:
        OSError: it cannot be written.
    """
    write_text(folder / SPLIT_FILE, split.model_dump_json() + "\n")


def split_before(run: Run) -> BlockSplit | None:
    """The split of the run whose model this one goes on from; none without such a model, or where it is not known."""
    start = getattr(run.recipe, "start_from", None)
    for folder in places(start) if start else ():
        file = folder / SPLIT_FILE
        try:
            if file.stat().st_size <= _MOST_BYTES:
                return BlockSplit.model_validate_json(file.read_bytes())
        except (OSError, ValidationError):
            continue
    return None


def places(start: str) -> list[Path]:
    """Where a run's split may lie, of its model: in the run folder, or beside a copy of the model."""
    path = Path(start)
    return [path, path.parent] if path.name == MODEL_FOLDER else [path]
