"""Mosaics of some tiles of a VRT, cropped to them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

from engine.data.reach import permit

NO_DATA = 255


def write_mosaic(vrt: Path, keep: Callable[[str], bool], output: Path) -> Path:
    """Write a VRT of those tiles of another VRT whose file's stem is kept; ground between them has no data.

    Args:
        vrt: of tiles beside each other, north up, paths relative to it.
        keep: says of a stem whether the tile stays.
        output: the new file; its paths are absolute.

    Returns:
        `output`.
    """
    root = ElementTree.parse(vrt).getroot()
    for band in root.iter("VRTRasterBand"):
        _keep_tiles(band, keep, vrt.resolve().parent)
    left, top, right, bottom = _bounds(root)
    for place in root.iter("DstRect"):
        place.set("xOff", f"{float(place.get('xOff')) - left}")
        place.set("yOff", f"{float(place.get('yOff')) - top}")
    root.set("rasterXSize", str(round(right - left)))
    root.set("rasterYSize", str(round(bottom - top)))
    _shift(root.find("GeoTransform"), left, top)
    output.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(output)
    return output


def _keep_tiles(band: ElementTree.Element, keep: Callable[[str], bool], folder: Path) -> None:
    for source in [each for each in band if each.find("SourceFilename") is not None]:
        name = source.find("SourceFilename")
        if not keep(Path(name.text).stem):
            band.remove(source)
        name.text = str(folder / name.text)
        name.set("relativeToVRT", "0")
    no_data = ElementTree.Element("NoDataValue")
    no_data.text = str(NO_DATA)
    band.insert(0, no_data)


def _bounds(root: ElementTree.Element) -> tuple[float, float, float, float]:
    places = [[float(place.get(key)) for key in ("xOff", "yOff", "xSize", "ySize")] for place in root.iter("DstRect")]
    return (
        min(x for x, _, _, _ in places),
        min(y for _, y, _, _ in places),
        max(x + width for x, _, width, _ in places),
        max(y + height for _, y, _, height in places),
    )


def _shift(transform: ElementTree.Element, columns: float, rows: float) -> None:
    x, width, a, y, b, height = (float(number) for number in transform.text.split(","))
    moved = x + columns * width + rows * a, width, a, y + columns * b + rows * height, b, height
    transform.text = ", ".join(f"{number:.17g}" for number in moved)


def permit_mosaics() -> None:
    """Let this process read mosaics, which lie elsewhere than their tiles, all of them ours."""
    permit((), allow_remote=True)
