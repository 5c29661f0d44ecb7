"""Dividing a run's sources into ground that trains and ground that validates."""

from __future__ import annotations

from typing import NamedTuple, NoReturn

import numpy as np
import shapely
from shapely import Geometry

from ..config import Run
from ..errors import SplitError
from ..types import given
from .blocks import (
    SPLIT_FILE,
    UNKNOWN,
    Block,
    BlockSplit,
    Lattice,
    Near,
    Shares,
    block_size,
    blocks_of,
    selections,
    split_before,
)
from .masks import polygons_of
from .prepared import PreparedSource

_CANDIDATES = 24
_MULTIPLE, _SMALLEST_CHIP = 32, 64
"""Of the side of chips in pixels, as run files allow it."""
TOO_LITTLE_NEW = (
    "What is labelled beside the ground that the model of start_from has trained on cannot be divided, so blocks are "
    "chosen anew, and validation may flatter the model."
)
_AREA, _LABEL, _CLASS = 100.0, 20.0, 5.0
"""How bad it is when one side has none of a role's area, of its labels, of one class."""


class SpatialSplit(NamedTuple):
    """How a run's ground is divided."""

    split: BlockSplit | None
    """Side of the blocks, and which of them train or validate; none without labelled sources."""
    warnings: list[str]
    """Sentences for people."""


def split_sources(run: Run, sources: list[PreparedSource]) -> SpatialSplit:
    """Give every source its training, validation and hidden ground, in place.

    Blocks are chosen among those with labelled ground of sources whose split is `auto`, and all those of
    sources that validate whole are chosen; any other ground in a chosen block trains nobody. Without
    labelled sources everything trains. Where the run goes on from another's model, blocks stay what they were for
    that, for a network must not be judged where it has learned; only new ones are chosen among.

    Raises:
        SplitError: a role's labelled area is too small for both sides, or all of it is on one.
    """
    labelled = [source for source in sources if source.labels is not None]
    for source in sources:
        source.training = source.area
    if not labelled:
        return SpatialSplit(None, [])
    before = split_before(run)
    lattice, buffer = _lattice_and_buffer(run, labelled, before)
    if before is not None and before.block_size != lattice.size:
        before = None
    warnings = [UNKNOWN.format(file=SPLIT_FILE)] if getattr(run.recipe, "start_from", None) and before is None else []
    for source in labelled:
        source.blocks = blocks_of(source.area, source.reader.grid, lattice)
    near = Near(sorted(set().union(*(source.blocks for source in labelled))), lattice, buffer)
    grounds = [_Ground(source, near, buffer) for source in sources]
    chosen = {block for source in labelled if source.split == "validation" for block in source.blocks}
    if any(source.split == "auto" for source in labelled):
        found = _choose(run, grounds, lattice, buffer, before) if before else None
        if before and found is None:
            warnings.append(TOO_LITTLE_NEW)
        chosen |= found or _choose(run, grounds, lattice, buffer) or _raise_too_small(labelled, lattice, buffer)
    for ground in grounds:
        ground.divide(chosen)
    _check_sides(labelled)
    blocks = frozenset().union(*(source.blocks for source in labelled))
    earlier = before or BlockSplit(block_size=lattice.size, training=frozenset(), validation=frozenset())
    training = (blocks - chosen) | earlier.training
    return SpatialSplit(
        BlockSplit(block_size=lattice.size, training=training, validation=(chosen | earlier.validation) - training),
        warnings,
    )


