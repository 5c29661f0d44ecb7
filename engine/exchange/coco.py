"""COCO (cocodataset.org/#format-data): one JSON file with images, categories and annotations.

Plain JSON on both sides: pycocotools' C code unpacks run lengths without looking at bounds, and strangers wrote them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from ..config import ClassDefinition
from ..errors import LabelError
from ..files import parse_object, read_bytes, write_text
from .chip import MOST_BYTES, MOST_PIXELS, Chip, Drawn, areas_of, as_name, is_number, numbers, polygon, without_holes

FILE = "annotations.json"
_DECIMALS = 3
"""Of pixels: a thousandth."""


class Writer:
    """Collects chips, and writes them in the end.

    Args:
        folder: gets `annotations.json`; the images lie in its folder `images`, under their names in the file.
        classes: in order; category 1 is the first.
    """

    def __init__(self, folder: Path, classes: list[ClassDefinition], first_value: int) -> None:
        self._folder = folder
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._categories = [{"id": index, "name": each.name} for index, each in enumerate(classes, 1)]

    def add(self, chip: Chip) -> None:
        """Take a chip's labels."""
        number = len(self._images) + 1
        self._images.append({"id": number, "file_name": chip.file, "width": chip.width, "height": chip.height})
        for geometry, index in zip(chip.geometries, chip.classes, strict=True):
            left, top, right, bottom = geometry.bounds
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": number,
                    "category_id": int(index) + 1,
                    "bbox": _rounded([left, top, right - left, bottom - top]),
                    "area": round(geometry.area, _DECIMALS),
                    "iscrowd": 0,
                    "segmentation": [_corners(part) for part in without_holes(geometry)],
                }
            )

    def finish(self) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        values = {"images": self._images, "annotations": self._annotations, "categories": self._categories}
        write_text(self._folder / FILE, json.dumps({"info": {"description": "GeoDistil chips"}, **values}))


def read(path: Path, given: dict[int, str]) -> tuple[list[Drawn], list[str]]:
    """The images of a file with their labels, and all class names in the order of their numbers.

    Args:
        path: the JSON file.
        given: names by category, which go before the file's own.

    Raises:
        LabelError: it is no COCO, or something in it cannot be.
    """
    try:
        values = parse_object(read_bytes(path, MOST_BYTES), MOST_BYTES)
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise LabelError(f"{path} cannot be read: {error}.", "Export the annotations again.") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(values.get(key), list) or not all(isinstance(each, dict) for each in values[key]):
            raise LabelError(f"{path} is not in the COCO format: it has no list '{key}'.", "Choose another format.")
    names: Mapping[str | None, str] = _names(values["categories"], given, path)
    images: Mapping[str | None, Drawn] = dict(_images(values["images"], path))
    for place, entry in enumerate(values["annotations"], 1):
        where = f"{path}: annotation {_shown(entry.get('id', place))}"
        drawn = images.get(_key(entry.get("image_id")))
        if drawn is None:
            raise LabelError(f"{where} is of the image {_shown(entry.get('image_id'))}, which is not among its images.")
        name = names.get(_key(entry.get("category_id")))
        if name is None:
            raise LabelError(
                f"{where} is of the category {_shown(entry.get('category_id'))}, which is not among its categories.",
                "Name it with --name, such as --name 3=car, or export the annotations again.",
            )
        geometry = _geometry(entry, drawn, where)
        if entry.get("iscrowd") == 1:  # a crowd is not told apart: of its ground nothing is known
            drawn.unknown.append(geometry)
        else:
            drawn.add(geometry, name, where)
    return list(images.values()), list(dict.fromkeys(names.values()))


def _names(categories: list[dict[str, Any]], given: dict[int, str], path: Path) -> dict[str | None, str]:
    """Names by the categories' numbers as text, in the order of the file."""
    names: dict[str | None, str] = {}
    for entry in categories:
        if _key(entry.get("id")) is None or not isinstance(entry.get("name"), str):
            raise LabelError(f"{path} has a category without a number and a name.", "Export the annotations again.")
        names[_key(entry["id"])] = as_name(entry["name"], str(path))
    return names | {str(number): name for number, name in given.items()}


def _images(entries: list[dict[str, Any]], path: Path) -> Iterator[tuple[str, Drawn]]:
    for entry in entries:
        name, number = entry.get("file_name"), _key(entry.get("id"))
        if number is None or not isinstance(name, str) or not name:
            raise LabelError(f"{path} has an image without a number and a file name.", "Export the annotations again.")
        size: tuple[Any, Any] = entry.get("width"), entry.get("height")
        known = all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in size)
        yield number, Drawn(name, size=size if known else None)


def _geometry(entry: dict[str, Any], drawn: Drawn, where: str) -> Geometry:
    outline = entry.get("segmentation")
    if isinstance(outline, dict):
        return _from_runs(outline, drawn, where)
    if isinstance(outline, list) and outline:
        if not isinstance(outline[0], list):  # one polygon, as some programs write it
            outline = [outline]
        return shapely.union_all([polygon(numbers(part, None, where)).buffer(0) for part in outline])
    left, top, width, height = numbers(entry.get("bbox"), 4, where)
    return shapely.box(left, top, left + width, top + height)


def _from_runs(values: dict[str, Any], drawn: Drawn, where: str) -> Geometry:
    """The area of a run-length encoding: counts of 0 and 1 in turns, column by column."""
    size: Any = values.get("size")
    counts = values.get("counts")
    sides = isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)
    if not sides or size[0] * size[1] > MOST_PIXELS:
        raise LabelError(f"{where} has run lengths of an image of no size, or of one that is too large.")
    runs: Any = _uncompressed(counts, where) if isinstance(counts, str) else counts
    good = isinstance(runs, list) and all(isinstance(each, int) and each >= 0 for each in runs)
    if not good or sum(runs) != size[0] * size[1] or (drawn.size and drawn.size != (size[1], size[0])):
        raise LabelError(f"{where} has run lengths that do not fit its image.", "Export the annotations again.")
    flat = np.repeat(np.arange(len(runs), dtype=np.int64) % 2, runs).astype(np.uint8)
    areas, _ = areas_of(np.ascontiguousarray(flat.reshape(size[1], size[0]).T), frozenset({1}))
    return shapely.union_all(areas)


def _uncompressed(text: str, where: str) -> list[int]:
    """COCO's own packing: five bits a letter, the lowest first; from the third on, differences to the second before."""
    runs: list[int] = []
    value = shift = 0
    for letter in text.encode("ascii", "replace"):
        bits = letter - 48
        if not 0 <= bits < 64 or shift > 60:
            raise LabelError(f"{where} has run lengths that cannot be unpacked.", "Export the annotations again.")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs


def _corners(part: Geometry) -> list[float]:
    return _rounded(shapely.get_coordinates(part.exterior)[:-1].ravel().tolist())


def _rounded(values: list[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in values]


def _key(value: Any) -> str | None:
    """Numbers of images and categories, which some programs write as texts."""
    return str(value) if isinstance(value, str) or (is_number(value) and isinstance(value, int)) else None


def _shown(value: Any) -> str:
    return repr(value)[:40]
