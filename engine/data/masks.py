"""Geometries in grid pixels as masks of a window: a pixel belongs to what covers its centre."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import Geometry

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