class _Ground:
    """A source's ground, to be divided by one choice of blocks after another."""

    def __init__(self, source: PreparedSource, near: Near, buffer: float) -> None:
        grid = source.reader.grid
        self.source = source
        self._cells = near.cells(source.area, grid)
        self._buffer = buffer / grid.gsd
        self._extent = shapely.box(*source.reader.outline().bounds)
        around = shapely.buffer(np.array(list(self._cells.values()), object), self._buffer, join_style="mitre")
        reaching = shapely.intersects(around, self._extent)
        self._reaching = {block for block, reaches in zip(self._cells, reaching, strict=True) if reaches}
        self._tried: dict[frozenset[Block], _Divided] = {}

    def tried(self, chosen: set[Block]) -> _Divided:
        """How a choice would divide the source; choices that are alike as far as they reach it, once."""
        here = frozenset(self._reaching & chosen)
        if here not in self._tried:
            self._tried[here] = self._split(chosen)
        return self._tried[here]

    def divide(self, chosen: set[Block]) -> None:
        """Set the source's training, validation and hidden ground."""
        found = self._split(chosen)
        self.source.hidden, self.source.training, self.source.validation = (
            found.hidden,
            found.training,
            found.validation,
        )

    def _split(self, chosen: set[Block]) -> _Divided:
        source = self.source
        cells = shapely.union_all([cell for block, cell in self._cells.items() if block in chosen])
        around = shapely.buffer(cells, self._buffer, join_style="mitre") if self._buffer else cells
        hidden = polygons_of(shapely.intersection(around, self._extent))
        training = polygons_of(shapely.difference(source.area, hidden))
        validation = shapely.Polygon()
        if source.labels is not None and source.split == "auto":
            validation = polygons_of(shapely.intersection(source.area, cells))
        elif source.split == "validation":
            training, validation = shapely.Polygon(), source.area
        return _Divided(hidden, training, validation, source.points.classes_on(training))


class _Divided(NamedTuple):
    """A source's ground, and the classes that have labels where it trains."""

    hidden: Geometry
    training: Geometry
    validation: Geometry
    classes: set[int]


def _lattice_and_buffer(run: Run, labelled: list[PreparedSource], before: BlockSplit | None) -> tuple[Lattice, float]:
    """The lattice, that of before if possible, and the buffer in metres: half a chip, at most an eighth of a block."""
    chip = run.training.chip_size * labelled[0].reader.grid.gsd
    usual = before.block_size if before is not None else block_size(_role_areas(labelled).values(), chip)
    size = run.split.block_size or usual
    buffer = min(chip / 2, size / 8) if run.split.buffer is None else run.split.buffer
    return Lattice(float(size)), float(buffer)


def wide_chips(run: Run, sources: list[PreparedSource], split: BlockSplit | None) -> list[str]:
    """What is to be said where chips are wider than blocks, as they are at 10 m on ground labelled for 0.2 m."""
    labelled = [source for source in sources if source.labels is not None and source.split == "auto"]
    if not labelled:
        return []
    chip, gsd, block = run.training.chip_size, labelled[0].reader.grid.gsd, given(split).block_size
    fitting = int(block / gsd) // _MULTIPLE * _MULTIPLE
    if chip * gsd <= block or chip <= _SMALLEST_CHIP:
        return []
    return [
        f"Chips of {chip} pixels are {chip * gsd:,.0f} m wide, and the labelled area is divided into blocks of "
        f"{block:,.0f} m: much of each chip counts nowhere. Lower training.chip_size to "
        f"{max(fitting, _SMALLEST_CHIP)}, or label more ground."
    ]


def _choose(
    run: Run, grounds: list[_Ground], lattice: Lattice, buffer: float, before: BlockSplit | None = None
) -> set[Block] | None:
    """The blocks that validate: of the likeliest choices the one that leaves most to train on; none if none will do.

    Args:
        run: wanted share and seed.
        grounds: of all sources.
        lattice: of the blocks.
        buffer: in metres, around those that validate.
        before: which blocks validate or train in any case.
    """
    grounds = [ground for ground in grounds if ground.source.labels is not None and ground.source.split == "auto"]
    labelled = [ground.source for ground in grounds]
    blocks = sorted(set().union(*(source.blocks for source in labelled)))
    shares, groups = _shares(labelled, blocks, lattice), lattice.neighbourhoods(blocks)
    wanted = [set(source.points.by_class()) for source in labelled]
    best, best_quality = None, (0.0, 0.0, 0.0)
    fixed = None
    if before is not None:
        fixed = np.array([[block in side for block in blocks] for side in (before.validation, before.training)])
    for selection in selections(shares, groups, run.split.validation, run.split.seed, fixed)[:_CANDIDATES]:
        chosen = {block for block, use in zip(blocks, selection, strict=True) if use}
        quality = _quality(labelled, [ground.tried(chosen) for ground in grounds], wanted)
        if quality > best_quality:
            best, best_quality = chosen, quality
    return best


