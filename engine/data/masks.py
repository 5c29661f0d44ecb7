"""Geometries in grid pixels as masks of a window, and as places that stand for labels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import Geometry

from .arrays import PIECE, ArrayFile, ArrayWriter, Workspace, finish
from .grid import Window

_MANY = 200
"""Vertices from which on an outline is worth clipping."""
_BLOCK = 256
_KEPT_BLOCKS = 2048
"""Blocks of painted mask that a process keeps, 64 KB each: as GDAL's block cache for pixels, for what is painted."""

Painter = Callable[[Window], np.ndarray]


def coverage(geometry: Geometry, window: Window) -> np.ndarray:
    """The pixels of a window whose centres a polygon covers, (H, W) bool; quick for all and for nothing."""
    box = window.box()
    shapely.prepare(geometry)
    if shapely.contains_properly(geometry, box):
        return np.ones((window.height, window.width), bool)
    if not shapely.intersects(geometry, box):
        return np.zeros((window.height, window.width), bool)
    mask = np.zeros((window.height, window.width), np.uint8)
    paint(mask, [geometry], [1], window)
    return mask.view(bool)


def from_blocks(painter: Painter, window: Window) -> np.ndarray:
    """What `painter` says of a window (H, W) uint8, put together from blocks that were painted once and are kept.

    Args:
        painter: gives the mask of any window; a method is known by its object, so it must always answer alike.
        window: where.
    """
    mask = np.empty((window.height, window.width), np.uint8)
    bottom, right = window.row + window.height, window.column + window.width
    for top in range(window.row // _BLOCK * _BLOCK, bottom, _BLOCK):
        for left in range(window.column // _BLOCK * _BLOCK, right, _BLOCK):
            rows, columns = _shared(top, window.row, bottom), _shared(left, window.column, right)
            mask[_from(rows, window.row), _from(columns, window.column)] = _painted(painter, left, top)[
                _from(rows, top), _from(columns, left)
            ]
    return mask


@functools.lru_cache(maxsize=_KEPT_BLOCKS)
def _painted(painter: Painter, left: int, top: int) -> np.ndarray:
    return painter(Window(left, top, _BLOCK, _BLOCK))


def _shared(block: int, first: int, end: int) -> slice:
    """The pixels that a block shares with a window along one axis."""
    return slice(max(block, first), min(block + _BLOCK, end))


def _from(pixels: slice, origin: int) -> slice:
    return slice(pixels.start - origin, pixels.stop - origin)


def paint(mask: np.ndarray, geometries: Iterable[Geometry], values: Iterable[int], window: Window) -> None:
    """Paint polygons into a window's mask (H, W) uint8, in place; later ones over earlier ones."""
    clipped = (_clip(geometry, window) for geometry in geometries)
    shapes = [(geometry, int(value)) for geometry, value in zip(clipped, values, strict=True) if not geometry.is_empty]
    if shapes:
        rasterize(shapes, out=mask, transform=Affine.translation(window.column, window.row))


def polygons_of(geometry: Geometry) -> Geometry:
    """The areas of a geometry, without the points and lines that intersections leave."""
    if shapely.get_type_id(geometry) in (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON):
        return geometry
    return shapely.union_all([part for part in shapely.get_parts(geometry) if shapely.get_dimensions(part) == 2])


def _clip(geometry: Geometry, window: Window) -> Geometry:
    """Large outlines shrink to the window first, a margin outside it."""
    if shapely.get_num_coordinates(geometry) < _MANY:
        return geometry
    left, top, right, bottom = window.box().bounds
    return polygons_of(shapely.clip_by_rect(geometry, left - 2, top - 2, right + 2, bottom + 2))


IGNORED = -1
"""Class index of labels that are left out: their areas count nowhere."""
_COLUMNS = {
    "classes": ("int64", ()),
    **dict.fromkeys(("columns", "rows", "weights", "counts", "sizes"), ("float64", ())),
}


@dataclass
class Points:
    """Places on a source's grid where labels are; every array is (n,), and those of `prepare` are sorted by class.

    Args:
        classes: class indices.
        columns: grid pixels.
        rows: grid pixels.
        weights: how much label a point stands for: one object, or so many pixels of area.
        counts: the same in features (vectors) or pixels (class rasters).
        sizes: side in pixels of the piece of label around the point.
        file: the file that the arrays lie in, as which they pickle; none where they are in memory.
    """

    classes: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    sizes: np.ndarray
    file: ArrayFile | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.classes)

    def __reduce__(self) -> tuple[Any, ...]:
        """By the file, where there is one."""
        arrays = tuple(getattr(self, name) for name in _COLUMNS)
        return (Points, arrays) if self.file is None or self.file.path is None else (Points.of_file, (self.file,))

    @staticmethod
    def of_file(file: ArrayFile) -> Points:
        """The points of a file that `write` has made."""
        return Points(**{name: file[name] for name in _COLUMNS}, file=file)

    def where(self, keep: np.ndarray | slice) -> Points:
        """The points that a bool array (n,) or a slice keeps."""
        return Points(*(getattr(self, name)[keep] for name in _COLUMNS))

    def pieces(self) -> Iterator[Points]:
        """All points, `PIECE` of them at a time."""
        for start in range(0, len(self), PIECE):
            yield self.where(slice(start, start + PIECE))
            if self.file is not None:
                self.file.forget()

    def filtered(self, keep: Callable[[Points], np.ndarray]) -> Points:
        """The points of which `keep` says so, asked piece by piece."""
        if len(self) <= PIECE or self.file is None or self.file.workspace is None:
            return self.where(keep(self))
        workspace = self.file.workspace
        writer, all_kept = ArrayWriter(_COLUMNS, workspace), True
        for piece in self.pieces():
            kept = keep(piece)
            all_kept &= bool(kept.all())
            writer.add(**piece.where(kept).arrays())
        return self if all_kept else write([writer], workspace)

    def on(self, ground: Geometry) -> Points:
        """The points that lie on some ground."""
        shapely.prepare(ground)
        return self.filtered(lambda piece: shapely.contains_xy(ground, piece.columns, piece.rows))

    def by_class(self) -> dict[int, slice]:
        """Where each class lies, of points that are sorted by it."""
        return {
            label: slice(*np.searchsorted(self.classes, [label, label + 1]).tolist())
            for label in _distinct(self.classes)
        }

    def classes_on(self, ground: Geometry) -> set[int]:
        """The classes that have a point on some ground, of points that are sorted by class."""
        if len(self) <= PIECE:
            return set(self.classes[shapely.contains_xy(ground, self.columns, self.rows)].tolist())
        shapely.prepare(ground)
        return {label for label, there in self.by_class().items() if self._any_on(ground, there)}

    def _any_on(self, ground: Geometry, there: slice) -> bool:
        return any(shapely.contains_xy(ground, piece.columns, piece.rows).any() for piece in self.where(there).pieces())

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name."""
        return {name: getattr(self, name) for name in _COLUMNS}

    @staticmethod
    def joined(parts: Sequence[Points]) -> Points:
        """All points of several, none of none."""
        if not parts:
            columns: dict[str, Any] = {name: np.zeros(0, int if name == "classes" else float) for name in _COLUMNS}
        else:
            columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
        return Points(**columns)


def writer(workspace: Workspace) -> ArrayWriter:
    """Takes the arrays of points."""
    return ArrayWriter(_COLUMNS, workspace)


def write(writers: Sequence[ArrayWriter], workspace: Workspace, path: Path | None = None) -> Points:
    """The points that writers have got, one after the other; in a file where it is named, or they are many.

    Raises:
        OutputError: the disk is full, or cannot be written to.
    """
    return Points.of_file(finish(writers, {}, workspace, path))


def _distinct(values: np.ndarray) -> list[int]:
    """The different values of a sorted array, without looking at all of it."""
    found, at = [], 0
    while at < len(values):
        found.append(int(values[at]))
        at = int(np.searchsorted(values, found[-1], side="right"))
    return found
