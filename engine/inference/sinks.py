"""Where predictions go: Cloud-Optimised GeoTIFFs and a GeoPackage, put in place when complete."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import rasterio
import rasterio.shutil
import shapely
from pyogrio import set_gdal_config_options
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import write
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetWriter
from rasterio.windows import Window as RasterWindow

from ..data.grid import Grid
from ..errors import Stopped, cannot_write
from .merging import Found
from .windows import NODATA

BLOCK = 512
ASK_SECONDS = 0.2
REMOVALS = 100
"""Attempts at removing a folder; where files in use cannot be removed (Windows), the next writing removes it."""
OPTIONS = {
    "driver": "COG",
    "COMPRESS": "DEFLATE",
    "LEVEL": "1",
    "BLOCKSIZE": str(BLOCK),
    "OVERVIEW_RESAMPLING": "NEAREST",
    "BIGTIFF": "IF_SAFER",
    "NUM_THREADS": "ALL_CPUS",
}
"""A class map at DEFLATE's level 1 is half as large again as at the default's, and written in a third of the time."""


def stop_if(stop: Callable[[], bool], name: str) -> None:
    """End in order where that is wished.

    Raises:
        Stopped: it is.
    """
    if stop():
        raise Stopped(f"Writing {name} was stopped.", "Start it again.")


def cut_short(path: Path | str) -> OSError:
    """What to raise of a file that is not all there: what a full disk refuses when GDAL closes one raises nothing."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def optimise(source: Path, target: Path, stop: Callable[[], bool]) -> None:
    """Copy a raster as a Cloud-Optimised GeoTIFF.

    Args:
        source: any raster that GDAL opens.
        target: the GeoTIFF.
        stop: asked now and then whether to give up.

    Raises:
        RasterioError, OSError: it cannot be written.
        Stopped: so it was asked.
    """
    errors: list[Exception] = []
    folder = target.with_name(f"{target.name}.writing")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()

    def copy() -> None:
        try:
            rasterio.shutil.copy(source, folder / target.name, **OPTIONS)
        except (RasterioError, OSError) as error:  # told to the thread that waits
            errors.append(error)
        except (CPLE_BaseError, SystemError) as error:  # GDAL's own, and failures without a reason, which come so here
            errors.append(RasterioIOError(str(error)))

    # GDAL's copying cannot be interrupted: a daemon need not be waited for, and ends with the process.
    thread = threading.Thread(target=copy, name="optimise", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            stop_if(stop, target.name)
            thread.join(ASK_SECONDS)
        if errors:
            raise errors[0]
        _check_end(folder / target.name)
        (folder / target.name).replace(target)
    finally:
        _remove(folder)  # with what a copy that goes on has written; without its folder it can begin nothing more


def _remove(folder: Path) -> None:
    """Remove a folder in which another thread may begin files until it is gone."""
    for _ in range(REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.01)


def _check_end(path: Path) -> None:
    """See that the file's last block is there.

    Raises:
        OSError: it is not.
    """
    with rasterio.open(path) as raster:
        last = "_".join(str((length - 1) // BLOCK) for length in (raster.width, raster.height))
        ends = [
            int(raster.get_tag_item(f"BLOCK_OFFSET_{last}", "TIFF", band) or 0)
            + int(raster.get_tag_item(f"BLOCK_SIZE_{last}", "TIFF", band) or 0)
            for band in raster.indexes
        ]
    if path.stat().st_size < max(ends):
        raise cut_short(path)


LAYER = "detections"
GEOPACKAGE = {"VERSION": "1.2"}
"""Newer versions make the GDAL of QGIS 3.22 warn."""
LAST_CHANGE = "1980-01-01T00:00:00.000Z"
"""GeoPackages tell when they were written; with a fixed time, the same prediction gives the same file."""
CHANGE_COUNTERS = (24, 92)
"""Where SQLite counts a file's transactions: as many as GDAL has made, more with two cores than with one."""

Colour = tuple[int, int, int, int]


class Sink:
    """A file that is written beside its place under another name, and moved there by `finish`.

    Used as a context: whatever was not finished leaves nothing behind.

    Args:
        path: the file's place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.stem}.partial{path.suffix}")

    def __enter__(self) -> Sink:
        self._remove_partial()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._remove_partial()

    def close(self) -> None:
        """Let go of the file; no more writing."""

    def _remove_partial(self) -> None:
        for path in self.path.parent.glob(f"{self.path.stem}.partial*"):
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class RasterDescription:
    """One band of bytes on a grid, `NODATA` where nothing is, and what it means.

    Args:
        grid: the raster's grid.
        name: the band's.
        colours: value -> (red, green, blue, alpha), or none for a plain band.
        names: value -> class name: kept in the metadata, and as GDAL's category names beside the file.
    """

    grid: Grid
    name: str
    colours: dict[int, Colour] | None = None
    names: dict[int, str] = field(default_factory=dict)

    def profile(self) -> dict[str, Any]:
        """For `rasterio.open`."""
        grid = self.grid
        shape = {"width": grid.width, "height": grid.height, "count": 1, "dtype": "uint8"}
        return {**shape, "crs": grid.crs, "transform": grid.transform, "nodata": NODATA}

    def describe(self, dataset: DatasetWriter) -> None:
        """Put names and colours into a file open for writing."""
        dataset.set_band_description(1, self.name)
        if self.names:
            dataset.update_tags(1, classes=json.dumps(self.names))
        if self.colours:
            dataset.write_colormap(1, {**self.colours, NODATA: (0, 0, 0, 0)})


def publish(source: Path, path: Path, description: RasterDescription, stop: Callable[[], bool] = lambda: False) -> Path:
    """Turn a raster into a Cloud-Optimised GeoTIFF at its place.

    Args:
        source: any raster that GDAL opens.
        path: the GeoTIFF, which appears when it is complete.
        description: what it means.
        stop: asked now and then whether to give up.

    Raises:
        OutputError: the disk is full.
        Stopped: so it was asked; nothing is left.
    """
    optimised = path.with_name(f"{path.stem}.partial.cog.tif")
    with writing(path):
        optimise(source, optimised, stop)
        categories = Path(f"{path}.aux.xml")
        categories.unlink(missing_ok=True)
        optimised.replace(path)
        if description.names:
            categories.write_text(_category_names(description.names), encoding="utf-8")
    return path


class RasterSink(Sink):
    """A raster written block by block, in the end a Cloud-Optimised GeoTIFF.

    Args:
        path: the GeoTIFF.
        grid: the raster's grid.
        description: the band's name.
        colours: value -> (red, green, blue, alpha), or none for a plain band.
        names: value -> class name: kept in the metadata, and as GDAL's category names beside the file.
    """

    def __init__(
        self,
        path: Path,
        grid: Grid,
        description: str,
        colours: dict[int, Colour] | None = None,
        names: dict[int, str] | None = None,
    ) -> None:
        super().__init__(path)
        self.description = RasterDescription(grid, description, colours, names or {})

    def __enter__(self) -> RasterSink:
        super().__enter__()
        tiles = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK}
        options = {"compress": "DEFLATE", "zlevel": 1, "bigtiff": "IF_SAFER", **tiles}
        with writing(self.path):
            self._raster = rasterio.open(self.partial, "w", driver="GTiff", **self.description.profile(), **options)
            self.description.describe(self._raster)
        return self

    def write(self, row: int, column: int, values: np.ndarray) -> None:
        """Write (h, w) uint8 values, their upper left pixel at a row and column of the grid.

        Raises:
            OutputError: the disk is full.
        """
        height, width = values.shape
        with writing(self.path):
            self._raster.write(values, 1, window=RasterWindow(column, row, width, height))

    def close(self) -> None:
        """Close the temporary file."""
        self._raster.close()

    def finish(self) -> Path:
        """Turn what was written into a Cloud-Optimised GeoTIFF at its place.

        Raises:
            OutputError: the disk is full.
        """
        with writing(self.path):
            self.close()
        return publish(self.partial, self.path, self.description)


class DetectionSink(Sink):
    """A GeoPackage with one layer of polygons: class, class_id and score.

    Args:
        path: the GeoPackage.
        grid: the raster's grid.
        classes: the names that labels index.
    """

    batch = 2000

    def __init__(self, path: Path, grid: Grid, classes: list[str]) -> None:
        super().__init__(path)
        self.grid = grid
        self.classes = np.array(classes, object)
        self._waiting: list[Found] = []

    def __enter__(self) -> DetectionSink:
        super().__enter__()
        self._append(Found.none(), new=True)
        return self

    def write(self, found: Found) -> None:
        """Append objects of the grid.

        Raises:
            OutputError: the disk is full.
        """
        if len(found):
            self._waiting.append(found)
        if sum(map(len, self._waiting)) >= self.batch:
            self._flush()

    def finish(self) -> Path:
        """Write what waits, and put the file in place.

        Raises:
            OutputError: the disk is full.
        """
        self._flush()
        with writing(self.path):
            with self.partial.open("r+b") as file:
                for place in CHANGE_COUNTERS:
                    file.seek(place)
                    file.write((1).to_bytes(4, "big"))
            with_usual_mode(self.partial).replace(self.path)
        return self.path

    def _flush(self) -> None:
        if self._waiting:
            self._append(Found.join(self._waiting))
        self._waiting = []

    def _append(self, found: Found, new: bool = False) -> None:
        set_gdal_config_options({"OGR_CURRENT_DATE": LAST_CHANGE})
        with writing(self.path):
            write(
                self.partial,
                geometry=shapely.to_wkb(box_polygons(found.boxes, self.grid)),
                field_data=[self.classes[found.labels], found.labels.astype(np.int32), found.scores.astype(float)],
                fields=np.array(["class", "class_id", "score"], object),
                layer=LAYER,
                driver="GPKG",
                geometry_type="Polygon",
                crs=self.grid.crs.to_wkt(),
                append=not new,
                dataset_options=GEOPACKAGE if new else None,
            )


def box_polygons(boxes: np.ndarray, grid: Grid) -> np.ndarray:
    """Boxes (n, 4) in pixels as polygons (n,) in the grid's CRS, clipped to the raster."""
    left, top, right, bottom = np.clip(boxes, 0, [grid.width, grid.height] * 2).astype(float).T
    corners = np.stack([np.stack([left, right, right, left]), np.stack([top, top, bottom, bottom])])
    x, y = grid.to_crs(*corners)
    found: np.ndarray = shapely.polygons(np.stack([x.T, y.T], axis=-1))
    return found


def with_usual_mode(path: Path) -> Path:
    """Let those use a file who may use others made in its folder; SQLite's own lets nobody else write."""
    if os.name != "nt":
        other = path.with_name(f"{path.name}.mode")
        other.touch()
        path.chmod(stat.S_IMODE(other.stat().st_mode))
        other.unlink()
    return path


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong inside becomes one sentence that names the path."""
    try:
        yield
    except (OSError, RasterioError, DataSourceError, DataLayerError) as error:
        raise cannot_write(str(path), path, error) from error


def _category_names(names: dict[int, str]) -> str:
    """GDAL's auxiliary file with the names of the values, which a GeoTIFF has no place for."""
    last = max(names)
    categories = "".join(f"<Category>{escape(names.get(value, ''))}</Category>" for value in range(last + 1))
    return (
        '<PAMDataset><PAMRasterBand band="1"><CategoryNames>' + categories + "</CategoryNames></PAMRasterBand>"
        "</PAMDataset>\n"
    )
