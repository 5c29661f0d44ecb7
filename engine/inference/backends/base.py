"""What all backends have in common, those that run ONNX files among them; and windows seen from several sides."""

from __future__ import annotations

import itertools
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from ...config import Card
from ...config.validation import WORDS, shown
from ...errors import PackageError
from ...types import Objects, given
from ..suppression import decide, decide_sorted, suppress

HINT = "Copy or export the model again."
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
SMALL = 16
"""Elements of constants that may be infinite: limits of operators are; weights may not be."""
BOXES = ("boxes", "scores", "labels")


def check_graph(path: Path, card: Card, task: str | None = None) -> None:
    """Refuse a graph that is not one of the model that a card describes.

    Args:
        path: the file.
        card: the package's.
        task: of a graph of one task; none for that of all.

    Raises:
        PackageError: it is unreadable, keeps weights elsewhere, or bands, classes or weights are not the card's.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
        reason = next(_reasons(model, card, task), "")
    except (DecodeError, ValueError, TypeError, IndexError) as error:
        raise PackageError(f"{path} is not a readable ONNX file of GeoDistil: {shown(error, WORDS)}.", HINT) from error
    if reason:
        raise PackageError(f"{path} does not fit the card beside it: {reason}.", HINT)


def _reasons(model: onnx.ModelProto, card: Card, task: str | None) -> Iterator[str]:
    graph = model.graph
    if any(tensor.external_data for tensor in graph.initializer):
        yield "it keeps its weights in another file"
    if len(graph.input) != 1:
        yield f"it takes {len(graph.input)} inputs"
        return
    taken = _shape(graph.input[0])
    if len(taken) != 4 or taken[1] not in (None, len(card.bands)):
        yield f"it takes images of the shape {taken}, and the card's bands are {len(card.bands)}"
        return
    yield from _outputs({output.name: _shape(output) for output in graph.output}, card, task)
    yield from _standardisation({each.key: each.value for each in model.metadata_props}, card)
    for tensor in graph.initializer:
        if tensor.data_type in FLOATS and not _sound(numpy_helper.to_array(tensor)):
            yield f"its tensor {tensor.name} has values that are not numbers"


def _outputs(shapes: dict[str, list[int | None]], card: Card, task: str | None) -> Iterator[str]:
    channels = {
        "segmentation": ("segmentation_classes", len(card.segmentation_channels())),
        "detection": ("detection_classes", 4 + len(card.detection_classes)),
        "regression": ("values", len(card.values)),
    }
    if task is None:
        wanted = (("probabilities",) if "segmentation" in card.tasks else ()) + (
            BOXES if "detection" in card.tasks else ()
        )
        if missing := [name for name in wanted if name not in shapes]:
            yield f"it has no output {missing[0]}, and the card's tasks are {' and '.join(card.tasks)}"
        dense = {"segmentation": shapes.get("probabilities")} if "segmentation" in card.tasks else {}
    else:
        dense = {task: next(iter(shapes.values()), [])}
    for each, shape in dense.items():
        field, count = channels[each]
        if shape is not None and (len(shape) < 2 or shape[1] not in (None, count)):
            yield f"its output has the shape {shape}, and the card's {field} ask for {count} channels"


def _standardisation(metadata: dict[str, str], card: Card) -> Iterator[str]:
    for name in ("mean", "std"):
        key = f"standardization_{name}"
        if key not in metadata:
            yield f"its metadata has no {key}"
            return
        values = np.asarray(json.loads(metadata[key]), float)
        if values.shape != (len(card.bands),) or not np.isfinite(values).all() or (name == "std" and values.min() <= 0):
            yield f"its {key} must be one number for each of {len(card.bands)} bands, and deviations above 0"


def _sound(values: np.ndarray) -> bool:
    return not np.isnan(values).any() if values.size <= SMALL else bool(np.isfinite(values).all())


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    """Sides of an input or output; none where any will do."""
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in dims]


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


class View(NamedTuple):
    """Quarter turns anticlockwise, and then perhaps a flip from left to right."""

    turns: int
    flip: bool


VIEWS = {
    "none": [View(0, False)],
    "flips": [View(0, False), View(0, True), View(2, False), View(2, True)],
    "all": [View(*each) for each in itertools.product(range(4), (False, True))],
}
"""What may be asked for: nothing; the identity and all flips; all eight symmetries of the square."""


class Augmented:
    """A backend that runs each window in several views: mean probabilities, and the views' objects merged.

    Args:
        backend: what runs the views.
        views: a name of `VIEWS`.
    """

    def __init__(self, backend: Backend, views: str) -> None:
        self.backend, self.views = backend, VIEWS[views]
        self.card, self.batch_size, self.parallel = backend.card, backend.batch_size, backend.parallel
        self.name = f"{backend.name} {views}"

    def run(self, images: np.ndarray) -> Arrays:
        """Predict a batch."""
        answers = [self._seen(images, view) for view in self.views]
        joined = Arrays()
        if answers[0].segmentation is not None:
            joined.segmentation = sum(given(each.segmentation) for each in answers) / np.float32(len(answers))
        if answers[0].values is not None:
            joined.values = sum(given(each.values) for each in answers) / np.float32(len(answers))
        if answers[0].objects is not None:
            joined.objects = [self._merged(found) for found in zip(*(each.objects for each in answers), strict=True)]
        return joined

    def _seen(self, images: np.ndarray, view: View) -> Arrays:
        arrays = self.backend.run(np.ascontiguousarray(turned(images, view)))
        if arrays.segmentation is not None:
            arrays.segmentation = turned_back(arrays.segmentation, view)
        if arrays.values is not None:
            arrays.values = turned_back(arrays.values, view)
        for found in arrays.objects or []:
            found.boxes = boxes_turned_back(found.boxes, view, images.shape[-1])
        return arrays

    def _merged(self, parts: tuple[Objects[np.ndarray], ...]) -> Objects[np.ndarray]:
        boxes, labels, scores = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "labels", "scores")
        )
        order = np.argsort(-scores, kind="stable")
        kept = order[suppress(boxes[order], labels[order], self.card.iou_threshold, OBJECT_LIMIT)]
        return Objects(boxes[kept], labels[kept], scores[kept])


def turned(images: np.ndarray, view: View) -> np.ndarray:
    """(..., T, T) images as a view shows them."""
    images = np.rot90(images, view.turns, axes=(-2, -1))
    return images[..., ::-1] if view.flip else images


def turned_back(images: np.ndarray, view: View) -> np.ndarray:
    """What `turned` did, undone."""
    images = images[..., ::-1] if view.flip else images
    return np.rot90(images, -view.turns, axes=(-2, -1))


def boxes_turned_back(boxes: np.ndarray, view: View, side: int) -> np.ndarray:
    """(n, 4) xyxy boxes in a view's pixels, in those of the window, whose side is given."""
    left, top, right, bottom = boxes.T
    if view.flip:
        left, right = side - right, side - left
    for _ in range(view.turns):
        left, top, right, bottom = side - bottom, left, side - top, right
    return np.stack([left, top, right, bottom], axis=1)
