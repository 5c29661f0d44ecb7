"""Pascal VOC (host.robots.ox.ac.uk/pascal/VOC): an XML file an image, with boxes in whole pixels counted from 1."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np
import shapely

from ..config import ClassDefinition
from ..errors import LabelError
from ..files import read_bytes, write_text
from .chip import Chip, Drawn, as_name, is_number

IMAGES, ANNOTATIONS = "images", "Annotations"
_MOST_BYTES = 16 * 2**20


class Writer:
    """Writes each chip's boxes as they come.

    Args:
        folder: gets `Annotations`.
        classes: in order.
    """

    def __init__(self, folder: Path, classes: list[ClassDefinition], first_value: int) -> None:
        self._folder, self._classes = folder / ANNOTATIONS, classes
        self._folder.mkdir()

    def add(self, chip: Chip) -> None:
        """Write a chip's boxes."""
        objects = "".join(
            _object(self._classes[index].name, geometry.bounds, chip)
            for geometry, index in zip(chip.geometries, chip.classes, strict=True)
        )
        size = f"<width>{chip.width}</width><height>{chip.height}</height><depth>{len(chip.image)}</depth>"
        text = (
            f"<annotation>\n  <folder>{IMAGES}</folder>\n  <filename>{escape(chip.file)}</filename>\n"
            f"  <size>{size}</size>\n  <segmented>0</segmented>\n{objects}</annotation>\n"
        )
        write_text(self._folder / f"{chip.name}.xml", text)

    def finish(self) -> None:
        """Nothing is left to write."""


def read(folder: Path, given: dict[int, str]) -> tuple[list[Drawn], list[str]]:
    """The images of a folder of XML files with their labels, and all class names in alphabetical order.

    Args:
        folder: with the files, or with a folder `Annotations` of them; or one file.
        given: not used: the format has names.

    Raises:
        LabelError: a file is damaged.
    """
    inside = folder / ANNOTATIONS if (folder / ANNOTATIONS).is_dir() else folder
    files = [folder] if folder.is_file() else sorted(inside.rglob("*.xml"))
    files = [path for path in files if not path.name.endswith(".aux.xml")]
    if not files:
        raise LabelError(f"{folder} holds no XML files.", "Choose the folder that holds them.")
    drawn = [_read_file(path) for path in files]
    return drawn, sorted({name for each in drawn for name in each.classes})


class _WithoutTypes(ElementTree.TreeBuilder):
    """Refuses document types, and with them entities, which no annotation needs and which can grow without end."""

    def doctype(self, *_: object) -> None:
        raise ValueError("it declares a document type, which no annotation needs")


def _read_file(path: Path) -> Drawn:
    root = _parsed(path)
    if root.tag != "annotation":
        raise LabelError(f"{path} is not in the Pascal VOC format: it is no annotation.", "Choose another format.")
    drawn = Drawn(root.findtext("filename") or path.stem, size=_size(root))
    for number, entry in enumerate(root.findall("object"), 1):
        where = f"{path}: object {number}"
        low_x, low_y, high_x, high_y = (_side(entry, name, where) for name in ("xmin", "ymin", "xmax", "ymax"))
        name = as_name(entry.findtext("name") or "", where)
        drawn.add(shapely.box(low_x - 1, low_y - 1, high_x, high_y), name, where)
    return drawn


def _parsed(path: Path) -> ElementTree.Element:
    try:
        content = read_bytes(path, _MOST_BYTES)
        if len(content) > _MOST_BYTES:
            raise LabelError(f"{path} is larger than {_MOST_BYTES >> 20} MB.")
        parser = ElementTree.XMLParser(target=_WithoutTypes())  # nosec B314 # document types are refused, sizes bounded
        parser.feed(content)
        return parser.close()
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise LabelError(f"{path} is no sound XML: {error}.", "Export the annotations again.") from error


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    """Width and height; none where they are not said, as some programs leave them at 0."""
    try:
        sides = tuple(int(root.findtext(f"size/{name}") or 0) for name in ("width", "height"))
    except ValueError:
        return None
    return (sides[0], sides[1]) if min(sides) > 0 else None


def _side(entry: ElementTree.Element, name: str, where: str) -> float:
    try:
        value = float(entry.findtext(f"bndbox/{name}") or "")
    except ValueError:
        value = np.nan
    if not is_number(value):
        raise LabelError(f"{where} has no number {name} in its bndbox.", "Export the annotations again.")
    return value


def _object(name: str, bounds: tuple[float, float, float, float], chip: Chip) -> str:
    """A box in whole pixels, at least one each way."""
    left, top = (
        int(np.clip(round(low), 0, side - 1)) for low, side in zip(bounds[:2], (chip.width, chip.height), strict=True)
    )
    right, bottom = max(round(bounds[2]), left + 1), max(round(bounds[3]), top + 1)
    truncated = int(min(bounds[:2]) <= 0 or bounds[2] >= chip.width or bounds[3] >= chip.height)
    sides = f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
    return (
        f"  <object><name>{escape(name)}</name><pose>Unspecified</pose><truncated>{truncated}</truncated>"
        f"<difficult>0</difficult><bndbox>{sides}</bndbox></object>\n"
    )
