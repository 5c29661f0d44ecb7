"""A class map read strip by strip, with the confidence beside it; what can be asked of what is made of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pyproj
import rasterio
import shapely
from pydantic import BaseModel, ConfigDict, Field
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window

from ...config.validation import BOUNDED, ClassValues, Extent, Length
from ...data.grid import apply_affine, metres_per_unit, pixel_metres, transformer
from ...data.opening import check_placed, open_raster
from ...errors import RasterError, Stopped
from ...events import Log, ProgressEvent

_ELLIPSOID = pyproj.Geod(ellps="WGS84")


class Ground:
    """Measures geometries on the WGS 84 ellipsoid; a CRS that has no tie to the earth counts in its own linear unit.

    Args:
        crs: the geometries'.
    """

    def __init__(self, crs: CRS) -> None:
        self._crs = crs
        self._on_earth = pyproj.CRS(crs.to_wkt()).geodetic_crs is not None

    def areas_and_perimeters(self, polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Square metres (n,) without holes, and metres (n,) with the holes' rings, of (multi)polygons (n,)."""
        if not self._on_earth:
            unit, _ = metres_per_unit(self._crs, 0, 0, (1, 1))
            return shapely.area(polygons) * unit**2, shapely.length(polygons) * unit
        parts, owner = shapely.get_parts(polygons, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        area, perimeter = self._measured_rings(rings)
        first = np.concatenate([[True], part[1:] != part[:-1]]) if len(part) else np.zeros(0, bool)
        signed = np.where(first, area, -area)
        return _sums(owner[part], signed, len(polygons)), _sums(owner[part], perimeter, len(polygons))

    def lengths(self, lines: np.ndarray) -> np.ndarray:
        """Metres (n,) of linestrings (n,)."""
        if not self._on_earth:
            found: np.ndarray = shapely.length(lines) * metres_per_unit(self._crs, 0, 0, (1, 1))[0]
            return found
        points, owner = shapely.get_coordinates(lines, return_index=True)
        lon, lat = self._lonlat(points)
        inside = owner[1:] == owner[:-1]
        _, _, metres = _ELLIPSOID.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        return _sums(owner[1:][inside], metres[inside], len(lines))

    def _measured_rings(self, rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points, owner = shapely.get_coordinates(rings, return_index=True)
        lon, lat = self._lonlat(points)
        ends = np.searchsorted(owner, np.arange(len(rings) + 1))
        measured = [
            _ELLIPSOID.polygon_area_perimeter(lon[start : end - 1], lat[start : end - 1])
            for start, end in itertools.pairwise(ends)
        ]
        area, perimeter = np.array(measured).reshape(-1, 2).T
        return np.abs(area), perimeter

    def _lonlat(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return transformer(self._crs.to_wkt(), "EPSG:4326").transform(points[:, 0], points[:, 1])


def placed(geometries: np.ndarray, affine: Affine) -> np.ndarray:
    """Geometries (n,) through an affine transform, Z dropped."""
    found: np.ndarray = shapely.transform(geometries, lambda x, y: apply_affine(affine, x, y), interleaved=False)
    return found


def _sums(owner: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    # Of nothing, bincount counts in integers.
    return np.bincount(owner, values, count).astype(float)


class PolygonOptions(BaseModel):
    """How a class map becomes polygons; class values are those of the map, 0 is background."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_area_m2: Extent = Field(
        0,
        description="Smaller areas go to the class or background they share most border with; the rest is left out.",
    )
    fill_holes_m2: Extent = Field(0, description="The same for areas of background.")
    simplify_m: Length = Field(
        0, description="Tolerance of simplification; shared borders stay shared. 0 keeps the pixels' outlines."
    )
    right_angled: ClassValues = Field(
        frozenset(), description="Class values whose outlines get right angles, on their own: neighbours may overlap."
    )
    classes: ClassValues | None = Field(None, description="Class values to write; none for all.")


class LineOptions(BaseModel):
    """How the thin areas of a class become centre lines."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_area_m2: Extent = Field(20, description="Smaller areas of the class are left out.")
    fill_holes_m2: Extent = Field(20, description="Smaller holes are closed: a line would run round each.")
    maximum_width_m: float = Field(30, gt=0, le=1e6, description="Wider places give no line.")
    spur_m: Length = Field(10, description="Branches and pieces with a free end are dropped below this length.")
    gap_m: Length = Field(0, description="Free ends that point at each other are joined up to this distance.")
    gap_degrees: float = Field(30, gt=0, le=90, description="How far both ends may point past each other.")
    minimum_length_m: Length = Field(10, description="Shorter lines with a free end are dropped in the end.")
    simplify_m: Length = Field(1, description="Tolerance of simplification before smoothing.")
    smoothing: int = Field(2, ge=0, le=5, description="Rounds of Chaikin's corner cutting.")


PROGRESS_SECONDS = 0.5
Step = TypeVar("Step")


def watched(steps: Iterable[Step], count: int, stage: str, events: Log) -> Iterator[Step]:
    """The steps, one by one; before each the stop file is looked at, and after it progress is written.

    Args:
        steps: the work.
        count: how many there are.
        stage: what the events call it.
        events: where they go; a few a second at most, and one in the end.

    Raises:
        Stopped: someone put a stop file there.
    """
    started = told = time.monotonic()
    for done, step in enumerate(steps, start=1):
        if events.stop_requested():
            raise Stopped(f"Making {stage} was stopped at {(done - 1) / count:.0%}.")
        yield step
        now = time.monotonic()
        if now - told >= PROGRESS_SECONDS or done == count:
            told = now
            left = (now - started) / done * (count - done)
            events.write(ProgressEvent(stage=stage, step=done, of=count, fraction=done / count, eta_seconds=left))


NODATA = 255
BACKGROUND = 0
KNOTS, EDGE, UNIFORM = 33, 12, 1e-3
"""Rows at which pixels are measured, how far from the ends, and what they may differ by and still count as equal."""
STRIP_PIXELS = 2**22
MINIMUM_ROWS = 128
LEAST_CACHE, MOST_CACHE = 16 * 2**20, 64 * 2**20
"""Bytes of GDAL's block cache: by default a share of the machine's memory, which a large map would fill."""
Filter = Callable[[np.ndarray, int, int], np.ndarray]


class MapFile(NamedTuple):
    """A class map that becomes a layer.

    Attributes:
        path: one band of bytes: 0 background, 1 the first class, 255 no-data.
        confidence: percent as one band of bytes on the same grid, 255 no-data; none where there is none.
        strip_rows: rows of a strip; none lets the map's width decide.
    """

    path: Path
    confidence: Path | None = None
    strip_rows: int | None = None


@dataclass(frozen=True)
class Strip:
    """Rows of a class map.

    Args:
        row: the first row.
        values: (h, w) uint8.
        above: (w,) the row above, none for the first strip.
        below: (w,) the row below, none for the last strip.
    """

    row: int
    values: np.ndarray
    above: np.ndarray | None
    below: np.ndarray | None


class ClassMap:
    """A one-band GeoTIFF of class values; used as a context.

    Args:
        path: the class map.
        strip_rows: rows of a strip; none chooses them so that a strip has about 4 million pixels.

    Raises:
        RasterError: missing, unreadable, without CRS, or not one band of bytes.
    """

    def __init__(self, path: Path, strip_rows: int | None = None) -> None:
        self.path = path
        self._raster = _open(path)
        self._cache = rasterio.Env(GDAL_CACHEMAX=_cache_bytes(self._raster))
        self.crs, self.transform = self._raster.crs, self._raster.transform
        self.width, self.height = self._raster.width, self._raster.height
        self.strip_rows = min(self.height, strip_rows or max(MINIMUM_ROWS, STRIP_PIXELS // self.width))
        self.metres = pixel_metres(self.crs, self.transform, self.width, self.height)[:2]
        """Ground lengths of a column and of a row at the map's centre."""

    def __enter__(self) -> ClassMap:
        self._cache.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._raster.close()
        self._cache.__exit__()

    def read(self, row: int, height: int) -> np.ndarray:
        """Rows as (height, width) uint8.

        Raises:
            RasterError: a block is broken.
        """
        try:
            found: np.ndarray = self._raster.read(1, window=Window(0, row, self.width, height))
            return found
        except RasterioError as error:
            raise RasterError(f"{self.path} cannot be read at row {row}: {error}.") from error

    def same_grid(self, other: ClassMap) -> bool:
        """Whether two maps have the same pixels."""
        same_size = (self.width, self.height) == (other.width, other.height)
        return same_size and self.crs == other.crs and self.transform.almost_equals(other.transform)

    def pixel_areas(self, row: int, height: int) -> np.ndarray:
        """Ground area in m2 of a pixel in each of some rows (height,); () where all are the same to a thousandth.

        It changes with latitude in many CRSs, smoothly, so it is measured at a few rows only.
        """
        inside = min(EDGE, height / 2)  # beyond a pole there is nothing to measure
        knots = np.linspace(inside, height - inside, min(height, KNOTS))
        areas = []
        for knot in knots:
            column, line = pixel_metres(self.crs, self.transform @ Affine.translation(0, row + knot), self.width, 0)[:2]
            areas.append(column * line)
        if max(areas) - min(areas) <= UNIFORM * max(areas):
            return np.array(np.mean(areas))
        found: np.ndarray = np.interp(np.arange(height) + 0.5, knots, areas)
        return found

    def starts(self) -> range:
        """First rows of the strips."""
        return range(0, self.height, self.strip_rows)

    def strips(self, change: Filter | None = None, halo: int = 0) -> Iterator[Strip]:
        """All strips from the top.

        Args:
            change: a function of (values, row, height) on the strip with `halo` more rows at each end; its result
                must have the same shape, and the halo is cut off again.
            halo: how many rows.
        """
        above: np.ndarray | None = None
        current: np.ndarray | None = None
        for row in self.starts():
            following = self._changed(row, change, halo)
            if current is not None:
                yield Strip(row - len(current), current, above, following[0])
                above = current[-1]
            current = following
        if current is not None:
            yield Strip(self.height - len(current), current, above, None)

    def _changed(self, row: int, change: Filter | None, halo: int) -> np.ndarray:
        height = min(self.strip_rows, self.height - row)
        if change is None:
            return self.read(row, height)
        first, last = max(0, row - halo), min(self.height, row + height + halo)
        return change(self.read(first, last - first), first, last - first)[row - first : row - first + height]


def _cache_bytes(raster: rasterio.DatasetReader) -> int:
    """Room for the two rows of blocks that strips may share, and as much for a map beside this one."""
    block_rows, _ = raster.block_shapes[0]
    found: int = min(MOST_CACHE, max(LEAST_CACHE, 4 * block_rows * raster.width))
    return found


def _open(path: Path) -> rasterio.DatasetReader:
    if not Path(path).exists():
        raise RasterError(f"The class map {path} does not exist.", "Correct its path or put the file back.")
    raster = open_raster(str(path))
    if raster.count != 1 or raster.dtypes[0] != "uint8":
        raise RasterError(
            f"{path} is not a class map: it has {raster.count} band(s) of {raster.dtypes[0]}, not one of uint8."
        )
    check_placed(raster, str(path))
    return raster
