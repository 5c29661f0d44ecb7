"""The map layers of one prediction, of classes, objects or values: windows' arrays in, finished files out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.io import DatasetWriter
from rasterio.windows import Window as RasterWindow

from ..config import Card
from ..malloc import give_back
from ..types import given
from .backends import Arrays
from .merging import Found, Merger
from .opened import Prediction
from .reading import Read
from .sinks import BLOCK, Colour, DetectionSink, RasterDescription, optimise, publish, stop_if, writing
from .strips import Rows, close_whole, mosaic, read_objects, strip_file
from .windows import NODATA, Blender, Window, WindowGrid, axis_weights

CLASSES, CONFIDENCE, DETECTIONS = "classes", "confidence", "detections"


@dataclass(frozen=True)
class Results:
    """Paths of what was written; none where the network has no such task or it was not asked for."""

    raster: str
    classes: Path | None = None
    confidence: Path | None = None
    detections: Path | None = None
    values: Path | None = None

    @property
    def files(self) -> dict[str, Path]:
        """What was written, by its name here."""
        return {name: path for name, path in vars(self).items() if path and name != "raster"}

    @classmethod
    def from_dict(cls, values: dict[str, str | None]) -> Results:
        """As `as_dict` gave it."""
        raster = values["raster"] or ""
        paths = {name: Path(value) for name, value in values.items() if value and name != "raster"}
        return cls(raster, **paths)

    def as_dict(self) -> dict[str, str | None]:
        """For the `finished` event."""
        return {name: None if value is None else str(value) for name, value in asdict(self).items()}


class Layers(Rows):
    """The outputs of one raster: blends the windows, keeps what is finished in a journal, and merges detections.

    Args:
        prediction: of the raster.
        windows: its lattice.
        output: the files' folder; none is the prediction's.
    """

    def __init__(self, prediction: Prediction, windows: WindowGrid, output: Path | None = None) -> None:
        self.output, self.region, self.card = output or prediction.output, prediction.opened.region, prediction.card
        card, confidence, grid = self.card, prediction.options.confidence, self.region.grid
        self.first_value = card.first_class_value()
        self.blender = self.merger = None
        self.maps: dict[str, RasterDescription] = {}
        if "segmentation" in card.tasks:
            self.blender = Blender(windows, len(card.segmentation_channels()), confidence)
            names, colours = class_legend(card)
            self.maps[CLASSES] = RasterDescription(grid, "class", colours, names)
            if confidence:
                self.maps[CONFIDENCE] = RasterDescription(grid, "confidence (%)")
        if "detection" in card.tasks:
            self.merger = Merger(windows, card.iou_threshold)
        self._found: list[Found] = []
        super().__init__(prediction.journal, windows, {name: {} for name in self.maps})

    @property
    def needs_border(self) -> bool:
        """Whether a row can only be finished after the one above was run."""
        return self.blender is not None

    def add(self, batch: list[Read], arrays: Arrays) -> None:
        """Take windows in order, and what the backend said of those with data."""
        order = iter(range(len(batch)))
        for read in batch:
            index = None if read.image is None else next(order)
            if self.blender:
                self._segment(read, None if index is None else given(arrays.segmentation)[index])
            if not read.window.kept:
                continue
            if self.merger and index is not None:
                self._found.append(self.merger.placed(read.window, given(arrays.objects)[index], given(read.valid)))
            if read.window.j == self.windows.columns - 1:
                self.writer.give(self.strips.commit, read.window.i, self.merger and Found.join(self._found))
                self._found = []

    def _segment(self, read: Read, probabilities: np.ndarray | None) -> None:
        block = given(self.blender).add(read.window, probabilities, read.shown)
        if not read.window.kept:
            return
        values = block.channels
        if self.first_value:
            values = values + np.uint8(self.first_value) * (values != NODATA)
        for layer, part in ((CLASSES, values), (CONFIDENCE, block.confidence)):
            if part is not None:
                self.writer.give(self.strips.write, read.window.i, layer, block.row, block.column, part)

    def finish(self, raster: str, stop: Callable[[], bool]) -> Results:
        """Put the files in place.

        Args:
            raster: the raster's path.
            stop: asked now and then whether to give up.
        """
        self.settle()
        give_back()
        paths: dict[str, Path] = {}
        for layer, description in self.maps.items():
            source = mosaic(self.journal, self.windows, layer, description, stop)
            give_back()
            paths[layer] = publish(source, self.output / f"{layer}.tif", description, stop)
        if self.merger:
            paths[DETECTIONS] = self._publish_detections()
        return Results(raster, **paths)

    def _publish_detections(self) -> Path:
        names = [one.name for one in self.card.detection_classes]
        with DetectionSink(self.output / f"{DETECTIONS}.gpkg", self.region.raster, names) as sink:
            for i in range(self.windows.rows):
                found = given(self.merger).end_row(i, read_objects(self.journal.row(i)))
                sink.write(self.region.on_raster(found))
            return sink.finish()


def class_legend(card: Card) -> tuple[dict[int, str], dict[int, Colour]]:
    """Names and colours of the class map's values."""
    channels = dict(enumerate(card.segmentation_channels(), start=card.first_class_value()))
    names = {value: channel.name for value, channel in channels.items()}
    return names, {value: _rgba(channel.color) for value, channel in channels.items()}


