"""The maps and objects of each row of windows on their way to the disk, and all rows seen as one raster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import rasterio
from rasterio.io import DatasetWriter
from rasterio.transform import from_origin
from rasterio.windows import Window as RasterWindow

from ..types import given
from .journal import Journal
from .merging import Found
from .reading import Worker
from .sinks import BLOCK, RasterDescription, cut_short, stop_if, writing
from .windows import NODATA, WindowGrid

if TYPE_CHECKING:
    from typing_extensions import Self


OBJECTS = "objects.npz"
WAITING_BLOCKS = 16
STRIP = {
    "driver": "GTiff",
    "dtype": "uint8",
    "count": 1,
    "nodata": NODATA,
    # Any but none, which GDAL would warn of.
    "transform": from_origin(0, 0, 2, 2),
    "tiled": True,
    "blockxsize": BLOCK,
    "blockysize": BLOCK,
}
"""Not compressed: the finished map is, and doing it twice would cost more of a processor than all the writing."""


class StripWriter:
    """Writes rows of windows into a journal, one after the other; all its methods belong into one thread.

    Args:
        journal: where to.
        windows: the lattice.
        layers: names of the maps, and what their files are like where that is not `STRIP`.
    """

    def __init__(self, journal: Journal, windows: WindowGrid, layers: dict[str, dict[str, Any]]) -> None:
        self.journal, self.windows, self.layers = journal, windows, layers
        self._open: dict[str, DatasetWriter] = {}
        self._folder: Path | None = None

    def write(self, i: int, layer: str, row: int, column: int, values: np.ndarray) -> None:
        """Write values of row `i` of windows, (h, w) or (K, h, w), from a row and column of the grid on.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        self._begin(i)
        if values.size:
            values = values.reshape(-1, *values.shape[-2:])
            place = RasterWindow(column, row - self.windows.finished(i)[0], *reversed(values.shape[1:]))
            with writing(given(self._folder)):
                self._open[layer].write(values, window=place)

    def commit(self, i: int, found: Found | None) -> None:
        """Finish row `i`, with the objects of its windows.

        Raises:
            OutputError: the disk is full, or the folder vanished.
        """
        self._begin(i)
        folder, self._folder = given(self._folder), None
        with writing(folder):
            for dataset in self._open.values():
                close_whole(dataset)
            self._open = {}
            if found is not None:
                np.savez(folder / OBJECTS, **vars(found))
        self.journal.commit(i)

    def close(self) -> None:
        """Let go of the files."""
        for dataset in self._open.values():
            dataset.close()
        self._open = {}

    def _begin(self, i: int) -> None:
        if self._folder is not None:
            return
        self._folder = self.journal.begin(i)
        with writing(self._folder):
            first, end = self.windows.finished(i)
            shape = {"width": self.windows.width, "height": end - first}
            for layer, profile in self.layers.items() if end > first else ():
                profile = {**STRIP, **profile, **shape}
                self._open[layer] = rasterio.open(self._folder / strip_file(layer), "w", **profile)


class Rows:
    """What the outputs of one raster share: rows of windows go into a journal, in a thread that compresses and writes.

    Used as a context: the thread ends with it.

    Args:
        journal: may hold finished rows already.
        windows: the lattice.
        layers: as of `StripWriter`.
    """

    def __init__(self, journal: Journal, windows: WindowGrid, layers: dict[str, dict[str, Any]]) -> None:
        self.journal, self.windows = journal, windows
        self.strips = StripWriter(journal, windows, layers)
        self.writer = Worker(WAITING_BLOCKS, "writer")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.writer.close()
        self.strips.close()

    def settle(self) -> None:
        """Have all rows that were added in the journal."""
        self.writer.wait()


def close_whole(dataset: DatasetWriter) -> None:
    """Close a raster in tiles of `BLOCK` without compression, and see that it is all there.

    Raises:
        OSError: it is not.
    """
    tiles = -(-dataset.width // BLOCK) * -(-dataset.height // BLOCK)
    needed = tiles * BLOCK**2 * dataset.count * np.dtype(dataset.dtypes[0]).itemsize
    dataset.close()
    if Path(dataset.name).stat().st_size < needed:
        raise cut_short(dataset.name)


def read_objects(folder: Path) -> Found:
    """The objects of a finished row's windows."""
    with np.load(folder / OBJECTS) as arrays:
        return Found(**arrays)


def strip_file(layer: str) -> str:
    """The name of a map's file in a row's folder."""
    return f"{layer}.tif"


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
