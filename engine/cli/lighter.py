"""`export --int8`: a package's graphs in eight bits, each kept only where it scores as well, or nearly so."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..config import Card, load_run
from ..data import Prepared, prepare, validation_batches
from ..data.raster import RasterReader
from ..errors import ConfigError
from ..inference import Arrays, OnnxBackend
from ..inference.checks import open_raster
from ..inference.reading import window_reader
from ..inference.windows import window_grid
from ..packages.int8 import quantise
from ..packages.item import ONNX_FILES
from ..training.metrics import MAIN, DetectionScore, SegmentationScore
from ..types import IGNORE_INDEX, Batch, Objects, Task

if TYPE_CHECKING:
    from ..config import Run

CALIBRATING, JUDGING = 24, 24
"""Windows that find the ranges of the activations, and others that judge."""
CANDIDATES = 0.05
"""Detections from this score on decide AP."""


@dataclass(frozen=True)
class Judged:
    """How a task fares in eight bits: its score (mean IoU or AP50) before and after, and whether it was kept."""

    task: Task
    before: float
    after: float
    kept: bool
    truth: str

    def sentence(self) -> str:
        """For people."""
        metric = MAIN[self.task].rpartition("/")[2]
        fate = "kept" if self.kept else "left in 32 bits"
        return f"{self.task} in 8 bits: {metric} {self.before:.4f} -> {self.after:.4f} ({self.truth}), {fate}"


def lighten(model: Path, folder: Path, card: Card, chips: list[str], max_loss: float) -> list[Judged]:
    """Put graphs in eight bits in the place of a package's own.

    Args:
        model: what the person named; a run folder, or the package inside one, brings imagery and labels.
        folder: a copy of the package, which is changed.
        card: its card.
        chips: rasters; none takes the run's.
        max_loss: how far a task's score may fall. Without labels the score is that against the package's own answers.

    Raises:
        ConfigError: there is neither a run nor a raster, or a raster is smaller than two windows.
    """
    run = None if chips else _run_of(model)
    if run is None and not chips:
        raise ConfigError(
            f"{model} lies in no run folder, so there is no imagery to find the ranges of 8 bits on.",
            "Name rasters like those it was trained on with --chips.",
        )
    prepared = prepare(run) if run else None
    readers = [each.reader for each in prepared.sources] if prepared else [open_raster(chip, card) for chip in chips]
    windows = list(images(readers, card, CALIBRATING + JUDGING))
    if len(windows) < 2:
        raise ConfigError("The rasters hold too little imagery to find the ranges of 8 bits.", "Name larger ones.")
    tasks = [task for task in card.tasks if prepared and prepared.of_role(task)]
    truths = {task: _labelled(prepared, run, task, card.tile_size) for task in tasks}
    return [_judge(folder, card, task, windows, truths.get(task), max_loss) for task in card.tasks]


def _run_of(model: Path) -> Run | None:
    places = (model, model.parent) if model.is_dir() else ()
    return next((load_run(place) for place in places if (place / "run.json").is_file()), None)


def images(readers: list[RasterReader], card: Card, count: int) -> Iterator[np.ndarray]:
    """Windows with data, (C, T, T) raw values, spread over the rasters."""
    share = -(-count // len(readers))
    for reader in readers:
        read = window_reader(reader, card.tile_size, card.fill_values())
        lattice = window_grid(reader.grid.width, reader.grid.height, card.tile_size, 0)
        places = itertools.islice(lattice, 0, None, max(1, len(lattice) // share))
        found = (each.image for each in map(read, places) if each.image is not None)
        yield from itertools.islice(found, share)


def _judge(
    folder: Path, card: Card, task: Task, windows: list[np.ndarray], labelled: list[Batch] | None, max_loss: float
) -> Judged:
    alone = card.model_copy(update={"tasks": [task], "score_threshold": CANDIDATES})
    name, light = ONNX_FILES[task], folder / "int8"
    light.mkdir()
    try:
        quantise(folder / name, light / name, card, windows[::2])
        plain, small = OnnxBackend(folder, alone, "cpu"), OnnxBackend(light, alone, "cpu")
        batches = labelled or [_answered(plain, card, image) for image in windows[1::2]]
        before, after = (_score(backend, batches) for backend in (plain, small))
        kept = before - after <= max_loss
        if kept:
            (light / name).replace(folder / name)
        truth = "validation blocks" if labelled else "against its answers in 32 bits"
        return Judged(task, before, after, kept, truth)
    finally:
        shutil.rmtree(light)


def _labelled(prepared: Prepared, run: Run, task: Task, side: int) -> list[Batch]:
    """The validation ground in the graphs' own windows."""
    training = run.training.model_copy(update={"chip_size": side, "batch_size": 1})
    batches = validation_batches(prepared, run.model_copy(update={"training": training}), task)
    return list(itertools.islice(iter(batches), JUDGING))


def _answered(backend: OnnxBackend, card: Card, image: np.ndarray) -> Batch:
    """A window with what the graph says of it for truth."""
    arrays, there = backend.run(image[None]), torch.ones(1, *image.shape[1:], dtype=torch.bool)
    chip = torch.from_numpy(image.astype(np.float32))[None]
    if arrays.segmentation is not None:
        return Batch("segmentation", chip, there, mask=torch.from_numpy(arrays.segmentation).argmax(dim=1))
    found = _tensors(arrays)[0]
    sure = found.scores >= card.score_threshold
    return Batch("detection", chip, there, boxes=[found.boxes[sure]], labels=[found.labels[sure]])


def _score(backend: OnnxBackend, batches: Iterable[Batch]) -> float:
    task = backend.card.tasks[0]
    if task == "segmentation":
        score = SegmentationScore([channel.name for channel in backend.card.segmentation_channels()])
    else:
        score = DetectionScore([one.name for one in backend.card.detection_classes])
    for batch in batches:
        arrays = backend.run(batch.image.numpy())
        if task == "segmentation":
            score.update(torch.from_numpy(arrays.segmentation), batch.mask.where(batch.valid, IGNORE_INDEX))
        else:
            score.update(_tensors(arrays), batch.boxes, batch.labels, batch.valid)
    return score.compute()[MAIN[task]]


def _tensors(arrays: Arrays) -> list[Objects]:
    return [
        Objects(torch.from_numpy(each.boxes), torch.from_numpy(each.labels), torch.from_numpy(each.scores))
        for each in arrays.objects
    ]
