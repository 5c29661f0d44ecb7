"""Grids: a raster seen at a ground sampling distance in metres, whatever its CRS measures in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyproj
import shapely
from rasterio.crs import CRS
from rasterio.transform import Affine
from shapely import Polygon

ALIGNED_TOLERANCE = 0.02
"""Native pixels this close to the wanted size (relative, on both axes) are read as they are."""

_ELLIPSOID = pyproj.Geod(ellps="WGS84")
_STEP = 10.0
"""Pixels over which ground distances are measured: small against the earth, large against rounding."""
PLACES, EDGE = 5, 12.0
"""Rows and columns at which a grid's scale is measured, and how many pixels from its ends: beyond a pole is nothing."""
MOST_UNEVEN = 1.1
"""Largest ratio of lengths of pixels that is not worth a word: networks learn from chips scaled by more."""

Transform = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Window(NamedTuple):
    """A rectangle of whole grid pixels; it may lie partly outside the raster."""

    column: int
    row: int
    width: int
    height: int

    def box(self) -> Polygon:
        """The window as a polygon in grid pixels.

        Examples:
            >>> Window(10, 20, 30, 40).box().bounds
            (10.0, 20.0, 40.0, 60.0)
        """
        return shapely.box(self.column, self.row, self.column + self.width, self.row + self.height)


@dataclass(frozen=True)
class Grid:
    """A north-up pixel grid in a raster's own CRS whose pixels measure `gsd` ground metres both ways.

    Pixel coordinates are (column, row) with (0, 0) at the upper left corner of the upper left pixel.

    Args:
        crs: the raster's CRS.
        transform: from pixel to CRS coordinates.
        width: columns.
        height: rows.
        gsd: ground sampling distance in metres.
    """

    crs: CRS
    transform: Affine
    width: int
    height: int
    gsd: float

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in CRS units.

        Examples:
            >>> Grid(CRS.from_epsg(32632), Affine(0.5, 0, 1000, 0, -0.5, 2000), 100, 60, 0.5).bounds()
            (1000.0, 1970.0, 1050.0, 2000.0)
        """
        left, top = self.transform @ (0, 0)
        right, bottom = self.transform @ (self.width, self.height)
        return min(left, right), min(bottom, top), max(left, right), max(bottom, top)

    def window_transform(self, window: Window) -> Affine:
        """From the window's pixels to CRS coordinates.

        Examples:
            >>> grid = Grid(CRS.from_epsg(32632), Affine(0.5, 0, 1000, 0, -0.5, 2000), 100, 60, 0.5)
            >>> transform = grid.window_transform(Window(10, 20, 30, 40))
            >>> transform.c, transform.f
            (1005.0, 1990.0)
        """
        return self.transform @ Affine.translation(window.column, window.row)

    def to_crs(self, columns: np.ndarray | float, rows: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """CRS coordinates of pixel coordinates.

        Examples:
            >>> grid = Grid(CRS.from_epsg(32632), Affine(0.5, 0, 1000, 0, -0.5, 2000), 100, 60, 0.5)
            >>> [values.tolist() for values in grid.to_crs(np.array([0, 100]), np.array([0, 60]))]
            [[1000.0, 1050.0], [2000.0, 1970.0]]
        """
        return apply_affine(self.transform, columns, rows)

    def to_lonlat(self, columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """WGS 84 longitudes and latitudes of pixel coordinates, in degrees.

        Examples:
            >>> grid = Grid(CRS.from_epsg(32632), Affine(1, 0, 500_000, 0, -1, 0), 100, 60, 1.0)
            >>> lon, lat = grid.to_lonlat(np.array([0.0]), np.array([0.0]))
            >>> round(float(lon[0]), 6), round(float(lat[0]), 6)  # zone 32's meridian at the equator
            (9.0, 0.0)
        """
        return transformer(self.crs.to_wkt(), "EPSG:4326").transform(*self.to_crs(columns, rows))

    def pixels_from(self, crs: str | CRS) -> Transform:
        """The function from coordinates in `crs` (any form pyproj takes) to pixel coordinates.

        Examples:
            >>> grid = Grid(CRS.from_epsg(32632), Affine(0.5, 0, 1000, 0, -0.5, 2000), 100, 60, 0.5)
            >>> pixels = grid.pixels_from("EPSG:32632")
            >>> [float(values[0]) for values in pixels(np.array([1005.0]), np.array([1990.0]))]
            [10.0, 20.0]
        """
        change = transformer(crs.to_wkt() if isinstance(crs, CRS) else crs, self.crs.to_wkt())
        inverse = ~self.transform

        def pixels(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return apply_affine(inverse, *change.transform(x, y))

        return pixels


@functools.lru_cache(maxsize=64)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """A pyproj transformer with x before y; making one takes longer than using it."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def apply_affine(affine: Affine, x: np.ndarray | float, y: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """An affine transform of arrays, which `Affine`'s own operator does not take.

    Examples:
        >>> [values.tolist() for values in apply_affine(Affine.translation(10, 20), np.array([1, 2]), np.array([3, 4]))]
        [[11.0, 12.0], [23.0, 24.0]]
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f


