"""A chip to be exported: its pixels, where it lies, what is drawn on it, and the names of its classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import yaml
from rasterio.crs import CRS
from rasterio.features import shapes
from rasterio.transform import Affine
from shapely import Geometry

from ..config.validation import MOST_CLASSES, legible
from ..data.masks import polygons_of
from ..errors import LabelError
from ..files import read_bytes

BACKGROUNDS = {"background", "_background_", "__background__", "bg", "unlabeled", "unlabelled"}
"""What value 0 of masks is called where it is no class."""
IGNORED = {"__ignore__", "void", "ignore"}
"""Names of what counts nowhere."""
LISTS = ("classes.txt", "obj.names", "labels.txt")
"""One name a line, the first is number 0."""
TABLES = ("data.yaml", "data.yml", "dataset.yaml")
"""With `names`, a list or a table."""
_MOST_BYTES = 2**20


def as_name(text: str, where: str) -> str:
    """A class name that maps can show.

    Raises:
        LabelError: there is nothing left of it.
    """
    if not text.strip():
        raise LabelError(f"{where} has a class without a name.", "Name it, then export the annotations again.")
    return legible(text)


def listed(folders: list[Path]) -> dict[int, str]:
    """Names by number from the first list or table found in some folders; empty where there is none.

    Raises:
        LabelError: it is damaged, or has too many.
    """
    for folder in folders:
        for name in TABLES:
            if (folder / name).is_file():
                return _checked(_of_table(folder / name), folder / name)
        for name in LISTS:
            if (folder / name).is_file():
                lines = _text(folder / name).splitlines()
                return _checked({number: line for number, line in enumerate(lines) if line.strip()}, folder / name)
    return {}


def _of_table(path: Path) -> dict[Any, Any]:
    try:
        values = yaml.safe_load(_text(path))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise LabelError(f"{path} is no sound YAML.", "Export the annotations again.") from error
    names = values.get("names") if isinstance(values, dict) else None
    if isinstance(names, list):
        return dict(enumerate(names))
    return names if isinstance(names, dict) else {}


def _checked(names: dict[Any, Any], path: Path) -> dict[int, str]:
    sound = all(isinstance(key, int) and key >= 0 and isinstance(name, str | int) for key, name in names.items())
    if not names or not sound or len(names) > MOST_CLASSES + 2:
        raise LabelError(f"{path} has no list of class names, or one of over {MOST_CLASSES}.", "Give names by --name.")
    return {int(key): as_name(str(name), str(path)) for key, name in names.items()}


def _text(path: Path) -> str:
    try:
        return read_bytes(path, _MOST_BYTES)[:_MOST_BYTES].decode("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path} is not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from error


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


@dataclass
class Chip:
    """A window of a source.

    Args:
        name: unique, and fit for a file.
        file: its image's name in the folder `images`.
        image: (C, H, W) raw values.
        counted: (H, W) bool, the pixels of which labels are known.
        geometries: (n,) polygons in its pixels, inside it.
        classes: (n,) class indices.
        mask: (H, W) uint8, classes of areas with 255 where nothing is known; none of boxes.
        crs: of the ground.
        transform: from its pixels to the CRS.
    """

    name: str
    file: str
    image: np.ndarray
    counted: np.ndarray
    geometries: np.ndarray
    classes: np.ndarray
    mask: np.ndarray | None
    crs: CRS
    transform: Affine

    @property
    def width(self) -> int:
        """Columns."""
        found: int = self.image.shape[2]
        return found

    @property
    def height(self) -> int:
        """Rows."""
        found: int = self.image.shape[1]
        return found
