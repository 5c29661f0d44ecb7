"""All rows of windows of a map seen as one raster with overviews: GDAL virtual rasters over the journal's strips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import rasterio
from rasterio.windows import Window as RasterWindow

from ..types import given
from .cog import BLOCK, cut_short, stop_if
from .journal import Journal
from .sinks import RasterDescription, writing
from .strips import STRIP, close_whole, strip_file
from .windows import WindowGrid


class Part(NamedTuple):
    """A file (w, h) and the rows that it fills, over the whole width."""

    file: str
    size: tuple[int, int]
    first: int
    end: int


def mosaic(
    journal: Journal, windows: WindowGrid, layer: str, description: RasterDescription, stop: Callable[[], bool]
) -> Path:
    """A map as one raster.

    Args:
        journal: all its rows are finished.
        windows: the lattice.
        layer: the map's name.
        description: what it means.
        stop: asked now and then whether to give up.

    Raises:
        Stopped: so it was asked.
    """
    path = _virtual(journal, layer, description, (windows.width, windows.height), _strips(journal, windows, layer))
    overviews = [path]
    while max(_shape(overviews[-1])) > BLOCK:
        name = f"{layer}_{2 ** len(overviews)}{journal.writer}.tif"
        overviews.append(_halved(overviews[-1], journal.folder / name, stop))
    _add_overviews(path, [each.name for each in overviews[1:]])
    return path


def _shape(path: Path) -> tuple[int, int]:
    with rasterio.open(path) as raster:
        found: tuple[int, int] = raster.shape
        return found


def _halved(source: Path, target: Path, stop: Callable[[], bool]) -> Path:
    """Every second pixel of every second row, in memory of a strip: GDAL's own way would keep all strips open."""
    target.unlink(missing_ok=True)
    with rasterio.open(source) as large:
        shape = {"width": -(-large.width // 2), "height": -(-large.height // 2)}
        with writing(target), rasterio.open(target, "w", **shape, **STRIP) as small:
            for row in range(0, large.height, BLOCK):
                stop_if(stop, target.name)
                rows = min(BLOCK, large.height - row)
                values = large.read(1, window=RasterWindow(0, row, large.width, rows))[::2, ::2]
                small.write(values, 1, window=RasterWindow(0, row // 2, *values.shape[::-1]))
            close_whole(small)
    return target


def _strips(journal: Journal, windows: WindowGrid, layer: str) -> list[Part]:
    rows = [(journal.row(i).name, *windows.finished(i)) for i in range(windows.rows)]
    return [
        Part(f"{row}/{strip_file(layer)}", (windows.width, end - first), first, end)
        for row, first, end in rows
        if end > first
    ]


def _virtual(
    journal: Journal, name: str, description: RasterDescription, size: tuple[int, int], parts: list[Part]
) -> Path:
    path = journal.folder / f"{name}{journal.writer}.vrt"
    shape = {"width": size[0], "height": size[1]}
    path.unlink(missing_ok=True)  # half a file of an interrupted attempt
    with writing(path):
        with rasterio.open(path, "w", driver="VRT", **{**description.profile(), **shape}) as raster:
            description.describe(raster)
        document = _parsed(path)
        _band(document).extend(_source(part, size[0]) for part in parts)
        document.write(path)
    return path


def _parsed(path: Path) -> ElementTree.ElementTree[ElementTree.Element]:
    """A virtual raster as GDAL wrote it.

    Raises:
        OSError: so it was.
    """
    try:
        return ElementTree.parse(path)  # nosec B314 # GDAL has just written it, from numbers and our own paths
    except ElementTree.ParseError as error:
        raise cut_short(path) from error


def _source(part: Part, width: int) -> ElementTree.Element:
    source = ElementTree.Element("SimpleSource")
    _file(source, part.file)
    size: dict[str, int | str] = {"RasterXSize": part.size[0], "RasterYSize": part.size[1], "DataType": "Byte"}
    # Without these GDAL would open every file as soon as it opens the whole.
    blocks = {"BlockXSize": BLOCK, "BlockYSize": BLOCK}
    _element(source, "SourceProperties", {**size, **blocks})
    _element(source, "SrcRect", {"xOff": 0, "yOff": 0, "xSize": part.size[0], "ySize": part.size[1]})
    _element(source, "DstRect", {"xOff": 0, "yOff": part.first, "xSize": width, "ySize": part.end - part.first})
    return source


def _add_overviews(path: Path, files: list[str]) -> None:
    with writing(path):
        document = _parsed(path)
        band = _band(document)
        for file in files:
            _file(ElementTree.SubElement(band, "Overview"), file)
        document.write(path)


def _band(document: ElementTree.ElementTree[ElementTree.Element]) -> ElementTree.Element:
    return given(document.getroot().find("VRTRasterBand"))


def _file(parent: ElementTree.Element, file: str) -> None:
    ElementTree.SubElement(parent, "SourceFilename", relativeToVRT="1").text = file
    ElementTree.SubElement(parent, "SourceBand").text = "1"


def _element(parent: ElementTree.Element, name: str, attributes: dict[str, int | str]) -> None:
    ElementTree.SubElement(parent, name, {key: str(value) for key, value in attributes.items()})
