"""What all backends have in common, and what those that run a package's ONNX files share."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ...config import Card
from ...errors import PackageError
from ...types import Objects
from ..suppression import decide, decide_sorted
from .graphs import check_graph

OBJECT_LIMIT = 1000
"""Most objects of one window."""
MOST_STREAMS = 4
"""Most windows at work at once on a CPU; each holds a network's activations."""


@dataclass
class Arrays:
    """What a backend returns for a batch.

    Args:
        segmentation: (B, K, T, T) float32 probabilities that sum to one over K, the caller's own; or none.
        objects: the decided detections of each image as arrays, or none.
        values: (B, K, T, T) float32 of a regression, or none.
    """

    segmentation: np.ndarray | None = None
    objects: list[Objects[np.ndarray]] | None = None
    values: np.ndarray | None = None


class Backend(Protocol):
    """Anything that runs a model on windows.

    Attributes:
        card: what the model expects and returns; its thresholds decide on the detections.
        name: library, device and precision: what a prediction must be continued with.
        batch_size: windows of a batch that suit the device.
        parallel: how many threads may and should call `run` at the same time.
    """

    card: Card
    name: str
    batch_size: int
    parallel: int

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch.

        Args:
            images: (B, C, T, T) raw values in the raster's own type; T divisible by 32.

        Raises:
            DeviceError: one image alone does not fit into the device's memory.
        """
        ...


Graph = Callable[[np.ndarray], dict[str, np.ndarray]]
"""(B, C, T, T) raw values to a graph's outputs by name, each with B first."""
GRAPH_FILE = "model.onnx"
"""The graph with the outputs of all tasks; packages of version 1 and of other programs have one a task."""


class GraphBackend(ABC):
    """Runs a package's ONNX graph: one pass a window, whatever the tasks.

    Args:
        folder: the package's folder.
        card: its card.

    Raises:
        PackageError: an ONNX file is missing, unreadable, or not of the card's model.
    """

    name = "ONNX"
    batch_size = 1

    def __init__(self, folder: Path, card: Card) -> None:
        self.card = card
        self.parallel = streams()
        joint = Path(folder) / GRAPH_FILE
        self._joint: Graph | None = self._open(joint) if joint.is_file() else None
        separate = () if self._joint else card.tasks
        self._separate: dict[str, Graph] = {task: self._open(Path(folder) / f"{task}.onnx", task) for task in separate}

    @abstractmethod
    def load(self, path: Path) -> Graph:
        """A graph from its file.

        Raises:
            PackageError: it is unreadable, or the library does not know its operators.
        """

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch."""
        if self._joint is not None:
            return self._answered(self._joint(images))
        answers = {task: next(iter(graph(images).values())) for task, graph in self._separate.items()}
        dense = answers.get("detection")
        objects = None if dense is None else [self._decided(image) for image in dense]
        return Arrays(answers.get("segmentation"), objects, answers.get("regression"))

    def _answered(self, found: dict[str, np.ndarray]) -> Arrays:
        card = self.card
        segmentation = found.get("probabilities") if "segmentation" in card.tasks else None
        if "detection" not in card.tasks:
            return Arrays(segmentation)
        candidates = map(Objects, found["boxes"], found["labels"], found["scores"])
        limits = (card.thresholds(), card.iou_threshold, OBJECT_LIMIT)
        return Arrays(segmentation, [decide_sorted(each, *limits) for each in candidates])

    def _open(self, path: Path, task: str | None = None) -> Graph:
        if not path.is_file():
            raise PackageError(f"{path} is missing; export the model again.")
        check_graph(path, self.card, task)
        return self.load(path)

    def _decided(self, dense: np.ndarray) -> Objects[np.ndarray]:
        """Objects of (4 + C, N): cx, cy, w, h in pixels, and C scores, as other QGIS plugins read them."""
        centre, half = dense[:2].T, dense[2:4].T / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        return decide(dense[4:].T, boxes, self.card.thresholds(), self.card.iou_threshold, OBJECT_LIMIT)


def standardisation(card: Card) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (C,) float32 in raw units that the ONNX files expect to be applied."""
    std = np.asarray(card.std, np.float32)
    return np.asarray(card.mean, np.float32), np.where(std > 0, std, 1).astype(np.float32)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def streams() -> int:
    """Windows that a CPU works on at once: with one core for each, none waits for another."""
    return min(cores(), MOST_STREAMS)
