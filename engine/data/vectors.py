"""Reading vector layers into a grid's pixel coordinates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, GeometryError
from pyproj.exceptions import CRSError, ProjError

from ..errors import LabelError
from .geometries import broken, clipped, encoding_of, geometries_of, mended, type_name
from .grid import Grid, transformer
from .opening import is_undefined, without_places
from .reach import Beyond, check_driver, check_layers

_LONGEST = 300
"""Characters of another library's message that ours repeat."""
MOST = 2**15
"""Features that are in memory at once."""
_NO_PLACES = "with coordinates that are no places"
EMPTY_VALUE = "NULL"
"""How a feature without a class value is named in messages and in `ignore_values`."""


UNREADABLE = (DataSourceError, DataLayerError, ValueError, IndexError)
"""What reading a layer may raise; the last two of damaged ones, as pyogrio looks for their layers and texts."""


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


Skip = Callable[[str], None]
"""Is told what is left out, in a sentence."""


@dataclass
class Features:
    """Features near a grid: 2D geometries (n,) in grid pixels, mended, and class values (n,) as text."""

    geometries: np.ndarray
    values: np.ndarray


def read_features(layer: Layer, grid: Grid, skip: Skip | None = None) -> Features:
    """The features of a layer that lie on a grid, none where they all lie elsewhere.

    Args:
        layer: where they come from.
        grid: what they are for.
        skip: is told in a sentence which features are left out, and how many; without it those whose coordinates are no
            places are an error.

    Raises:
        LabelError: the file, layer or field is missing, the filter is wrong, there is no CRS, nothing passes the
            filter, or features are broken.
    """
    parts = list(read_in_batches(layer, grid, skip))
    return Features(
        np.concatenate([part.geometries for part in parts]), np.concatenate([part.values for part in parts])
    )


def read_in_batches(layer: Layer, grid: Grid, skip: Skip | None = None) -> Iterator[Features]:
    """As `read_features`, of more than `MOST` a part at a time, in the file's order; at least one part."""
    layer = _existing(layer)
    info = _info(layer)
    _check_related(layer, info["crs"], grid)
    bbox = _bounds_in(info["crs"], grid)
    left_out, read = _LeftOut(layer), 0
    for wkb, values in _parts(layer, info, bbox):
        read += len(wkb)
        geometries = _geometries(wkb, layer)
        geometries, sound = left_out.sound(geometries)
        geometries = _to_pixels(geometries, info["crs"], grid, bbox)
        touches = shapely.intersects(geometries, shapely.box(0, 0, grid.width, grid.height))
        yield Features(geometries[touches], values[sound][touches])
    if not read:
        _check_not_empty(layer)
    left_out.tell(skip)


