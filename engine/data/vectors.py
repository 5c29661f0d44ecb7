"""Reading vector layers into a grid's pixel coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError, ProjError

from ..errors import LabelError
from .grid import Grid, transformer

EMPTY_VALUE = "NULL"
"""How a feature without a class value is named in messages and in `ignore_values`."""


@dataclass(frozen=True)
class Layer:
    """Where features come from.

    Args:
        path: vector file.
        layer: its layer; none where it holds only one.
        field: class field, or none.
        where: attribute filter (SQL), or none.
        purpose: what messages call it.
    """

    path: str
    layer: str | None = None
    field: str | None = None
    where: str | None = None
    purpose: str = "label layer"

    def __str__(self) -> str:
        """As messages name it."""
        name = Path(self.path).name
        return f"The {self.purpose} {name}" + (f" (layer {self.layer})" if self.layer else "")


@dataclass
class Features:
    """Features near a grid: 2D geometries (n,) in grid pixels, mended, and class values (n,) as text."""

    geometries: np.ndarray
    values: np.ndarray


def read_features(layer: Layer, grid: Grid) -> Features:
    """The features of a layer that lie on a grid, none where they all lie elsewhere.

    Raises:
        LabelError: the file, layer or field is missing, the filter is wrong, there is no CRS, or
            nothing passes the filter.
    """
    layer = _existing(layer)
    info = _info(layer)
    bbox = _bounds_in(info["crs"], grid)
    wkb, values = _read(layer, bbox=bbox)
    if len(wkb) == 0:
        _check_not_empty(layer)
    geometries = _mended(shapely.from_wkb(wkb))
    present = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    geometries = _to_pixels(geometries[present], info["crs"], grid)
    touches = shapely.intersects(geometries, shapely.box(0, 0, grid.width, grid.height))
    return Features(geometries[touches], values[present][touches])


def value_text(value: Any) -> str:
    """A class value as text: 3 and 3.0 are both "3", nothing is "NULL"."""
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return EMPTY_VALUE
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _existing(layer: Layer) -> Layer:
    """The layer with its name, once file and name are known to exist."""
    if "://" not in layer.path and not layer.path.startswith(("/vsi", "PG:")) and not Path(layer.path).exists():
        raise LabelError(f"The {layer.purpose} {layer.path} does not exist.", "Correct its path or put the file back.")
    try:
        names = [name for name, geometry in pyogrio.list_layers(layer.path) if geometry is not None]
    except DataSourceError as error:
        raise LabelError(f"{layer} cannot be read as a vector layer: {error}") from error
    if layer.layer is not None and layer.layer not in names:
        raise LabelError(
            f"The {layer.purpose} {Path(layer.path).name} has no layer '{layer.layer}'; it has {_list(names)}."
        )
    if layer.layer is None and len(names) != 1:
        raise LabelError(f"{layer} holds {len(names)} layers ({_list(names)}); say which one to use.")
    return Layer(layer.path, layer.layer or names[0], layer.field, layer.where, layer.purpose)


def _info(layer: Layer) -> dict[str, Any]:
    try:
        info = pyogrio.read_info(layer.path, layer=layer.layer)
    except (DataSourceError, DataLayerError) as error:
        raise LabelError(f"{layer} cannot be read: {error}") from error
    if info["crs"] is None:
        raise LabelError(f"{layer} has no coordinate reference system; assign one to it.")
    if layer.field is not None and layer.field not in info["fields"]:
        raise LabelError(f"{layer} has no field '{layer.field}'; its fields are {_list(info['fields'])}.")
    return info


def _read(layer: Layer, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    columns = [] if layer.field is None else [layer.field]
    try:
        _, _, wkb, fields = pyogrio.raw.read(
            layer.path, layer=layer.layer, columns=columns, where=layer.where, force_2d=True, **options
        )
    except (DataSourceError, DataLayerError, ValueError) as error:
        if layer.where:
            raise LabelError(
                f'{layer} cannot be read with the filter "{layer.where}".', "Check its field names and quotes."
            ) from error
        raise LabelError(f"{layer} cannot be read: {error}") from error
    values = [value_text(value) for value in fields[0]] if columns else [""] * len(wkb)
    return wkb, np.array(values, dtype=object)


def _check_not_empty(layer: Layer) -> None:
    wkb, _ = _read(layer, max_features=1)
    if len(wkb) == 0:
        which = f' with the filter "{layer.where}"' if layer.where else ""
        raise LabelError(f"{layer} has no features{which}.", "Choose another layer or filter.")


def _bounds_in(crs: str, grid: Grid) -> tuple[float, float, float, float] | None:
    """The grid's bounds in a layer's CRS; none where they cannot be told."""
    try:
        bounds = transformer(grid.crs.to_wkt(), crs).transform_bounds(*grid.bounds(), densify_pts=21)
    except (CRSError, ProjError):
        return None
    return bounds if np.isfinite(bounds).all() and bounds[0] <= bounds[2] else None


def _mended(geometries: np.ndarray) -> np.ndarray:
    """Valid geometries: self-crossing polygons keep their area and lose the lines that mending leaves."""
    invalid = ~shapely.is_valid(geometries) & ~shapely.is_missing(geometries)
    for index in np.flatnonzero(invalid):
        mended = shapely.make_valid(geometries[index])
        parts = [part for part in shapely.get_parts(mended) if shapely.get_dimensions(part) == 2]
        geometries[index] = shapely.union_all(parts) if parts else mended
    return geometries


def _to_pixels(geometries: np.ndarray, crs: str, grid: Grid) -> np.ndarray:
    """Reproject; long edges get vertices first, for straight lines bend between CRSs."""
    bounds = _bounds_in(crs, grid)
    same = pyproj.CRS(crs).equals(pyproj.CRS(grid.crs.to_wkt()), ignore_axis_order=True)
    if bounds is not None and not same:
        geometries = shapely.segmentize(geometries, max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / 32)
    pixels = shapely.transform(geometries, grid.pixels_from(crs), interleaved=False)
    # what the projection cannot show is elsewhere
    pixels[~np.isfinite(shapely.bounds(pixels)).all(axis=-1)] = shapely.Polygon()
    return _mended(pixels)


def _list(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "none"
