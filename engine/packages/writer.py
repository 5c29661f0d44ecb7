"""Writing a model package: completely, checked by loading it back, or not at all."""

from __future__ import annotations

import copy
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..config import Card
from ..errors import PackageError, on_disk
from ..files import json_or_none, synchronise, synchronise_tree
from ..inference.backends import OnnxModel
from ..models import TrainableNetwork, parameters
from ..models.storage import save_weights
from ..processes import scratch
from ..types import Task
from . import onnx
from .item import (
    FILES,
    GRAPH_FILE,
    ITEM_FILE,
    ONNX_FILES,
    PREVIEW_FILE,
    REPORT_FILE,
    WEIGHTS_FILE,
    make_item,
    said_besides,
)
from .reader import load_package, package_folder

PROBABILITY_TOLERANCE = 1e-3
"""Largest difference of probabilities and scores between a network and what was written of it."""
MOST_COMPARED = 300
"""Candidates, the best ones, whose boxes are compared."""
PIXEL_TOLERANCE = 0.1
"""Largest difference of box coordinates, in pixels."""


class Beside(NamedTuple):
    """What a package has beside its network, if anything.

    Attributes:
        report: an HTML page, or where it is.
        preview: a PNG picture, or where it is.
    """

    report: bytes | Path | None = None
    preview: bytes | Path | None = None


NOTHING = Beside()


def write_package(
    folder: Path | str,
    network: TrainableNetwork,
    card: Card,
    beside: Beside = NOTHING,
    tell: Callable[[str], None] = lambda part: None,
) -> Path:
    """Write a model package and put it in place once its outputs are the network's.

    Args:
        folder: the package's place; an older package there is replaced.
        network: of `engine.models.build`, on any device.
        card: its card; `mean` and `std` must be the network's.
        beside: report and preview.
        tell: told what is written next: weights, graph, check; may end it by an exception.

    Returns:
        The folder.

    Raises:
        PackageError: what was written answers otherwise than the network.
        OutputError: the folder cannot be written.
    """
    folder = Path(folder)
    network = copy.deepcopy(network).cpu().float().eval()
    needed = 2 * sum(value.nbytes for value in network.state_dict().values())  # weights and graph
    said = f"The model {folder}", folder, needed
    with on_disk(*said):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch(folder.parent) as temporary, on_disk(*said):  # which tells before what fills the disk goes
            partial = temporary / "model"
            partial.mkdir()
            _write_files(partial, network, card, {REPORT_FILE: beside.report, PREVIEW_FILE: beside.preview}, tell)
            tell("check")
            check_package(partial, network, card)
            _replace(partial, folder, temporary / "older")
    return folder


def check_package(folder: Path, network: TrainableNetwork, card: Card) -> None:
    """Load a package and compare its answers to a random image with the network's.

    Raises:
        PackageError: they differ by more than the tolerances.
    """
    image = _noise(card)
    loaded, _ = load_package(folder)
    expected = _answer(network, card, image)
    files = OnnxModel(folder / GRAPH_FILE).run(image)
    _compare(expected, _answer(loaded, card, image), WEIGHTS_FILE)
    _compare(expected, [files[name] for name in onnx.output_names(card)], GRAPH_FILE)


def complete_package(
    folder: Path, network: TrainableNetwork, card: Card, tell: Callable[[str], None] = lambda part: None
) -> None:
    """Give a copy of a package all graphs: that of all tasks, and one a task, which other programs read.

    Args:
        folder: the copy; graphs that it has (packages of version 1 have those of one task) stay.
        network: its network.
        card: its card.
        tell: told what is written next: graph, and the tasks; may end it by an exception.

    Raises:
        PackageError: what was written answers otherwise than the network.
        OutputError: the disk of the copy is full.
    """
    with on_disk(f"A copy of the model, in {folder.parent},", folder):
        _complete(folder, network, card, tell)


def _complete(folder: Path, network: TrainableNetwork, card: Card, tell: Callable[[str], None]) -> None:
    image = _noise(card)
    tell("graph")
    if not (folder / GRAPH_FILE).is_file():
        onnx.export_joint(network, card, folder / GRAPH_FILE)
    for task in card.trainable_tasks():
        tell(task)
        file = folder / ONNX_FILES[task]
        if not file.is_file():
            onnx.export(network, card, task, file)
            mine, theirs = (_parts(task, each) for each in (_of_task(network, task, image), _of_file(file, image)))
            _compare(mine, theirs, file.name)
    item = make_item(card, parameters(network), {path.name for path in folder.iterdir()})
    item["properties"] |= said_besides(json_or_none(folder / ITEM_FILE))
    (folder / ITEM_FILE).write_text(json.dumps(item, indent=2) + "\n", encoding="utf-8")


