"""What is drawn on an image, whichever format says it, and the geometry that the formats share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from rasterio.features import shapes
from shapely import Geometry

from ..data.masks import polygons_of
from ..errors import LabelError

MOST_PIXELS = 2**28
"""Of an image whose labels are pixels."""
MOST_BYTES = 512 * 2**20
"""Of one annotation file."""
MOST_SHAPES = 1_000_000
"""Of one image."""


@dataclass
class Drawn:
    """The labels of one image.

    Args:
        image: its file's name, perhaps with folders, as the annotations say it.
        geometries: (n,) polygons, x to the right and y down from the image's upper left corner.
        classes: (n,) class names.
        size: (width, height) of the image that they are in pixels of; none where nobody says it.
        shares: whether coordinates are shares of the image's sides instead of pixels.
        unknown: ground of which nothing is known, in the same coordinates.
    """

    image: str
    geometries: list[Geometry] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    size: tuple[int, int] | None = None
    shares: bool = False
    unknown: list[Geometry] = field(default_factory=list)

    def add(self, geometry: Geometry, name: str, where: str) -> None:
        """Take a label, mended where its outline crosses itself.

        Raises:
            LabelError: it has no area, or there are too many.
        """
        geometry = sound(geometry)
        if geometry.is_empty:
            raise LabelError(f"{where} covers no ground.", "Remove it, or draw it anew.")
        if len(self.geometries) >= MOST_SHAPES:
            raise LabelError(f"{where} is one of over {MOST_SHAPES} labels of the image {self.image}.")
        self.geometries.append(geometry)
        self.classes.append(name)


def sound(geometry: Geometry) -> Geometry:
    """The areas of a geometry, valid."""
    return polygons_of(geometry if geometry.is_valid else shapely.make_valid(geometry))


def numbers(values: Any, count: int | None, where: str) -> list[float]:
    """Finite numbers out of a stranger's list.

    Args:
        values: the list.
        count: how many; none takes any even number of them from 6 on, the corners of a polygon.
        where: what the sentence calls their owner.

    Raises:
        LabelError: it is something else.
    """
    good = isinstance(values, list) and all(is_number(value) for value in values)
    if good and (len(values) == count if count else len(values) >= 6 and len(values) % 2 == 0):
        return [float(value) for value in values]
    wanted = f"{count} numbers" if count else "the corners of a polygon, x and y in turns"
    raise LabelError(f"{where} has coordinates that are not {wanted}.", "Export the annotations again.")


def is_number(value: Any) -> bool:
    """Whether it is a finite number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12 and math.isfinite(value)


def polygon(values: list[float]) -> Geometry:
    """A polygon of corners x, y, x, y, ..."""
    return shapely.polygons(np.reshape(values, (-1, 2)))


def areas_of(mask: np.ndarray, values: frozenset[int]) -> tuple[np.ndarray, np.ndarray]:
    """Connected areas of some values of a mask.

    Args:
        mask: (H, W) whole numbers.
        values: which.

    Returns:
        Polygons (n,) along the pixels' borders, and their values (n,).
    """
    chosen = np.isin(mask, list(values))
    kind = mask.dtype if mask.dtype in (np.uint8, np.int16, np.uint16, np.int32) else np.int32
    found = [
        (shapely.Polygon(outer, holes), int(value))
        for (outer, *holes), value in (
            (shape["coordinates"], value) for shape, value in shapes(mask.astype(kind), chosen, connectivity=4)
        )
    ]
    return as_array([geometry for geometry, _ in found]), np.array([value for _, value in found], np.int64)


def as_array(geometries: Sequence[Geometry] | np.ndarray) -> np.ndarray:
    """Geometries (n,) as they are; numpy would take some of them apart."""
    array = np.empty(len(geometries), object)
    array[:] = list(geometries)
    return array


def without_holes(geometry: Geometry) -> list[Geometry]:
    """Polygons without holes that cover the same ground: those with holes are cut through them."""
    parts: list[Geometry] = []
    waiting = list(shapely.get_parts(polygons_of(geometry)))
    while waiting:
        part = waiting.pop()
        if not part.interiors:
            parts.append(part)
            continue
        left, top, right, bottom = part.bounds
        first, _, last, _ = part.interiors[0].bounds
        middle = (first + last) / 2
        halves = shapely.box(left, top, middle, bottom), shapely.box(middle, top, right, bottom)
        waiting += [
            piece for half in halves for piece in shapely.get_parts(polygons_of(shapely.intersection(part, half)))
        ]
    return parts
