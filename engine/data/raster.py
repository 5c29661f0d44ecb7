"""Reading windows of a raster on its grid: plainly where the grid is the raster's own, by warping where not."""

from __future__ import annotations

import math
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterioWindow
from shapely import Polygon

from ..errors import RasterError
from ..types import given
from .grid import Grid, Window, ground_grid, native_gsd, outline
from .opening import check_placed, forget_answers, open_raster, palette_bands, with_colours, without_alpha
from .radiometry import REACH, Damage, has_collar, without_collar
from .reach import is_remote, way_to

if TYPE_CHECKING:
    from .radiometry import Radiometry

_OVERVIEW_TOLERANCE = 1.01
"""An overview may be this much coarser than the grid and still be read for it."""
_MOST_STRETCHED = 1000
"""Pixels a side that a raster's own pixel may become."""
_WAITS = (0.0, 1.0, 4.0)
"""Seconds before a window is asked for again that comes over a network; first for what was half an answer."""
_OF_CLASSES = (Resampling.nearest, Resampling.mode)
"""Resampling that makes no new values, as classes need it."""


class OnGrid(NamedTuple):
    """Reading on another raster's grid.

    Attributes:
        grid: the other's.
        resampling: how to warp, where that is needed; nearest or mode for classes.
    """

    grid: Grid
    resampling: Resampling = Resampling.bilinear


