"""`export --int8`: a package's graph in eight bits, as far as each task scores as well, or nearly so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..config import Card, load_run
from ..data import Prepared, prepare, validation_batches
from ..data.raster import RasterReader
from ..errors import ConfigError
from ..inference import Arrays, OnnxBackend
from ..inference.checks import open_raster
from ..inference.opened import by_own_statistics
from ..inference.reading import window_reader
from ..inference.windows import window_grid
from ..packages.item import GRAPH_FILE, ONNX_FILES
from ..packages.onnx import TASK_OUTPUTS, Spared, quantise
from ..processes import scratch
from ..training.validation import MAIN, DetectionScore, SegmentationScore
from ..types import IGNORE_INDEX, Batch, Objects, Task, given

if TYPE_CHECKING:
    from ..config import Run

CALIBRATING, JUDGING = 24, 24
"""Windows that find the ranges of the activations, and others that judge."""
CANDIDATES = 0.05
"""Detections from this score on decide AP."""
AGAINST_ITSELF = "against its answers in 32 bits"


FIRST = 3
"""Convolutions up to the first linear bottleneck."""
EIGHT, PLAIN = "kept", "left in 32 bits"
STEM, HEAD, ENCODER = (
    f"the first {FIRST} convolutions{further} {PLAIN}" for further in ("", " and its head", ", neck and heads")
)


@dataclass(frozen=True)
class Judged:
    """How a task fares in eight bits: its score (mean IoU or AP50) before and after, and what became of it.

    Args:
        task: which.
        before: its score in 32 bits; none where the windows hold nothing to score it by.
        after: its score with what was put in eight bits, or was tried last; none likewise.
        fate: kept, or what of it was left in 32 bits.
        truth: what it was scored against.
    """

    task: Task
    before: float | None
    after: float | None
    fate: str
    truth: str

    def sentence(self) -> str:
        """For people."""
        if self.before is None or self.after is None:
            return f"{self.task} in 8 bits: nothing to judge it by ({self.truth}), {self.fate}"
        metric = MAIN[self.task].rpartition("/")[2]
        return f"{self.task} in 8 bits: {metric} {self.before:.4f} -> {self.after:.4f} ({self.truth}), {self.fate}"


@dataclass(frozen=True)
class Ground:
    """What ranges of 8 bits are found on, and judged by.

    Args:
        windows: of imagery, (C, T, T) raw values.
        truths: labelled batches of tasks, as far as there are any.
    """

    windows: list[np.ndarray]
    truths: dict[Task, list[Batch]]


def ground_of(model: Path, card: Card, chips: list[str]) -> Ground:
    """What a model lies beside, or what is named instead.

    Args:
        model: what the person named; a run folder, or the package inside one, brings imagery and labels.
        card: the package's.
        chips: rasters; none takes the run's.

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
    readers = [each.reader for each in prepared.sources] if prepared else _opened(chips, card)
    windows = list(images(readers, card, CALIBRATING + JUDGING))
    if len(windows) < 2:
        raise ConfigError("The rasters hold too little imagery to find the ranges of 8 bits.", "Name larger ones.")
    truths: dict[Task, list[Batch]] = {}
    if prepared and run:
        tasks = [task for task in card.trainable_tasks() if prepared.of_role(task)]
        truths = {task: _labelled(prepared, run, task, card.tile_size) for task in tasks}
    return Ground(windows, truths)


def quantize(
    folder: Path, card: Card, ground: Ground, max_loss: float, tell: Callable[[str], None] = lambda part: None
) -> list[Judged]:
    """Put a graph in eight bits in the place of a package's own.

    Where a task loses too much, the first convolutions stay in 32 bits; where that does not help its head too; then
    neck and heads; in the end everything.

    Args:
        folder: a copy of the package, which is changed; its files of one task are made lighter like their tasks.
        card: its card.
        ground: what it is judged by.
        max_loss: how far a task's score may fall. Without labels the score is that against the package's own answers.
        tell: told of each attempt; may end it by an exception.
    """
    windows, truths = ground.windows, ground.truths
    tasks = card.trainable_tasks()
    ranges, plain = windows[::2], OnnxBackend(folder, card, "cpu")
    before = _scores(folder, card, truths)
    batches = {task: each for task, each in truths.items() if before[task] is not None}  # the rest holds no truth
    against = {task: "validation blocks" if task in batches else AGAINST_ITSELF for task in tasks}
    for task in set(tasks) - set(batches):
        batches[task] = [_answered(plain, card, task, each) for each in windows[1::2]]
    before = _scores(folder, card, batches)
    lost: list[Task] = []
    with scratch(folder) as light:
        for number, fate in enumerate((EIGHT, STEM, HEAD, ENCODER), start=1):
            tell(f"8 bits, attempt {number}")
            if fate == HEAD and len(lost) == len(tasks):
                continue  # the heads of all tasks and what is between them and the encoder: the next one
            fates = {task: STEM if fate == HEAD and task not in lost else fate for task in tasks}
            quantise(folder / GRAPH_FILE, light / GRAPH_FILE, card, ranges, _spared(fate, lost))
            after = _scores(light, card, batches)
            lost = [task for task in tasks if _loses(before[task], after[task], max_loss)]
            if not lost:
                (light / GRAPH_FILE).replace(folder / GRAPH_FILE)
                break
        else:
            fates = dict.fromkeys(tasks, PLAIN)
        for task, fate in fates.items():
            file = folder / ONNX_FILES[task]
            if fate not in (HEAD, PLAIN) and file.is_file():
                quantise(file, light / file.name, card, ranges, _spared(fate)).replace(file)
    return [Judged(task, before[task], after[task], fates[task], against[task]) for task in tasks]