def zip_package(folder: Path | str, file: Path | str) -> Path:
    """Put a package into one `.zip`.

    Raises:
        PackageError: the folder is not a package.
        OutputError: the file cannot be written.
    """
    folder, file = package_folder(folder), Path(file)
    partial = file.with_name(f"{file.name}.partial")
    files = [path for path in (folder / name for name in FILES) if path.is_file()]
    try:
        with on_disk(f"The package {file}", file, sum(path.stat().st_size for path in files)):
            file.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(partial, "w") as archive:  # not compressed: weights hardly would be
                for path in files:
                    archive.write(path, path.name)
            os.replace(partial, file)
    finally:
        with suppress(OSError):
            partial.unlink()
    return file


def _write_files(
    folder: Path,
    network: TrainableNetwork,
    card: Card,
    extras: dict[str, bytes | Path | None],
    tell: Callable[[str], None],
) -> None:
    tell("weights")
    save_weights(network.state_dict(), folder / WEIGHTS_FILE)
    tell("graph")
    onnx.export_joint(network, card, folder / GRAPH_FILE)
    for name, content in extras.items():
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else Path(content).read_bytes())
    present = {path.name for path in folder.iterdir()}
    item = make_item(card, parameters(network), present)
    (folder / ITEM_FILE).write_text(json.dumps(item, indent=2) + "\n", encoding="utf-8")


def _noise(card: Card) -> np.ndarray:
    """An image (1, C, T, T) of raw values with the card's statistics."""
    noise = np.random.default_rng(0).standard_normal((1, len(card.bands), card.tile_size, card.tile_size), np.float32)
    mean, std = (np.asarray(each, np.float32)[:, None, None] for each in (card.mean, card.std))
    return mean + std * noise


@torch.inference_mode()
def _answer(network: TrainableNetwork, card: Card, image: np.ndarray) -> list[np.ndarray]:
    answers: tuple[Tensor, ...] = onnx.JointGraph(network)(torch.from_numpy(image))
    return [answer.numpy() for answer in answers]


@torch.inference_mode()
def _of_task(network: TrainableNetwork, task: Task, image: np.ndarray) -> np.ndarray:
    graph = onnx.SegmentationGraph(network) if task == "segmentation" else onnx.DetectionGraph(network)
    found: np.ndarray = graph(torch.from_numpy(image)).numpy()
    return found


def _of_file(file: Path, image: np.ndarray) -> np.ndarray:
    return next(iter(OnnxModel(file).run(image).values()))


def _parts(task: Task, answer: np.ndarray) -> list[np.ndarray]:
    """Probabilities; or boxes (1, N, 4) and scores (1, C N)."""
    if task == "segmentation":
        return [answer]
    return [answer[:, :4].transpose(0, 2, 1), answer[:, 4:].reshape(1, -1)]


def _compare(expected: list[np.ndarray], answers: list[np.ndarray], name: str) -> None:
    """Raise where answers differ: shares by value, boxes (1, n, 4), which come before their scores (1, n), by place."""
    pixels, shares, boxes = 0.0, 0.0, None
    for one, other in zip(expected, answers, strict=True):
        if not np.issubdtype(one.dtype, np.floating):
            continue  # classes change places where scores are equal
        if one.ndim == 3:
            boxes = one[0], other[0]
            continue
        shares = np.maximum(shares, np.abs(one - other).max())
        if boxes is not None and one.ndim == 2:
            pixels, boxes = _displacement(*boxes, one[0], other[0]), None
    # Written this way round so that a difference that is not a number fails as well.
    if not (shares <= PROBABILITY_TOLERANCE and pixels <= PIXEL_TOLERANCE):
        raise PackageError(
            f"{name} answers otherwise than the trained network: by {shares:.2g} in probability, {pixels:.2g} pixels.",
            "Please report this.",
        )


def _displacement(expected: np.ndarray, boxes: np.ndarray, scores: np.ndarray, others: np.ndarray) -> float:
    """How far, at most, the nearest box (n, 4) of the same score lies from each of the best expected ones (n, 4).

    Boxes of (nearly) equal scores change places, and the last ones may have fallen out of the selection.
    """
    if len(scores) != len(boxes):  # scores of several classes: every box is there, in one order
        return float(np.abs(expected - boxes).max())
    sure = scores > scores.min() + PROBABILITY_TOLERANCE
    farthest = 0.0
    for box, score in zip(expected[sure][:MOST_COMPARED], scores[sure], strict=False):
        same = np.abs(others - score) <= PROBABILITY_TOLERANCE
        farthest = max(farthest, float(np.abs(boxes[same] - box).max(axis=1).min(initial=np.inf)))
    return farthest


def _replace(partial: Path, folder: Path, older: Path) -> None:
    synchronise_tree(partial)
    if folder.exists():
        folder.rename(older)
    try:
        partial.rename(folder)
        synchronise(folder.parent)
    except OSError:
        if older.exists():
            shutil.move(older, folder)
        raise
