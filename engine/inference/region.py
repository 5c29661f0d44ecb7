"""Where to predict: the whole raster, an extent, or inside the polygons of a layer."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import shapely
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.warp import transform_bounds
from shapely import Geometry

from ..data.grid import Grid, Window
from ..data.masks import coverage, polygons_of
from ..data.vectors import Layer, read_features
from ..errors import ConfigError, LabelError, RasterError
from ..types import given
from .merging import Found
from .windows import Window as LatticeWindow

SNAP = 1e-3
"""Pixels by which a border may miss a pixel's edge and still be meant for it."""


class Elsewhere(RasterError):
    """A raster has no pixel where a prediction was asked for."""


class Where(NamedTuple):
    """What of each raster to predict; both together mean what they share.

    Attributes:
        area: a layer of polygons, in any CRS.
        extent: xmin, ymin, xmax, ymax.
        extent_crs: of the extent; none means the raster's.
    """

    area: Layer | None = None
    extent: tuple[float, float, float, float] | None = None
    extent_crs: str | None = None


EVERYWHERE = Where()


@dataclass(frozen=True)
class Region:
    """A rectangle of a raster's pixels, and polygons in it.

    Args:
        raster: the grid of the whole raster.
        part: the rectangle, of whole pixels.
        polygons: in the raster's pixels; none means all of the rectangle.
    """

    raster: Grid
    part: Window
    polygons: Geometry | None = None

    @classmethod
    def whole(cls, raster: Grid) -> Region:
        """All of a raster."""
        return cls(raster, Window(0, 0, raster.width, raster.height))

    @property
    def grid(self) -> Grid:
        """The rectangle's own grid."""
        part = self.part
        return Grid(self.raster.crs, self.raster.window_transform(part), part.width, part.height, self.raster.gsd)

    def place(self, window: LatticeWindow, tile: int) -> Window:
        """Where in the raster a window of the rectangle lies."""
        return Window(window.column + self.part.column, window.row + self.part.row, tile, tile)

    def touches(self, place: Window) -> bool:
        """Whether a window of the raster has a part inside the polygons."""
        return self.polygons is None or shapely.intersects(self.polygons, place.box())

    def shown(self, place: Window, valid: np.ndarray) -> np.ndarray:
        """Where maps show something of a window with data (T, T): the pixels whose centres the polygons cover."""
        return valid if self.polygons is None else valid & coverage(self.polygons, place)

    def on_raster(self, found: Found) -> Found:
        """Objects of the rectangle in the whole raster's pixels, without those centred outside."""
        corner = np.array([self.part.column, self.part.row] * 2, np.float32)
        moved = Found(found.boxes + corner, found.labels, found.scores, found.cut)
        if self.part == Region.whole(self.raster).part and self.polygons is None:
            return moved
        area = self.part.box() if self.polygons is None else self.polygons
        return moved[shapely.contains_xy(area, (moved.boxes[:, :2] + moved.boxes[:, 2:]).astype(float) / 2)]

    def as_json(self) -> list[Any]:
        """What tells regions of a raster apart."""
        digest = None if self.polygons is None else hashlib.sha256(shapely.to_wkb(self.polygons)).hexdigest()
        return [*self.part, digest]


def region_of(raster: str, grid: Grid, where: Where) -> Region:
    """The part of a raster that is asked for; of polygons it is their extent.

    Args:
        raster: as messages name it.
        grid: the raster's.
        where: in the world.

    Raises:
        Elsewhere: it is not on this raster.
        LabelError: the layer is missing, without CRS, or has no polygons.
        ConfigError: the extent's CRS is unknown, or the extent is empty.
    """
    part, polygons = Region.whole(grid).part, None
    found: Window | None = part
    if where.extent:
        found = _snapped(_extent_in(where, grid), part)
        if found is None:
            raise Elsewhere(f"The extent does not touch {raster}.", "Correct it, or say its CRS with --extent-crs.")
        part = found
    if where.area:
        polygons = polygons_of(shapely.intersection(_area(where.area, grid), part.box()))
        found = None if polygons.is_empty else _snapped(polygons.bounds, part)
        if found is None:
            raise Elsewhere(
                f"{where.area} does not touch {'the extent in ' if where.extent else ''}{raster}.",
                "Choose the area that belongs to this raster, or check the coordinate reference systems.",
            )
        part = found
        shapely.prepare(polygons)
        # What is prepared is built at the first question, which must not come from two threads at once.
        shapely.intersects(polygons, shapely.box(-1, -1, grid.width + 1, grid.height + 1))
    return Region(grid, part, polygons)


def _area(layer: Layer, grid: Grid) -> Geometry:
    geometries = read_features(layer, grid).geometries
    if len(geometries) and (shapely.get_dimensions(geometries) != 2).all():
        raise LabelError(f"{layer} has no polygons; an area is made of polygons.")
    return polygons_of(shapely.union_all(geometries))


def _extent_in(where: Where, grid: Grid) -> tuple[float, float, float, float]:
    """The extent in the grid's pixels: left, top, right, bottom."""
    left, bottom, right, top = given(where.extent)
    if not (left < right and bottom < top):
        raise ConfigError("The extent is empty.", "Give it as XMIN YMIN XMAX YMAX.")
    try:
        crs = CRS.from_user_input(where.extent_crs or grid.crs)
    except CRSError as error:
        raise ConfigError(f"{where.extent_crs} is no CRS that is known here.", "Give it like EPSG:4326.") from error
    if crs != grid.crs:
        try:
            left, bottom, right, top = transform_bounds(crs, grid.crs, left, bottom, right, top)
        except CRSError as error:
            raise ConfigError(f"The extent does not lie where {where.extent_crs} is valid.") from error
    inverse = ~grid.transform
    (first, above), (last, below) = inverse @ (left, top), inverse @ (right, bottom)
    return first, above, last, below


def _snapped(bounds: tuple[float, float, float, float], limits: Window) -> Window | None:
    """The whole pixels that bounds touch inside limits, none where there are none."""
    if not np.isfinite(bounds).all():
        return None
    left, top = max(limits.column, math.floor(bounds[0] + SNAP)), max(limits.row, math.floor(bounds[1] + SNAP))
    right = min(limits.column + limits.width, math.ceil(bounds[2] - SNAP))
    bottom = min(limits.row + limits.height, math.ceil(bounds[3] - SNAP))
    return Window(left, top, right - left, bottom - top) if right > left and bottom > top else None