def _run_of(model: Path) -> Run | None:
    places = (model, model.parent) if model.is_dir() else ()
    return next((load_run(place) for place in places if (place / "run.json").is_file()), None)


def _opened(chips: list[str], card: Card) -> list[RasterReader]:
    readers = [open_raster(chip, card) for chip in chips]
    for reader in readers:
        by_own_statistics(reader, card)
    return readers


def images(readers: list[RasterReader], card: Card, count: int) -> Iterator[np.ndarray]:
    """Windows with data, (C, T, T) raw values, spread over the rasters."""
    share = -(-count // len(readers))
    for reader in readers:
        read = window_reader(reader, card.tile_size, card.fill_values())
        lattice = window_grid(reader.grid.width, reader.grid.height, card.tile_size, 0)
        places = itertools.islice(lattice, 0, None, max(1, len(lattice) // share))
        found = (each.image for each in map(read, places) if each.image is not None)
        yield from itertools.islice(found, share)


def _spared(fate: str, lost: Iterable[Task] = ()) -> Spared:
    outputs = [name for task in lost for name in TASK_OUTPUTS[task]] if fate == HEAD else []
    return Spared(0 if fate == EIGHT else FIRST, outputs, fate == ENCODER)


def _loses(before: float | None, after: float | None, max_loss: float) -> bool:
    """Whether a score falls too far; what cannot be scored is not known to keep, whatever may be lost."""
    return before is None or after is None or before - after > max_loss


def _labelled(prepared: Prepared, run: Run, task: Task, side: int) -> list[Batch]:
    """The validation ground in the graphs' own windows."""
    training = run.training.model_copy(update={"chip_size": side, "batch_size": 1})
    batches = validation_batches(prepared, run.model_copy(update={"training": training}), task)
    return list(itertools.islice(iter(batches), JUDGING))


def _answered(backend: OnnxBackend, card: Card, task: Task, image: np.ndarray) -> Batch:
    """A window with what the graph says of it for truth."""
    arrays, there = backend.run(image[None]), torch.ones(1, *image.shape[1:], dtype=torch.bool)
    chip = torch.from_numpy(image.astype(np.float32))[None]
    if task == "segmentation":
        return Batch("segmentation", chip, there, mask=torch.from_numpy(given(arrays.segmentation)).argmax(dim=1))
    found = _tensors(arrays)[0]
    sure = found.scores >= torch.tensor(card.thresholds())[found.labels]
    return Batch("detection", chip, there, boxes=[found.boxes[sure]], labels=[found.labels[sure]])


def _scores(folder: Path, card: Card, batches: dict[Task, list[Batch]]) -> dict[Task, float | None]:
    """The main score of each task, none where there is no truth."""
    backend = OnnxBackend(folder, card.with_threshold(CANDIDATES), "cpu")
    return {task: _score(backend, task, each) for task, each in batches.items()}


def _score(backend: OnnxBackend, task: Task, batches: Iterable[Batch]) -> float | None:
    score: SegmentationScore | DetectionScore
    if task == "segmentation":
        score = SegmentationScore([channel.name for channel in backend.card.segmentation_channels()])
    else:
        score = DetectionScore([one.name for one in backend.card.detection_classes])
    for batch in batches:
        arrays = backend.run(batch.image.numpy())
        if isinstance(score, SegmentationScore):
            mask = given(batch.mask).where(batch.valid, IGNORE_INDEX)
            score.update(torch.from_numpy(given(arrays.segmentation)), mask)
        else:
            score.update(_tensors(arrays), given(batch.boxes), given(batch.labels), batch.valid)
    return score.compute().get(MAIN[task])


def _tensors(arrays: Arrays) -> list[Objects[Tensor]]:
    return [
        Objects(torch.from_numpy(each.boxes), torch.from_numpy(each.labels), torch.from_numpy(each.scores))
        for each in given(arrays.objects)
    ]