def _shares(labelled: list[PreparedSource], blocks: list[Block], lattice: Lattice) -> Shares:
    """Each role's area, labels and classes in each block."""
    place = {block: index for index, block in enumerate(blocks)}
    columns, importance = [], []
    for role in dict.fromkeys(source.role for source in labelled):
        sources = [source for source in labelled if source.role == role]
        by_class: dict[int, np.ndarray] = {}
        area = np.zeros(len(blocks))
        for source in sources:
            np.add.at(area, [place[block] for block in source.blocks], [part.area for part in source.blocks.values()])
            _add_labels(by_class, source, place, lattice)
        columns += [area, sum(by_class.values(), np.zeros(len(blocks))), *by_class.values()]
        importance += [_AREA, _LABEL, *[_CLASS] * len(by_class)]
    values = np.stack(columns, axis=1)
    present = values.sum(axis=0) > 0
    return Shares((values / np.maximum(values.sum(axis=0), 1e-12))[:, present], np.array(importance)[present])


def _add_labels(
    by_class: dict[int, np.ndarray], source: PreparedSource, place: dict[Block, int], lattice: Lattice
) -> None:
    for piece in source.points.pieces():
        lonlat = source.reader.grid.to_lonlat(piece.columns, piece.rows)
        found, which = np.unique(lattice.blocks(*lonlat), axis=0, return_inverse=True)
        index = np.array([place.get(tuple(block), -1) for block in found.tolist()], int)[which.ravel()]
        for label in np.unique(piece.classes[index >= 0]).tolist():
            here = (index >= 0) & (piece.classes == label)
            np.add.at(by_class.setdefault(label, np.zeros(len(place))), index[here], piece.weights[here])


def _quality(
    labelled: list[PreparedSource], divided: list[_Divided], wanted: list[set[int]]
) -> tuple[float, float, float]:
    """How good a choice is once the buffer is taken off, for the worst role; nothing where a side has no ground.

    Args:
        labelled: the sources.
        divided: their grounds.
        wanted: the classes that each has.

    Returns:
        The share of roles that train on labels, the share of classes that do, and the share of ground
        that trains.
    """
    shares, classes = [], []
    for role, area in _role_areas(labelled).items():
        places = [index for index, source in enumerate(labelled) if source.role == role]
        share = sum(labelled[index].square_metres(divided[index].training) for index in places) / area
        validated = any(divided[index].validation.area for index in places)
        shares.append(share if validated else 0.0)
        there = set().union(*(divided[index].classes for index in places))
        all_ = set().union(*(wanted[index] for index in places))
        classes.append(len(there) / max(len(all_), 1))
    if min(shares) == 0:
        return 0.0, 0.0, 0.0
    return float(np.mean(np.array(classes) > 0)), float(np.mean(classes)), min(shares)


def _role_areas(labelled: list[PreparedSource]) -> dict[str, float]:
    areas: dict[str, float] = {}
    for source in labelled:
        areas[source.role] = areas.get(source.role, 0.0) + source.square_metres(source.area)
    return areas


def _check_sides(labelled: list[PreparedSource]) -> None:
    for role in dict.fromkeys(source.role for source in labelled):
        sources = [source for source in labelled if source.role == role]
        for side, other in (("training", "validation"), ("validation", "train")):
            if not any(getattr(source, side).area for source in sources):
                raise SplitError(
                    f"The {role} sources leave nothing for {side}; set the split of one that has '{other}' to auto."
                )


def _raise_too_small(labelled: list[PreparedSource], lattice: Lattice, buffer: float) -> NoReturn:
    role, area = min(_role_areas(labelled).items(), key=lambda item: item[1])
    raise SplitError(
        f"The labelled area of the {role} sources ({area:,.0f} m²) cannot be divided into training and validation "
        f"blocks of {lattice.size:,.1f} m with a buffer of {buffer:,.1f} m.",
        "Enlarge the labelled area, or lower split.block_size or split.buffer.",
    )
