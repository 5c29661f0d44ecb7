"""Reading detection layers into boxes on a common grid with their truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from rasterio.transform import from_bounds
from shapely import Polygon

from ..config import Area, Labels
from ..data.crs import is_undefined
from ..data.grid import Grid, ground_grid, transformer
from ..data.mending import broken
from ..data.surfaces import geometries_of
from ..data.vectors import UNREADABLE, check_reach, unreadable
from ..errors import LabelError
from ..types import given
from .boxes import Boxes

GSD = 0.1
"""Metres per pixel of the grid on which boxes are compared; it has no influence on the scores."""

LAYER = "detections"


@dataclass(frozen=True)
class Sheet:
    """A grid that covers detections, labels and area: what a raster is to a class map."""

    grid: Grid

    def outline(self) -> Polygon:
        """All of it, in its pixels."""
        return shapely.box(0, 0, self.grid.width, self.grid.height)


def sheet_of(detections: Sequence[Path], labels: Labels, area: Area) -> Sheet:
    """The sheet of detection layers, in the first one's CRS.

    Raises:
        LabelError: the first one cannot be read or has no CRS.
    """
    info = _info(detections[0])
    layers = [*((path, _layer(path)) for path in detections), (Path(labels.path), labels.layer)]
    if area.kind == "layer":
        layers.append((Path(given(area.path)), area.layer))
    bounds = [extent for path, layer in layers if (extent := _extent(path, layer, info["crs"])) is not None]
    left, bottom = np.min(bounds, axis=0)[:2] if bounds else (0.0, 0.0)
    right, top = np.max(bounds, axis=0)[2:] if bounds else (1.0, 1.0)
    margin = 0.01 * max(right - left, top - bottom)
    cells = from_bounds(left - margin, bottom - margin, right + margin, top + margin, 1000, 1000)
    return Sheet(ground_grid(CRS.from_user_input(info["crs"]), cells, 1000, 1000, GSD))


def read_detections(path: Path, grid: Grid, names: list[str]) -> Boxes:
    """The detections of a layer as boxes in grid pixels; a layer without any is fine.

    Raises:
        LabelError: it cannot be read, lacks `class` or `score`, or has a class that is not among the names.
    """
    info = _info(path)
    missing = {"class", "score"} - set(info["fields"])
    if missing:
        raise LabelError(f"The detections {path} have no field '{min(missing)}'; give a layer that predict wrote.")
    try:
        meta, _, wkb, fields = pyogrio.raw.read(path, layer=_layer(path), columns=["class", "score"])
        values = dict(zip(meta["fields"], fields, strict=True))
        scores = values["score"].astype(float)
    except (*UNREADABLE, TypeError) as error:  # a score that is no number
        raise unreadable(f"The detections {path}", error) from error
    unknown = sorted({str(value) for value in values["class"]} - set(names))
    if unknown:
        raise LabelError(f"The detections {path} have the class '{unknown[0]}', which is none of {', '.join(names)}.")
    try:
        shapes = geometries_of(wkb)
    except ValueError as error:
        raise LabelError(f"The detections {path} have {error}, which cannot be read.") from error
    if shapely.is_missing(shapes).any() or shapely.is_empty(shapes).any() or broken(shapes).any():
        raise LabelError(f"The detections {path} have boxes without a place; give a layer that predict wrote.")
    shapes = shapely.transform(shapes, grid.pixels_from(info["crs"]), interleaved=False)
    labels = np.array([names.index(value) for value in values["class"]], np.int64)
    return Boxes(shapely.bounds(shapes).reshape(-1, 4), labels, scores)


def read_all_detections(paths: Sequence[Path], grid: Grid, names: list[str]) -> Boxes:
    """The detections of several layers, as `read_detections`."""
    parts = [read_detections(path, grid, names) for path in paths]
    return Boxes(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("corners", "labels", "scores")))


def readable_detections(paths: Sequence[Path], names: list[str]) -> tuple[list[Path], list[tuple[Path, LabelError]]]:
    """The layers that can be read, and the others with what is wrong with them; names are those of the classes."""
    used, failed = [], []
    for path in paths:
        try:
            read_detections(path, sheet_of([path], Labels(path=str(path)), Area(kind="raster")).grid, names)
            used.append(path)
        except LabelError as error:
            failed.append((path, error))
    return used, failed


def _layer(path: Path) -> str | None:
    """`predict`'s layer where there is one, else the file's first."""
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    return LAYER if LAYER in names else names[0]


def _info(path: Path) -> dict[str, Any]:
    if not Path(path).exists():
        raise LabelError(f"The detections {path} do not exist.", "Correct the path, or predict first.")
    check_reach(path)
    try:
        info: dict[str, Any] = pyogrio.read_info(path, layer=_layer(path))
    except UNREADABLE as error:
        raise unreadable(f"The detections {path}", error) from error
    if is_undefined(info["crs"]):
        raise LabelError(f"The detections {path} have no coordinate reference system; assign one to the layer.")
    return info


def _extent(path: Path, layer: str | None, crs: str) -> tuple[float, float, float, float] | None:
    """A layer's bounds in a CRS; none where it is empty or cannot be read, which is told when it is used."""
    check_reach(path)
    try:
        info = pyogrio.read_info(path, layer=layer, force_total_bounds=True)
        to_crs = transformer(info["crs"], crs)
    except (*UNREADABLE, CRSError, ProjError):
        return None
    if is_undefined(info["crs"]) or info["total_bounds"] is None or not np.isfinite(info["total_bounds"]).all():
        return None
    return to_crs.transform_bounds(*info["total_bounds"])