def _rgba(colour: str) -> Colour:
    return (*bytes.fromhex(colour.removeprefix("#")), 255)


VALUES = "values"
NO_VALUE = float("nan")


class ValueBlender:
    """Blends windows that come in the lattice's order, carrying their borders as `Blender` does, but in float32.

    Args:
        grid: the lattice.
        bands: K.
    """

    def __init__(self, grid: WindowGrid, bands: int) -> None:
        self.grid = grid
        self._right = np.zeros((bands, grid.tile, grid.overlap), np.float32)
        self._bottom = np.zeros((bands, grid.overlap, grid.columns * grid.stride + grid.overlap), np.float32)

    def add(self, window: Window, values: np.ndarray | None) -> np.ndarray:
        """Take the next window (K, tile, tile), none without data; give back (K, h, w) that no later one changes."""
        left, top, right, bottom = self.grid.inner_edges(window)
        tile, overlap, stride = self.grid.tile, self.grid.overlap, self.grid.stride
        weights = axis_weights(tile, overlap, top, bottom)[:, None] * axis_weights(tile, overlap, left, right)
        weighted = (np.zeros((len(self._right), tile, tile), np.float32) if values is None else values) * weights
        if left:
            weighted[:, :, :overlap] += self._right
        if right:
            self._right[...] = weighted[:, :, stride:]
        done = weighted[:, :, : stride if right else tile]
        border = self._bottom[:, :, window.j * stride : window.j * stride + done.shape[2]]
        if top:
            done[:, :overlap] += border
        if bottom:
            border[...] = done[:, stride:]
        found: np.ndarray = done[:, : stride if bottom else tile]
        return found


class ValueLayers(Rows):
    """`values.tif` of one raster, in the place of `Layers`, and like it: finished rows wait in the journal.

    Args:
        prediction: of the raster.
        windows: its lattice.
        output: the file's folder; none is the prediction's.
    """

    needs_border = True

    def __init__(self, prediction: Prediction, windows: WindowGrid, output: Path | None = None) -> None:
        self.path, self.grid = (output or prediction.output) / f"{VALUES}.tif", prediction.opened.region.grid
        self.names = [one.name for one in prediction.card.values]
        self.blender = ValueBlender(windows, len(self.names))
        super().__init__(prediction.journal, windows, {VALUES: self._profile()})

    def add(self, batch: list[Read], arrays: Arrays) -> None:
        """Take windows in order, and what the backend said of those with data."""
        order = iter(range(len(batch)))
        for read in batch:
            values = None if read.image is None else given(arrays.values)[next(order)]
            block = self.blender.add(read.window, values)
            if not read.window.kept:
                continue
            inside = self.windows.inside(read.window, *block.shape[1:])
            rows, columns = inside
            block = block[:, rows, columns]
            valid = np.zeros(block.shape[1:], bool) if read.shown is None else read.shown[inside]
            row, column = max(0, read.window.row), max(0, read.window.column)
            shown = np.where(valid, block, np.float32(NO_VALUE))
            self.writer.give(self.strips.write, read.window.i, VALUES, row, column, shown)
            if read.window.j == self.windows.columns - 1:
                self.writer.give(self.strips.commit, read.window.i, None)

    def finish(self, raster: str, stop: Callable[[], bool]) -> Results:
        """Put the file in place.

        Args:
            raster: the raster's path.
            stop: asked now and then whether to give up.
        """
        self.settle()
        whole, optimised = self._whole(stop), self.path.with_name(f"{VALUES}.partial.cog.tif")
        with writing(self.path):
            optimise(whole, optimised, stop)
            optimised.replace(self.path)
        return Results(raster, values=self.path)

    def _profile(self) -> dict[str, Any]:
        return {"count": len(self.names), "dtype": "float32", "nodata": NO_VALUE}

    def _whole(self, stop: Callable[[], bool]) -> Path:
        """The rows of the journal as one raster."""
        path, grid = self.journal.folder / f"{VALUES}{self.journal.writer}.tif", self.grid
        shape = {"width": grid.width, "height": grid.height, "crs": grid.crs, "transform": grid.transform}
        tiles = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "bigtiff": "IF_SAFER", "interleave": "band"}
        with (
            writing(path),
            rasterio.open(path, "w", driver="GTiff", **shape, **tiles, **self._profile()) as target,
        ):
            for band, name in enumerate(self.names, 1):
                target.set_band_description(band, name)
            for i in range(self.windows.rows):
                stop_if(stop, self.path.name)
                first, end = self.windows.finished(i)
                if end > first:
                    _copy(self.journal.row(i) / strip_file(VALUES), target, first)
            close_whole(target)
        return path


def _copy(source: Path, target: DatasetWriter, row: int) -> None:
    """Put a strip into a raster from a row on, block by block: a strip is as wide as the map."""
    with rasterio.open(source) as strip:
        for _, part in strip.block_windows(1):
            place = RasterWindow(part.col_off, row + part.row_off, part.width, part.height)
            target.write(strip.read(window=part), window=place)
