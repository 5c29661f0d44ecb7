"""Boxes from areas: the extents of connected components, strip by strip (docs/methods.md, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field
from rasterio.crs import CRS
from rasterio.transform import Affine

from ...config.limits import BOUNDED, ClassValues
from ...datasets.components import MINIMUM_PIXELS, large_enough, opened
from ...events import EventLog, Log
from .class_map import BACKGROUND, NODATA
from .ground import placed
from .layer import Fields, VectorLayer
from .objects import Objects
from .watching import watched

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
