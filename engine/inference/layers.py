"""The map layers of one prediction: windows' arrays in, finished files out."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..config import Card
from ..data.grid import Grid
from .backends import Arrays
from .blending import NODATA, Blender
from .merging import Merger
from .reading import Read
from .sinks import Colour, DetectionSink, RasterSink
from .windows import WindowGrid

CLASSES_FILE, CONFIDENCE_FILE, DETECTIONS_FILE = "classes.tif", "confidence.tif", "detections.gpkg"


@dataclass(frozen=True)
class Results:
    """Paths of what was written; none where the network has no such task or it was not asked for."""

    raster: str
    classes: Path | None = None
    confidence: Path | None = None
    detections: Path | None = None

    def as_dict(self) -> dict[str, str | None]:
        """For the `finished` event."""
        return {name: None if value is None else str(value) for name, value in asdict(self).items()}


class Layers:
    """The outputs of one raster: blends and merges the windows, and writes what is finished.

    Args:
        stack: closes the outputs.
        output: their folder.
        grid: the raster's grid.
        windows: its lattice.
        card: the model's.
        confidence: whether to write the confidence.
    """

    def __init__(
        self, stack: ExitStack, output: Path, grid: Grid, windows: WindowGrid, card: Card, confidence: bool
    ) -> None:
        self.classes = self.confidence = self.detections = None
        self.first_value = card.first_class_value()
        if "segmentation" in card.tasks:
            self.blender = Blender(windows, len(card.segmentation_channels()))
            names, colours = class_legend(card)
            self.classes = stack.enter_context(RasterSink(output / CLASSES_FILE, grid, "class", colours, names))
            if confidence:
                self.confidence = stack.enter_context(RasterSink(output / CONFIDENCE_FILE, grid, "confidence (%)"))
        if "detection" in card.tasks:
            self.merger = Merger(windows, card.iou_threshold)
            names = [one.name for one in card.detection_classes]
            self.detections = stack.enter_context(DetectionSink(output / DETECTIONS_FILE, grid, names))

    def add(self, batch: list[Read], arrays: Arrays) -> None:
        """Take windows in order, and what the backend said of those with data."""
        order = iter(range(len(batch)))
        for read in batch:
            index = None if read.image is None else next(order)
            if self.classes:
                self._segment(read, None if index is None else arrays.segmentation[index])
            if self.detections:
                self.detections.write(
                    self.merger.add(read.window, None if index is None else arrays.objects[index], read.valid)
                )

    def _segment(self, read: Read, probabilities: np.ndarray | None) -> None:
        block = self.blender.add(read.window, probabilities, read.valid)
        values = block.channels + np.uint8(self.first_value) * (block.channels != NODATA)
        self.classes.write(block.row, block.column, values.astype(np.uint8))
        if self.confidence:
            self.confidence.write(block.row, block.column, block.confidence)

    def finish(self, raster: str) -> Results:
        """Put the files in place."""
        paths = {name: getattr(self, name) for name in ("classes", "confidence", "detections")}
        return Results(raster, **{name: sink and sink.finish() for name, sink in paths.items()})


def class_legend(card: Card) -> tuple[dict[int, str], dict[int, Colour]]:
    """Names and colours of the class map's values."""
    channels = dict(enumerate(card.segmentation_channels(), start=card.first_class_value()))
    names = {value: channel.name for value, channel in channels.items()}
    return names, {value: _rgba(channel.color) for value, channel in channels.items()}


def _rgba(colour: str) -> Colour:
    return (*bytes.fromhex(colour.removeprefix("#")), 255)
