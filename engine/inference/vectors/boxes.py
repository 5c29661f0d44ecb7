"""Boxes from areas, of a class map or of a polygon layer as if painted on one, strip by strip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field
from rasterio.crs import CRS
from rasterio.transform import Affine, from_bounds

from ...config.validation import BOUNDED, ClassValues
from ...data.grid import Grid, Window, ground_grid
from ...data.masks import IGNORED
from ...data.vector_labels import VectorLabels
from ...data.vectors import EMPTY_VALUE, Layer, described, read_features
from ...datasets.rasters import MINIMUM_PIXELS, large_enough, opened
from ...errors import LabelError
from ...events import EventLog, Log
from .class_map import BACKGROUND, MINIMUM_ROWS, NODATA, STRIP_PIXELS, placed, watched
from .components import Objects
from .layer import Fields, VectorLayer


class PaintedMap:
    """Polygons on a grid of square ground pixels over the layer's extent; a pixel belongs to what covers its centre.

    Used as a context, as class maps are.

    Args:
        layer: polygons; features without a class value count as background.
        gsd: metres of ground per pixel.

    Attributes:
        names: class names by value, from 1 in alphabetical order; without a class field the layer's name.

    Raises:
        LabelError: the layer cannot be read, is empty, has no CRS, holds no polygons or too many classes.
    """

    def __init__(self, layer: Layer, gsd: float) -> None:
        grid = _grid(layer, gsd)
        features = read_features(layer, grid)
        if (shapely.get_dimensions(features.geometries) != 2).any():
            raise LabelError(f"{layer} has features that are no polygons.", "Choose a layer of areas.")
        values = features.values if layer.field else np.full(len(features.values), _title(layer), object)
        names = sorted(set(values) - {EMPTY_VALUE})
        if len(names) >= NODATA:
            raise LabelError(f"{layer} has {len(names)} different values in '{layer.field}'.", "Choose a class field.")
        self.names = dict(enumerate(names, start=1))
        index = {name: place for place, name in enumerate(names)} | {EMPTY_VALUE: IGNORED}
        self._labels = VectorLabels(features.geometries, np.array([index[value] for value in values], np.int64))
        self.crs, self.transform, self.width, self.height = grid.crs, grid.transform, grid.width, grid.height
        self.strip_rows = min(self.height, max(MINIMUM_ROWS, STRIP_PIXELS // self.width))

    def __enter__(self) -> PaintedMap:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open: the features are in memory."""

    def read(self, row: int, height: int) -> np.ndarray:
        """Rows as (height, width) uint8: 0 where there is no polygon, 255 where it has no class."""
        return self._labels.mask(Window(0, row, self.width, height))

    def starts(self) -> range:
        """First rows of the strips."""
        return range(0, self.height, self.strip_rows)


def _grid(layer: Layer, gsd: float) -> Grid:
    info = described(layer, force_total_bounds=True)
    if not info["features"]:
        raise LabelError(f"{layer} has no features.", "Choose another layer.")
    left, bottom, right, top = info["total_bounds"]
    if not np.isfinite([left, bottom, right, top]).all() or right <= left or top <= bottom:
        raise LabelError(f"{layer} covers no ground.", "Choose a layer of areas.")
    cells = from_bounds(left, bottom, right, top, 1000, 1000)
    return ground_grid(CRS.from_user_input(info["crs"]), cells, 1000, 1000, gsd)


def _title(layer: Layer) -> str:
    return layer.layer or Path(layer.path).stem


LAYER = "boxes"


class BoxOptions(BaseModel):
    """How areas become boxes, in pixels."""

    model_config = ConfigDict(**BOUNDED, frozen=True)

    minimum_pixels: int = Field(
        MINIMUM_PIXELS,
        ge=0,
        le=10**12,
        description="Smaller objects are dropped, unless all of their class are smaller.",
    )
    opening: int = Field(
        0, ge=0, le=50, description="Cuts bridges thinner than 2 * opening + 1 pixels, and drops what is thinner."
    )
    classes: ClassValues | None = Field(None, description="Class values that get boxes; none for all.")


class Rows(Protocol):
    """Class values that can be read by rows: a class map, or polygons as if painted on one."""

    crs: CRS
    transform: Affine
    width: int
    height: int
    strip_rows: int

    def read(self, row: int, height: int) -> np.ndarray:
        """(height, width) uint8."""
        ...

    def starts(self) -> range:
        """First rows of the strips."""
        ...


def boxes(
    source: Rows,
    output: Path,
    names: Mapping[int, str],
    options: BoxOptions | None = None,
    events: Log | None = None,
) -> int:
    """Write the extents of each class's 8-connected components.

    The rule is that of arXiv 2405.15394 for the ISPRS sets, as `datasets.boxes_from_mask` has it for a mask in
    memory. Fields: `class`, `class_id` (the value) and `pixels` (of the object, after the opening). What is held in
    memory is one strip and the extents. Value 0 is background and 255 no-data.

    Args:
        source: the areas.
        output: a `.gpkg`, `.fgb` or `.parquet` file; replaced when everything is written.
        names: of class values; a value without a name is called by its number.
        options: how.
        events: gets `progress`; its stop file is honoured between strips.

    Returns:
        The number of boxes.

    Raises:
        RasterError: the areas cannot be read.
        OutputError: the output cannot be written.
        Stopped: the stop file appeared; nothing is left behind.
    """
    options, events = options or BoxOptions(), events or EventLog(None)
    with VectorLayer(output, LAYER, "Polygon", _fields("", 0, np.zeros(0, np.int64)), source.crs) as layer:
        for value, found in sorted(_objects(source, options, events).items()):
            extents, pixels = found.merged()
            kept = large_enough(pixels, options.minimum_pixels)
            geometry = placed(shapely.box(*extents[kept].T), source.transform)
            layer.write(geometry, _fields(names.get(value, str(value)), value, pixels[kept]))
        layer.finish()
    return layer.count


def _objects(source: Rows, options: BoxOptions, events: Log) -> dict[int, Objects]:
    """The objects of each class value."""
    found: dict[int, Objects] = {}
    halo = 2 * options.opening  # as far as an opening looks
    for row in watched(source.starts(), len(source.starts()), LAYER, events):
        end = min(source.height, row + source.strip_rows)
        first, last = max(0, row - halo), min(source.height, end + halo)
        values = source.read(first, last - first)
        for value in found.keys() | _present(values, options):
            mask = opened(values == value, options.opening)[row - first : end - first]
            found.setdefault(value, Objects()).add(mask, row)
    return found


def _present(values: np.ndarray, options: BoxOptions) -> set[int]:
    present = set(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist()) - {BACKGROUND, NODATA}
    return present if options.classes is None else present & options.classes


def _fields(name: str, value: int, pixels: np.ndarray) -> Fields:
    count = len(pixels)
    return {"class": np.full(count, name, object), "class_id": np.full(count, value, np.int32), "pixels": pixels}
