"""YOLO (docs.ultralytics.com/datasets): a text file an image, a line a label: class number, shares of the sides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import shapely

from ..config import ClassDefinition
from ..errors import LabelError
from ..files import read_bytes, write_text
from .chip import LISTS, MOST_BYTES, Chip, Drawn, is_number, listed, polygon, without_holes

IMAGES, LABELS, TABLE = "images", "labels", "data.yaml"
NOT_LABELS = {*LISTS, "train.txt", "val.txt", "test.txt", "readme.txt", "README.roboflow.txt", "README.dataset.txt"}


class Writer:
    """Writes each chip's labels as they come.

    Args:
        folder: gets `labels` and `data.yaml`.
        classes: in order; number 0 is the first.
    """

    def __init__(self, folder: Path, classes: list[ClassDefinition], first_value: int) -> None:
        self._folder, self._classes = folder, classes
        (folder / LABELS).mkdir()

    def add(self, chip: Chip) -> None:
        """Write a chip's labels; a file without lines says that there are none."""
        sides = np.array([chip.width, chip.height], float)
        lines = []
        for geometry, index in zip(chip.geometries, chip.classes, strict=True):
            if chip.mask is None:
                low, high = np.reshape(geometry.bounds, (2, 2)) / sides
                lines.append(_line(index, [*(low + high) / 2, *high - low]))
            else:
                corners = (shapely.get_coordinates(part.exterior)[:-1] for part in without_holes(geometry))
                lines += [_line(index, (each / sides).ravel()) for each in corners]
        write_text(self._folder / LABELS / f"{chip.name}.txt", "".join(lines))

    def finish(self) -> None:
        """Write the table of names, which JSON is a part of YAML enough for.

        Raises:
            OSError: it cannot be written.
        """
        names = "".join(f"  {index}: {json.dumps(each.name)}\n" for index, each in enumerate(self._classes))
        write_text(self._folder / TABLE, f"path: .\ntrain: {IMAGES}\nval: {IMAGES}\nnames:\n{names}")


def read(folder: Path, given: dict[int, str]) -> tuple[list[Drawn], list[str]]:
    """The images of a folder of text files with their labels, and all class names in the order of their numbers.

    Args:
        folder: with the files, or with a folder `labels` of them.
        given: names by number, which go before those of `data.yaml` or `classes.txt`.

    Raises:
        LabelError: a file is damaged, or a number has no name.
    """
    labels = folder / LABELS if (folder / LABELS).is_dir() else folder
    names = listed([folder, labels, folder.parent, folder.parent.parent]) | given
    files = [path for path in sorted(labels.rglob("*.txt")) if path.name not in NOT_LABELS]
    if not files:
        raise LabelError(f"{folder} holds no text files with labels.", "Choose the folder that holds them.")
    drawn = [_read_file(path, path.relative_to(labels), names) for path in files]
    numbers = sorted(names) or sorted({int(name) for each in drawn for name in each.classes})
    return drawn, [names.get(number, str(number)) for number in numbers]


def _read_file(path: Path, name: Path, names: dict[int, str]) -> Drawn:
    content = read_bytes(path, MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelError(f"{path} is not UTF-8 at byte {error.start}.") from error
    if len(content) > MOST_BYTES:
        raise LabelError(f"{path} is larger than {MOST_BYTES >> 20} MB.")
    drawn = Drawn(str(name.with_suffix("")), shares=True)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            _add(drawn, line.split(), names, f"{path}, line {number},")
    return drawn


def _add(drawn: Drawn, words: list[str], names: dict[int, str], where: str) -> None:
    try:
        index, values = int(words[0]), [float(word) for word in words[1:]]
    except ValueError as error:
        raise LabelError(f"{where} is not a class number and coordinates.", "Choose another format.") from error
    if index < 0 or (names and index not in names):
        raise LabelError(f"{where} is of the class {index}, which has no name.", f"Name it with --name {index}=NAME.")
    if len(values) in (4, 5) and all(map(is_number, values)):  # the fifth is a score
        x, y, width, height = values[:4]
        shape = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    elif len(values) >= 6 and len(values) % 2 == 0 and all(map(is_number, values)):
        shape = polygon(values)
    else:
        raise LabelError(f"{where} has {len(values)} coordinates; a box has 4, a polygon from 6 on two a corner.")
    if np.abs(shape.bounds).max() > 2:
        raise LabelError(f"{where} has coordinates that are no shares of the image's sides.", "Choose another format.")
    drawn.add(shape, names.get(index, str(index)), where)


def _line(index: int, values: np.ndarray | list[float]) -> str:
    return " ".join([str(int(index)), *(f"{value:.8g}" for value in values)]) + "\n"