class RasterReader:
    """A raster's bands on a ground grid; opens lazily and once per process, so it pickles and forks.

    Where its file is damaged there is no data, and `damage` counts the windows; copies of a reader count together.
    Where `radiometry` is set it maps what is read.

    Args:
        path: any raster that GDAL opens.
        bands: bands to read, counted from 1; none means all but alpha. A palette's colours count where more than one is
            asked for.
        gsd: ground sampling distance in metres; none means the raster's own.
        nodata: pixels whose bands all have this value hold no data; none means what the file says. In a file with lossy
            compression the pixels of nearly this value beside them hold none either (`collar`).
        on: another raster's grid to read on, instead of `gsd`.

    Raises:
        RasterError: missing, unreadable, without CRS, or without one of the bands.
    """

    def __init__(
        self,
        path: str | Path,
        bands: list[int] | None = None,
        gsd: float | None = None,
        nodata: float | None = None,
        *,
        on: OnGrid | None = None,
    ) -> None:
        self.path = str(path)
        self._alpha: list[int]
        self._resampling = on.resampling if on else Resampling.bilinear
        self._opened: tuple[int, DatasetReader] | None = None
        self.damage = Damage()
        self.radiometry: Radiometry | None = None
        with ExitStack() as files:
            dataset = files.enter_context(open_raster(self.path))
            self._way = way_to(self.path)  # for processes that were not told what may be reached
            self._source = self._shown(dataset, bands)
            if self._source != self.path:
                dataset = files.enter_context(open_raster(self._source, way=self._way._replace(drivers=("VRT",))))
            self._describe(dataset, nodata)
            self.bands = list(bands or self.colours_only())
            # a fourth band that is asked for is no mask, whatever the file calls it
            self._alpha_is_data = bool(self._alpha) and self._alpha[0] in self.bands
            self._alpha = [band for band in self._alpha if band not in self.bands]
            self._check(dataset)
            own = dataset.crs, dataset.transform, dataset.width, dataset.height
            self.grid: Grid = on.grid if on else ground_grid(*own, gsd)
            self.native_gsd = native_gsd(*own)
            self._check_scale()
            self._aligned = (self.grid.crs, self.grid.transform, self.grid.width, self.grid.height) == own
            self._overview = self._coarsest_overview(dataset)
            self._collar = self._collar_width(dataset)

    def _shown(self, dataset: DatasetReader, bands: list[int] | None) -> str:
        """What to open: the file, or where bands are asked for that only its palette's colours have, those."""
        check_placed(dataset, self.path)
        colours = palette_bands(dataset)
        self.most_bands: int = max(dataset.count, colours)
        return with_colours(dataset) if colours and max(bands or [1]) > dataset.count else self.path

    def _describe(self, dataset: DatasetReader, nodata: float | None) -> None:
        self.band_count: int = dataset.count
        self.dtype: str = dataset.dtypes[0]
        self.nodata: float | None = dataset.nodata if nodata is None else nodata
        self._alpha = [index for index, kind in enumerate(dataset.colorinterp, 1) if kind == ColorInterp.alpha]
        flags = dataset.mask_flag_enums[0]
        self._has_mask = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
        self._crs = dataset.crs
        self._outline = outline(dataset.transform, dataset.width, dataset.height)

    def _check(self, dataset: DatasetReader) -> None:
        missing = [band for band in self.bands if band > dataset.count]
        if missing or not self.bands:
            wanted = ", ".join(str(band) for band in self.bands) or "a band with data"
            plural = "s" if dataset.count > 1 else ""
            raise RasterError(
                f"{self.path} has {dataset.count} band{plural}; the run asks for {wanted}.",
                "Choose bands that every raster has.",
            )

    def _check_scale(self) -> None:
        if self.native_gsd > _MOST_STRETCHED * self.grid.gsd:
            raise RasterError(
                f"{self.path} has pixels of {self.native_gsd:.3g} m, too coarse to be read at {self.grid.gsd:.3g} m.",
                "Choose another raster, or correct its geotransform.",
            )

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the open file."""
        return {**self.__dict__, "_opened": None}

    @property
    def image_dtype(self) -> str:
        """The type of what is read, numpy's name: the raster's, or float32 where its values are mapped."""
        return self.dtype if self.radiometry is None else "float32"

    def colours_only(self) -> list[int]:
        """All bands but alpha, counted from 1."""
        return [band for band in range(1, self.band_count + 1) if band not in self._alpha]

    def outline(self) -> Polygon:
        """The raster's own corners, in grid pixels."""
        return shapely.transform(self._outline, self.grid.pixels_from(self._crs), interleaved=False)

    def footprint(self) -> dict[str, Any]:
        """The raster's outline as GeoJSON geometry in EPSG:4326."""
        found: dict[str, Any] = shapely.geometry.mapping(to_lonlat(self.outline(), self.grid))
        return found

    def read(self, column: int, row: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """A window of the grid, which may lie partly or wholly outside the raster.

        Returns:
            image (C, H, W) of `image_dtype`, finite everywhere, and valid (H, W) bool: where there is data. Both
            are C-contiguous, as OpenVINO takes them without a copy.

        Raises:
            RasterError: the file vanished, or its server does not answer.
        """
        inside = _intersection(Window(column, row, width, height), self.grid)
        if inside is None:
            return np.zeros((len(self.bands), height, width), self.image_dtype), np.zeros((height, width), bool)
        try:
            image, valid = self._read_patiently(inside)
        except RasterioError as error:
            image, valid = self._unread(inside, error)
        if self.radiometry is not None:
            image = self.radiometry(image)
        if (inside.width, inside.height) == (width, height):
            return image, valid
        before, above = inside.column - column, inside.row - row
        around = (above, height - above - inside.height), (before, width - before - inside.width)
        return np.pad(image, ((0, 0), *around)), np.pad(valid, around)

    def _read_patiently(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """What is in a window; asked for again where it comes over a network, for connections break."""
        waits, first = iter(_WAITS if self._way.network else ()), None
        while True:
            try:
                return self._read_clean(window)
            except (RasterioError, RasterError) as error:
                first = first or error  # at last it may not even open
                seconds = next(waits, None) if self._is_far() else None
            if seconds is None:
                raise first
            forget_answers()
            self._close()
            time.sleep(seconds)

    def _close(self) -> None:
        if self._opened is not None and self._opened[0] == os.getpid():
            self._opened[1].close()
        self._opened = None

    def _is_far(self) -> bool:
        """Whether it, or a part of it, lies beyond a network."""
        return is_remote(self.path) or (self._opened is not None and any(map(is_remote, self._opened[1].files)))

    def _read_clean(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        if not self._collar:
            return self._read_inside(window)
        wide = given(_intersection(_wider(window, self._collar), self.grid))
        image, valid = self._read_inside(wide)
        valid = without_collar(image, valid, given(self.nodata), self._collar)
        rows = slice(window.row - wide.row, window.row - wide.row + window.height)
        columns = slice(window.column - wide.column, window.column - wide.column + window.width)
        return np.ascontiguousarray(image[:, rows, columns]), np.ascontiguousarray(valid[rows, columns])

    def _read_inside(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        dataset, place = self._dataset(), RasterioWindow(*window)
        # no-data is a matter of all bands, also of those that nobody asked for
        bands = self.colours_only() if self._aligned and self.nodata is not None else self.bands
        alpha = self._alpha[:1] if self._aligned else [dataset.count]
        values = dataset.read([*bands, *alpha], window=place)
        mask = dataset.dataset_mask(window=place) > 0 if self._aligned and self._has_mask else None
        image, valid = values[: len(bands)], values[len(bands) :].all(axis=0)
        if mask is not None:
            valid &= mask
        if bands is not self.bands:
            valid &= ~_equal(image, given(self.nodata)).all(axis=0)
            image = _select(image, bands, self.bands)
        return _finite(image, valid)

    def _unread(self, window: Window, error: RasterioError) -> tuple[np.ndarray, np.ndarray]:
        """No data where a file that still opens is damaged; what is gone, or does not answer, is an error."""
        reason = str(error.__cause__ or error)
        if self._is_far():
            hint = "Check the connection, then start again."
            raise RasterError(f"{self.path} cannot be read: {reason.rstrip('.')}.", hint) from error
        open_raster(self.path, way=self._way).close()
        self.damage.add(window, self.grid, reason)
        shape = window.height, window.width
        return np.zeros((len(self.bands), *shape), self.dtype), np.zeros(shape, bool)

    def _dataset(self) -> DatasetReader:
        """This process's own open file: GDAL's must not be shared across a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = os.getpid(), self._open()
        return self._opened[1]

    def _open(self) -> DatasetReader:
        way = self._way if self._source == self.path else self._way._replace(drivers=("VRT",))
        dataset = open_raster(self._source, self._overview, way)
        if self._aligned:
            return dataset
        if self._alpha_is_data:
            dataset = without_alpha(dataset)
        nodata = self.nodata
        if nodata is None and np.issubdtype(self.dtype, np.floating):
            nodata = math.nan  # otherwise the resampling would spread NaN
        return warped(dataset, self.grid, self._resampling, nodata)

    def _collar_width(self, dataset: DatasetReader) -> int:
        """In pixels of the grid; 0 where there is no collar."""
        if self.nodata is None or self._resampling in _OF_CLASSES or not has_collar(dataset):
            return 0
        return math.ceil(REACH * self.native_gsd / self.grid.gsd)

    def _coarsest_overview(self, dataset: DatasetReader) -> int | None:
        """The coarsest overview still as fine as the grid, which warping does not choose by itself.

        Classes are never read from overviews: those may have been averaged. Nor is alpha that is data: they are blank
        where it is 0.
        """
        if self._resampling in _OF_CLASSES or self._alpha_is_data:
            return None
        shrink = self.grid.gsd / self.native_gsd * _OVERVIEW_TOLERANCE
        fitting = [factor for factor in dataset.overviews(1) if factor <= shrink]
        return len(fitting) - 1 if fitting else None


def warped(dataset: DatasetReader, grid: Grid, resampling: Resampling, nodata: float | None = None) -> WarpedVRT:
    """The dataset warped onto a grid on reading, with an alpha band last; GDAL widens the kernel when it shrinks."""
    has_alpha = ColorInterp.alpha in dataset.colorinterp
    return WarpedVRT(
        dataset,
        crs=grid.crs,
        transform=grid.transform,
        width=grid.width,
        height=grid.height,
        resampling=resampling,
        src_nodata=nodata,
        add_alpha=not has_alpha,
    )


def to_lonlat(geometry: shapely.Geometry, grid: Grid) -> shapely.Geometry:
    """A geometry in grid pixels in EPSG:4326; long edges get vertices, for straight lines bend."""
    fine = shapely.segmentize(geometry, max(grid.width, grid.height) / 16)
    return shapely.transform(fine, grid.to_lonlat, interleaved=False)


def _intersection(window: Window, grid: Grid) -> Window | None:
    left, top = max(window.column, 0), max(window.row, 0)
    right = min(window.column + window.width, grid.width)
    bottom = min(window.row + window.height, grid.height)
    return Window(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _wider(window: Window, by: int) -> Window:
    return Window(window.column - by, window.row - by, window.width + 2 * by, window.height + 2 * by)


def _equal(image: np.ndarray, nodata: float) -> np.ndarray:
    found: np.ndarray = np.isnan(image) if math.isnan(nodata) else image == nodata
    return found


def _select(image: np.ndarray, have: list[int], want: list[int]) -> np.ndarray:
    return image if have == want else image[[have.index(band) for band in want]]


def _finite(image: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """No NaN or infinity goes further: they would survive every multiplication by zero."""
    if np.issubdtype(image.dtype, np.floating):
        finite = np.isfinite(image)
        if not finite.all():
            return np.where(finite, image, 0), valid & finite.all(axis=0)
    return image, valid
