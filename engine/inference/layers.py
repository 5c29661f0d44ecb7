"""The map layers of one prediction: windows' arrays in, finished files out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..config import Card
from ..malloc import give_back
from ..types import given
from .backends import Arrays
from .blending import NODATA, Blender
from .merging import Found, Merger
from .mosaic import mosaic
from .opened import Prediction
from .reading import Read
from .sinks import Colour, DetectionSink, RasterDescription, publish
from .strips import Rows, read_objects
from .windows import WindowGrid

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