def metres_per_unit(
    crs: CRS, x: np.ndarray | float, y: np.ndarray | float, step: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Ground metres (n,) of one CRS unit along x and along y at places, on the WGS 84 ellipsoid.

    Args:
        crs: any CRS; one that has no tie to the earth counts in its own linear unit, and so do places beyond it.
        x: (n,) of the places, or one.
        y: (n,).
        step: the distances along x and y, in CRS units, over which to measure.

    Examples:
        >>> x, y = metres_per_unit(CRS.from_epsg(4326), 9.0, 60.0, (1e-4, 1e-4))  # a degree at 60 degrees north
        >>> round(float(x[0])), round(float(y[0]))
        (55800, 111412)
    """
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    tied, factors = _units(crs.to_wkt())
    found = np.repeat(np.reshape(factors, (2, 1)), len(x), axis=1)
    if tied:
        ends_x = np.stack([x - step[0], x + step[0], x, x])
        ends_y = np.stack([y, y, y - step[1], y + step[1]])
        lon, lat = transformer(crs.to_wkt(), "EPSG:4326").transform(ends_x, ends_y)
        known = np.isfinite(lon).all(axis=0) & np.isfinite(lat).all(axis=0)
        _, _, metres = _ELLIPSOID.inv(*(each[:, known] for each in (lon[::2], lat[::2], lon[1::2], lat[1::2])))
        apart = (metres > 0).all(axis=0)
        found[:, np.flatnonzero(known)[apart]] = metres[:, apart] / (2 * np.reshape(step, (2, 1)))
    return found[0], found[1]


@functools.lru_cache(maxsize=64)
def _units(wkt: str) -> tuple[bool, tuple[float, float]]:
    """Whether a CRS is tied to the earth, and metres of its units along x and y."""
    projection = pyproj.CRS(wkt)
    factors = [axis.unit_conversion_factor for axis in projection.axis_info] or [1.0]
    return projection.geodetic_crs is not None, (factors[0], factors[-1])


def pixel_metres(crs: CRS, transform: Affine, width: int, height: int) -> tuple[float, float, float, float]:
    """How large a raster's pixels are on the ground, at its centre.

    Returns:
        The length in metres of one column and of one row, and the metres per CRS unit along x and y.

    Examples:
        >>> column, row, *_ = pixel_metres(CRS.from_epsg(3857), Affine(1, 0, 1e6, 0, -1, 8.4e6), 100, 100)
        >>> round(column, 2), round(row, 2)  # Web Mercator stretches what it shows
        (0.5, 0.5)
    """
    x, y = transform @ (width / 2, height / 2)
    step = _STEP * float(np.hypot(transform.a, transform.d)), _STEP * float(np.hypot(transform.b, transform.e))
    unit_x, unit_y = (float(unit[0]) for unit in metres_per_unit(crs, x, y, step))
    column = float(np.hypot(transform.a * unit_x, transform.d * unit_y))
    row = float(np.hypot(transform.b * unit_x, transform.e * unit_y))
    return column, row, unit_x, unit_y


def pixel_range(grid: Grid) -> tuple[float, float]:
    """How short and how long a grid's pixels are on the ground, in metres, over all of it.

    Examples:
        >>> world = ground_grid(CRS.from_epsg(3857), Affine(1e5, 0, -2e7, 0, -1e5, 1e7), 400, 200)
        >>> least, most = pixel_range(world)
        >>> round(most / least, 1)
        2.1
    """
    inside = [min(EDGE, side / 2) for side in (grid.width, grid.height)]
    rows = np.linspace(inside[1], grid.height - inside[1], PLACES)
    columns = np.linspace(inside[0], grid.width - inside[0], PLACES)
    x, y = grid.to_crs(*(each.ravel() for each in np.meshgrid(columns, rows)))
    there = grid.transform
    step = _STEP * float(np.hypot(there.a, there.d)), _STEP * float(np.hypot(there.b, there.e))
    unit_x, unit_y = metres_per_unit(grid.crs, x, y, step)
    lengths = np.hypot(there.a * unit_x, there.d * unit_y), np.hypot(there.b * unit_x, there.e * unit_y)
    return float(np.min(lengths)), float(np.max(lengths))


def uneven(grid: Grid, path: str) -> str:
    """A sentence on a raster whose pixels are not of one size on the ground, empty where they are.

    Examples:
        >>> uneven(ground_grid(CRS.from_epsg(32632), Affine(1, 0, 5e5, 0, -1, 5.3e6), 100, 100), "city.tif")
        ''
    """
    least, most = pixel_range(grid)
    if most <= MOST_UNEVEN * least:
        return ""
    return (
        f"{path} covers so much that its pixels measure {least:.3g} to {most:.3g} m on the ground; all are taken for "
        f"{grid.gsd:.3g} m. Divide it, or warp it to a system of even scale, such as UTM."
    )


def native_gsd(crs: CRS, transform: Affine, width: int, height: int) -> float:
    """A raster's own ground sampling distance in metres, the geometric mean of both axes.

    Examples:
        >>> round(native_gsd(CRS.from_epsg(32632), Affine(0.2, 0, 500_000, 0, -0.2, 5_300_000), 100, 100), 3)
        0.2
    """
    column, row, _, _ = pixel_metres(crs, transform, width, height)
    return float(np.sqrt(column * row))


def ground_grid(crs: CRS, transform: Affine, width: int, height: int, gsd: float | None = None) -> Grid:
    """The grid on which a raster is read at `gsd` metres (none: its own).

    Where the native pixels are north-up and within 2 % of `gsd` on both axes, the grid is the native one.

    Examples:
        >>> crs, transform = CRS.from_epsg(32632), Affine(0.5, 0, 500_000, 0, -0.5, 5_300_000)
        >>> near = ground_grid(crs, transform, 400, 200, gsd=0.505)  # within 2 %: read as it is
        >>> far = ground_grid(crs, transform, 400, 200, gsd=1.0)
        >>> (near.width, near.height), (far.width, far.height)
        ((400, 200), (200, 100))
    """
    column, row, unit_x, unit_y = pixel_metres(crs, transform, width, height)
    gsd = float(np.sqrt(column * row)) if gsd is None else float(gsd)
    north_up = transform.b == transform.d == 0 and transform.a > 0 and transform.e < 0
    if north_up and max(abs(column / gsd - 1), abs(row / gsd - 1)) <= ALIGNED_TOLERANCE:
        return Grid(crs, transform, width, height, gsd)
    left, bottom, right, top = outline(transform, width, height).bounds
    across, down = gsd / unit_x, gsd / unit_y
    return Grid(
        crs, Affine(across, 0, left, 0, -down, top), _count((right - left) / across), _count((top - bottom) / down), gsd
    )


def outline(transform: Affine, width: int, height: int) -> Polygon:
    """A raster's corners as a polygon in CRS units.

    Examples:
        >>> outline(Affine(0.5, 0, 1000, 0, -0.5, 2000), 100, 60).area
        1500.0
    """
    return Polygon([transform @ corner for corner in ((0, 0), (width, 0), (width, height), (0, height))])


def _count(pixels: float) -> int:
    """The whole pixels whose centres lie on a length; others would never hold data."""
    return max(1, int(np.ceil(pixels - 0.5)))