class _LeftOut:
    """Counts the features of a layer that have no place."""

    def __init__(self, layer: Layer) -> None:
        self._layer, self._any_sound = layer, False
        self._counts = dict.fromkeys((_NO_PLACES, "without area", "without geometry"), 0)

    def sound(self, geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Geometries (m,) that have a place, mended, and which (n,) of all those are."""
        absent = shapely.is_missing(geometries) | shapely.is_empty(geometries)
        wrong = ~absent & broken(geometries)
        sound = ~(absent | wrong)
        geometries = mended(np.where(sound, geometries, np.array(None, object)))
        flat = sound & shapely.is_empty(geometries)
        sound &= ~flat
        for reason, which in zip(self._counts, (wrong, flat, absent), strict=True):
            self._counts[reason] += int(which.sum())
        self._any_sound |= bool(sound.any())
        return geometries[sound], sound

    def tell(self, skip: Skip | None) -> None:
        """Say what was left out, once all of the layer was seen.

        Raises:
            LabelError: nothing is left; or coordinates are no places, and nobody is to be told.
        """
        counted = [f"{count} {reason}" for reason, count in self._counts.items() if count]
        hint = "Mend or delete them (in QGIS: Check validity, Fix geometries)."
        if counted and not self._any_sound:
            raise LabelError(f"{self._layer} has no feature that can be used: {', '.join(counted)}.", hint)
        wrong = self._counts[_NO_PLACES]
        if wrong and skip is None:
            raise LabelError(f"{self._layer} has {wrong} feature{'' if wrong == 1 else 's'} {_NO_PLACES}.", hint)
        if counted and skip is not None:
            skip(f"{self._layer} has features that are left out: {', '.join(counted)}.")


def extent(layer: Layer, grid: Grid) -> tuple[float, float, float, float]:
    """The extent of all features that pass a layer's filter, in grid pixels: left, top, right, bottom; NaN without any.

    Raises:
        LabelError: it cannot be read, or nobody has said where it is.
    """
    crs = described(layer)["crs"]
    _check_related(layer, crs, grid)
    try:
        _, bounds = pyogrio.read_bounds(layer.path, layer=layer.layer, where=layer.where)
    except UNREADABLE as error:
        raise unreadable(layer, error) from error
    if not bounds.size:
        return math.nan, math.nan, math.nan, math.nan
    outside = *np.nanmin(bounds[:2], axis=1), *np.nanmax(bounds[2:], axis=1)
    left, bottom, right, top = transformer(crs, grid.crs.to_wkt()).transform_bounds(*outside)
    (first, above), (last, below) = ~grid.transform @ (left, top), ~grid.transform @ (right, bottom)
    return first, above, last, below


def distinct_values(layer: Layer) -> list[str]:
    """The different values of a layer's class field as text, in alphabetical order; nothing is `EMPTY_VALUE`.

    Raises:
        LabelError: it cannot be read, or has no such field.
    """
    layer = _existing(layer)
    _info(layer)
    _, values, _ = _read(layer, read_geometry=False)
    return sorted(set(values.tolist()))


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
    check_reach(layer.path)
    try:
        names = [name for name, geometry in pyogrio.list_layers(layer.path) if geometry is not None]
    except GeometryError as error:  # of one layer, which need not be this one
        if layer.layer is None:
            raise unreadable(layer, error) from error
        return layer
    except UNREADABLE as error:
        raise LabelError(f"{layer} cannot be read as a vector layer: {_one_line(error)}.") from error
    if layer.layer is not None and layer.layer not in names:
        raise LabelError(
            f"The {layer.purpose} {Path(layer.path).name} has no layer '{layer.layer}'; it has {_list(names)}."
        )
    if layer.layer is None and len(names) != 1:
        raise LabelError(f"{layer} holds {len(names)} layers ({_list(names)}); say which one to use.")
    return Layer(layer.path, layer.layer or names[0], layer.field, layer.where, layer.purpose)


def described(layer: Layer, **options: Any) -> dict[str, Any]:
    """What pyogrio says about a layer, which has a CRS.

    Args:
        layer: the layer.
        options: of `pyogrio.read_info`.

    Raises:
        LabelError: it cannot be read, or nobody has said where it is.
    """
    check_reach(layer.path)
    try:
        info: dict[str, Any] = pyogrio.read_info(layer.path, layer=layer.layer, **options)
    except UNREADABLE as error:
        raise unreadable(layer, error) from error
    check_reach(layer.path, info["driver"])
    if is_undefined(info["crs"]):
        raise LabelError(f"{layer} has no coordinate reference system; assign one to it.")
    return info


def check_reach(path: str | Path, driver: str = "") -> None:
    """See that a vector file does not reach where it may not; to be asked before GDAL opens it, and with its driver.

    Raises:
        LabelError: it does.
    """
    try:
        check_driver(str(path), driver) if driver else check_layers(str(path))
    except Beyond as error:
        raise LabelError(str(error), error.hint) from error


def unreadable(layer: object, error: Exception) -> LabelError:
    """The error for a layer that cannot be read; of types of geometry that GDAL has and nobody reads, their name."""
    code = str(error).rpartition(" ")[2].rstrip(".")
    if isinstance(error, GeometryError) and code.lstrip("-").isdigit():
        return LabelError(
            f"{layer} has geometries of the type {type_name(int(code))}, which cannot be read.",
            "Save it as polygons (in QGIS: Export, geometry type Polygon).",
        )
    return LabelError(f"{layer} cannot be read: {_one_line(error)}.")


def _one_line(error: Exception) -> str:
    """What GDAL says, which may hold a file's own bytes."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())[:_LONGEST].rstrip(".")


def _geometries(wkb: np.ndarray, layer: Layer) -> np.ndarray:
    try:
        return geometries_of(wkb)
    except ValueError as error:
        raise LabelError(f"{layer} has {error}, which cannot be read.", "Save it as polygons.") from error


def _info(layer: Layer) -> dict[str, Any]:
    info = described(layer)
    if layer.field is not None and layer.field not in info["fields"]:
        raise LabelError(f"{layer} has no field '{layer.field}'; its fields are {_list(info['fields'])}.")
    return info


def _parts(
    layer: Layer, info: dict[str, Any], bbox: tuple[float, float, float, float] | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What lies in a rectangle: at once, or of very many features all that the layer has, `MOST` at a time."""
    wkb, values, _ = _read(layer, bbox=bbox, max_features=MOST + 1)
    if len(wkb) <= MOST:
        yield wkb, values
        return
    del wkb, values
    in_turn = info["driver"] == "GPKG" or info["capabilities"]["fast_set_next_by_index"]
    if not in_turn or (layer.where and info["driver"] != "GPKG"):
        yield _read(layer, bbox=bbox)[:2]
        return
    for wkb, values in _by_key(layer, info["fid_column"]) if layer.where else _by_index(layer):
        bounds = shapely.bounds(_geometries(wkb, layer)).reshape(-1, 4)
        near = (bounds[:, :2] <= bbox[2:]).all(axis=1) & (bounds[:, 2:] >= bbox[:2]).all(axis=1) if bbox else ...
        yield wkb[near], values[near]


def _by_index(layer: Layer) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in itertools.count(0, MOST):
        wkb, values, _ = _read(layer, skip_features=start, max_features=MOST)
        yield wkb, values
        if len(wkb) < MOST:
            return


def _by_key(layer: Layer, key: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Where a filter is evaluated anew for each part, from the last feature on, for GDAL would begin at the first."""
    last = None
    while True:
        further = "" if last is None else f' AND "{key}" > {last}'
        wkb, values, keys = _read(replace(layer, where=f"({layer.where}){further}"), max_features=MOST)
        if (np.diff(keys) <= 0).any() or (last is not None and len(keys) and keys[0] <= last):
            raise LabelError(f'{layer} cannot be read in parts with the filter "{layer.where}".', "Save what it keeps.")
        yield wkb, values
        if len(wkb) < MOST:
            return
        last = int(keys[-1])


def _read(layer: Layer, **options: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Geometries (n,) as WKB, class values (n,) as text, keys (n,)."""
    columns = [] if layer.field is None else [layer.field]
    try:
        _, keys, wkb, fields = pyogrio.raw.read(
            layer.path, layer=layer.layer, columns=columns, where=layer.where, force_2d=True, return_fids=True,
            encoding=encoding_of(layer.path), **options,
        )  # fmt: skip
    except UNREADABLE as error:
        if layer.where:
            raise LabelError(
                f'{layer} cannot be read with the filter "{layer.where}".', "Check its field names and quotes."
            ) from error
        raise unreadable(layer, error) from error
    values = [value_text(value) for value in fields[0]] if columns else [""] * len(wkb)
    return wkb, np.array(values, dtype=object), keys


def _check_not_empty(layer: Layer) -> None:
    wkb, _, _ = _read(layer, max_features=1)
    if len(wkb) == 0:
        which = f' with the filter "{layer.where}"' if layer.where else ""
        raise LabelError(f"{layer} has no features{which}.", "Choose another layer or filter.")


def _check_related(layer: Layer, crs: str, grid: Grid) -> None:
    """See that there is a way from a layer's CRS to the grid's; from a site's own there is none."""
    try:
        system = pyproj.CRS(crs)
    except CRSError as error:
        raise LabelError(
            f"{layer} has a coordinate reference system that cannot be understood; assign the right one to it."
        ) from error
    if kind := without_places(system):
        raise LabelError(
            f"{layer} has the coordinate reference system '{system.name}', which {kind}; assign the right one to it."
        )
    try:
        grid.pixels_from(crs)
    except (CRSError, ProjError) as error:
        raise LabelError(
            f"{layer} has the coordinate reference system '{system.name}', from which no way leads to the "
            f"raster's '{pyproj.CRS(grid.crs.to_wkt()).name}'.",
            "Assign the right one to it.",
        ) from error


def _bounds_in(crs: str, grid: Grid) -> tuple[float, float, float, float] | None:
    """The grid's bounds in a layer's CRS; none where they cannot be told."""
    try:
        bounds = transformer(grid.crs.to_wkt(), crs).transform_bounds(*grid.bounds(), densify_pts=21)
    except (CRSError, ProjError):
        return None
    return bounds if np.isfinite(bounds).all() and bounds[0] <= bounds[2] else None


def _to_pixels(
    geometries: np.ndarray, crs: str, grid: Grid, bounds: tuple[float, float, float, float] | None
) -> np.ndarray:
    """Reproject what is near the grid; long edges get vertices first, for straight lines bend between CRSs."""
    same = pyproj.CRS(crs).equals(pyproj.CRS(grid.crs.to_wkt()), ignore_axis_order=True)
    if bounds is not None:
        geometries = clipped(geometries, bounds)
        if not same:
            fine, step = shapely.is_valid(geometries), max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / 32
            geometries[fine] = shapely.segmentize(geometries[fine], step)
    pixels = shapely.transform(geometries, grid.pixels_from(crs), interleaved=False)
    # what the projection cannot show is elsewhere
    pixels[~np.isfinite(shapely.bounds(pixels)).all(axis=-1)] = shapely.Polygon()
    return mended(pixels, (grid.width, grid.height))


def _list(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "none"
