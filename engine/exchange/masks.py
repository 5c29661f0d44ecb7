"""Mask folders: beside each image a picture of one band whose values are classes, 255 where nothing is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from ..config import ClassDefinition
from ..data.opening import open_raster
from ..datasets.rasters import quietly
from ..errors import LabelError
from ..files import write_text
from ..types import IGNORE_INDEX
from .chip import BACKGROUNDS, IGNORED, LISTS, MOST_PIXELS, Chip, Drawn, areas_of, listed

MASKS, FOLDERS = "masks", ("masks", "SegmentationClass", "labels", "mask")
SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".gif")


class Writer:
    """Writes each chip's mask as it comes, as a PNG with the classes' colours that lies on the map as its image does.

    Args:
        folder: gets `masks`, and `classes.txt`, whose first line names value 0.
        classes: in order.
        first_value: of the first class: 1 where 0 is background.
    """

    def __init__(self, folder: Path, classes: list[ClassDefinition], first_value: int) -> None:
        self._folder, self._classes, self._first = folder, classes, first_value
        (folder / MASKS).mkdir()

    def add(self, chip: Chip) -> None:
        """Write a chip's mask."""
        colours = {value: _rgb(each.color) for value, each in enumerate(self._classes, self._first)}
        with rasterio.open(
            self._folder / MASKS / f"{chip.name}.png", "w", driver="PNG", width=chip.width, height=chip.height, count=1,
            dtype="uint8", crs=chip.crs, transform=chip.transform, WORLDFILE="YES",
        ) as mask:  # fmt: skip
            mask.write(chip.mask, 1)
            mask.write_colormap(1, {0: (0, 0, 0, 255), **colours, IGNORE_INDEX: (255, 255, 255, 0)})

    def finish(self) -> None:
        """Name the values.

        Raises:
            OSError: it cannot be written.
        """
        names = ["background"] * self._first + [each.name for each in self._classes]
        write_text(self._folder / LISTS[0], "".join(f"{name}\n" for name in names))


def read(folder: Path, given: dict[int, str]) -> tuple[list[Drawn], list[str]]:
    """The masks of a folder as areas, and all class names in the order of their values.

    Args:
        folder: with the masks, or with a folder `masks` or `SegmentationClass` of them.
        given: names by value, which go before those of `classes.txt`; without any, 0 is background and the others
            are called by their numbers.

    Raises:
        LabelError: a mask cannot be read, or has a value without a name.
    """
    inside = next((folder / name for name in FOLDERS if (folder / name).is_dir()), folder)
    names = listed([folder, inside, folder.parent]) | given
    files = [path for path in sorted(inside.rglob("*")) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise LabelError(f"{folder} holds no masks ({', '.join(SUFFIXES)}).", "Choose the folder that holds them.")
    drawn = [_read_file(path, path.relative_to(inside), names) for path in files]
    found = {name for each in drawn for name in each.classes}
    numbered = {str(number): number for number in range(2**16)} if not names else {}
    ordered = [names[value] for value in sorted(names)] or sorted(found, key=lambda name: numbered[name])
    return drawn, [name for name in ordered if name.lower() not in BACKGROUNDS | IGNORED]


def _read_file(path: Path, name: Path, names: dict[int, str]) -> Drawn:
    values = _values(path)
    drawn = Drawn(str(name.with_suffix("")), size=(values.shape[1], values.shape[0]))
    present = {int(value) for value in np.unique(values)}
    unknown = {IGNORE_INDEX, *(value for value, text in names.items() if text.lower() in IGNORED)} & present
    background = {value for value in present if names.get(value, "").lower() in BACKGROUNDS} | (
        {0} if 0 not in names else set()
    )
    classes = present - unknown - background
    if names and (stray := sorted(classes - set(names))):
        raise LabelError(
            f"{path} has the value {stray[0]}, which has no name.", f"Name it with --name {stray[0]}=NAME."
        )
    for geometry, value in zip(*areas_of(values, frozenset(classes)), strict=True):
        drawn.add(geometry, names.get(int(value), str(value)), str(path))
    drawn.unknown = list(areas_of(values, frozenset(unknown))[0])
    return drawn


def _values(path: Path) -> np.ndarray:
    with quietly(NotGeoreferencedWarning), open_raster(str(path)) as mask:
        if mask.count != 1 or not np.issubdtype(mask.dtypes[0], np.integer):
            raise LabelError(
                f"{path} has {mask.count} bands of {mask.dtypes[0]}; a mask has one band of class numbers.",
                "Turn its colours into numbers first.",
            )
        if mask.width * mask.height > MOST_PIXELS:
            raise LabelError(f"{path} has over {MOST_PIXELS >> 20} million pixels.", "Cut it into tiles first.")
        try:
            found: np.ndarray = mask.read(1)
            return found
        except RasterioError as error:
            raise LabelError(f"{path} cannot be read: {error}.", "Export the masks again.") from error


def _rgb(color: str) -> tuple[int, int, int, int]:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue, 255
