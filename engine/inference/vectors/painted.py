"""A polygon layer as if painted on a class map, row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from rasterio.crs import CRS
from rasterio.transform import from_bounds

from ...data.grid import Grid, Window, ground_grid
from ...data.points import IGNORED
from ...data.vector_labels import VectorLabels
from ...data.vectors import EMPTY_VALUE, Layer, described, read_features
from ...errors import LabelError
from .class_map import MINIMUM_ROWS, NODATA, STRIP_PIXELS


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
