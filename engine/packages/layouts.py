"""Outputs of foreign ONNX graphs turned into ours, by nodes added to the graph, so that every backend runs them alike.

Segmentation becomes (B, K, T, T) scores of at most one, detection (1, 4 + C, N) with centre x, centre y, width, height
in pixels and the classes' scores, regression (B, K, T, T) values. Only operators are used that every opset from 7 on
has alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CORNERS_TO_CENTRE = np.array([[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [-1, 0, 1, 0], [0, -1, 0, 1]], np.float32)
"""From x1, y1, x2, y2 to centre x, centre y, width, height."""


class Graph:
    """A graph that gets more nodes after one of its outputs.

    Args:
        model: changed in place.
        output: the name of the output that counts; the others are dropped.
    """

    def __init__(self, model: onnx.ModelProto, output: str) -> None:
        self.graph = model.graph
        self.last = self("Cast", output, to=TensorProto.FLOAT)

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        name = f"geodistil/{operator}_{len(self.graph.node)}"
        self.graph.node.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, values: object, dtype: type = np.float32) -> str:
        """Add a constant; returns its name."""
        name = f"geodistil/constant_{len(self.graph.initializer)}"
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def rows(self, values: str, which: Sequence[int]) -> str:
        """Some rows of (1, A, N)."""
        return self("Gather", values, self.constant(list(which), np.int64), axis=1)

    def finish(self, name: str, values: str, shape: Sequence[int | str]) -> None:
        """Make `values` the only output."""
        del self.graph.output[:]
        self("Identity", values)
        self.graph.node[-1].output[0] = name
        self.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))


def feed(model: onnx.ModelProto, kind: int) -> None:
    """Let a graph that takes another type of numbers be fed with float32; bytes are rounded and limited."""
    given = model.graph.input[0]
    inside = f"geodistil/{given.name}"
    for node in model.graph.node:
        node.input[:] = [inside if name == given.name else name for name in node.input]
    steps: list[tuple[str, list[str]]] = []
    if kind == TensorProto.UINT8:  # without Clip and Round, which not every opset has alike
        constants = {"geodistil/255": 255.0, "geodistil/half": 0.5}
        model.graph.initializer.extend(
            numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()
        )
        over = [("Relu", []), ("Sub", ["geodistil/255"]), ("Relu", []), ("Sub", ["geodistil/255"])]
        steps = [*over, ("Add", ["geodistil/half"]), ("Floor", [])]
    last = given.name
    for place, (operator, constant) in enumerate(steps):
        name = f"geodistil/feed_{place}"
        model.graph.node.insert(place, helper.make_node(operator, [*constant, last], [name], name))
        last = name
    model.graph.node.insert(len(steps), helper.make_node("Cast", [last], [inside], "geodistil/feed", to=kind))
    given.type.tensor_type.elem_type = TensorProto.FLOAT


def segmentation(graph: Graph, channels: int, logits: bool, threshold: float) -> str:
    """Scores of each class. One channel becomes two; classes under the threshold do not count, else the first does.

    Args:
        graph: whose last output is (B, K, T, T).
        channels: K.
        logits: whether they are no probabilities yet.
        threshold: the metadata's `seg_thresh`.
    """
    if channels == 1:
        return _two_classes(graph, graph("Sigmoid", graph.last) if logits else graph.last, threshold or 0.5)
    scores = _softmax(graph) if logits else graph.last
    if threshold <= 1 / channels:  # the largest of K shares is never below
        return scores
    weak = graph("Less", scores, graph.constant(threshold))
    return graph("Mul", scores, graph("Cast", graph("Not", weak), to=TensorProto.FLOAT))


def _softmax(graph: Graph) -> str:
    """Over the channels; along the last axis, for before opset 13 any other means something else."""
    last = graph("Transpose", graph.last, perm=[0, 2, 3, 1])
    return graph("Transpose", graph("Softmax", last, axis=3), perm=[0, 3, 1, 2])


def _two_classes(graph: Graph, share: str, threshold: float) -> str:
    """Of one probability p and its threshold t: p (1 - t) / (p (1 - t) + (1 - p) t), which is a half at p = t."""
    one = graph.constant(1)
    there = graph("Mul", share, graph.constant(1 - threshold))
    not_there = graph("Mul", graph("Sub", one, share), graph.constant(threshold))
    there = graph("Div", there, graph("Add", there, not_there))
    return graph("Concat", graph("Sub", one, there), there, axis=1)


def regression(graph: Graph, scaling: float) -> str:
    """The values, scaled."""
    return graph("Mul", graph.last, graph.constant(scaling))


def _ultralytics(graph: Graph, rows: str, classes: int) -> str:
    return graph.rows(rows, range(4 + classes))


def _with_objectness(graph: Graph, rows: str, classes: int) -> str:
    """Scores are those of the object times those of the class, as its authors read it."""
    scores = graph("Mul", graph.rows(rows, range(5, 5 + classes)), graph.rows(rows, [4]))
    return graph("Concat", graph.rows(rows, range(4)), scores, axis=1)


def _beside_objectness(graph: Graph, rows: str, classes: int) -> str:
    """The object's score is there, and always one."""
    return graph.rows(rows, [*range(4), *range(5, 5 + classes)])


def _decided(graph: Graph, rows: str, classes: int) -> str:
    """x1, y1, x2, y2, score, class."""
    boxes = graph("MatMul", graph.constant(CORNERS_TO_CENTRE), graph.rows(rows, range(4)))
    return graph("Concat", boxes, _scores_of_labels(graph, rows, classes), axis=1)


def _scores_of_labels(graph: Graph, rows: str, classes: int) -> str:
    """From a score and a class, scores of each class."""
    label = graph("Cast", graph.rows(rows, [5]), to=TensorProto.INT64)
    numbers = graph.constant(np.arange(classes)[None, :, None], np.int64)
    is_it = graph("Cast", graph("Equal", label, numbers), to=TensorProto.FLOAT)
    return graph("Mul", is_it, graph.rows(rows, [4]))


def _oriented(graph: Graph, rows: str, classes: int) -> str:
    """The extents of turned boxes; the angle, in radians, comes last."""
    extents = _extents(graph, rows, graph.rows(rows, [4 + classes]))
    return graph("Concat", *extents, graph.rows(rows, range(4, 4 + classes)), axis=1)


def _decided_oriented(graph: Graph, rows: str, classes: int) -> str:
    """Centre x, centre y, width, height, score, class, angle."""
    extents = _extents(graph, rows, graph.rows(rows, [6]))
    return graph("Concat", *extents, _scores_of_labels(graph, rows, classes), axis=1)


def _extents(graph: Graph, rows: str, angle: str) -> tuple[str, str, str]:
    """Of turned boxes: centres, widths and heights."""
    cosine, sine = (graph("Abs", graph(function, angle)) for function in ("Cos", "Sin"))
    width, height = graph.rows(rows, [2]), graph.rows(rows, [3])
    across = graph("Add", graph("Mul", width, cosine), graph("Mul", height, sine))
    down = graph("Add", graph("Mul", width, sine), graph("Mul", height, cosine))
    return graph.rows(rows, [0, 1]), across, down


@dataclass(frozen=True)
class Layout:
    """How candidates are written.

    Args:
        decode: nodes from (1, A, N) to (1, 4 + C, N).
        values: A without the classes' scores.
        scored: whether each class has a score; otherwise candidates have one, and the number of their class.
        last: whether candidates come last, (1, A, N); otherwise it is (1, N, A).
        more: other numbers of `values` that the layout comes with.
    """

    decode: Callable[[Graph, str, int], str]
    values: int
    scored: bool = True
    last: bool = True
    more: tuple[int, ...] = ()

    def classes(self, shape: Sequence[int | str | None]) -> int | None:
        """How many classes an output of this shape has; none where it does not say."""
        values = shape[1 if self.last else 2]
        return values - self.values if self.scored and isinstance(values, int) else None

    def fits(self, shape: Sequence[int | str | None], classes: int) -> bool:
        """Whether an output of this shape is one of so many classes, as far as the shape says."""
        if len(shape) != 3 or classes < 1:
            return False
        values = shape[1 if self.last else 2]
        plus = classes if self.scored else 0
        return not isinstance(values, int) or values in [each + plus for each in (self.values, *self.more)]


LAYOUTS: dict[str, Layout] = {
    "YOLO_Ultralytics": Layout(_ultralytics, 4),
    "YOLO_v9": Layout(_ultralytics, 4),
    "YOLO_Ultralytics_segmentation": Layout(_ultralytics, 36),
    "YOLO_Ultralytics_obb": Layout(_oriented, 5),
    "YOLO_v5_or_v7_default": Layout(_with_objectness, 5, last=False),
    "YOLO_v6": Layout(_beside_objectness, 5, last=False),
    "YOLO_v10": Layout(_decided, 6, scored=False, last=False, more=(38,)),  # 32 coefficients of a mask
    "YOLO_v10_obb": Layout(_decided_oriented, 7, scored=False, last=False),
}
"""By `det_type`; the last two are what models return that suppress by themselves, whatever their version."""
DECIDED = {
    "YOLO_Ultralytics": "YOLO_v10",
    "YOLO_v9": "YOLO_v10",
    "YOLO_Ultralytics_segmentation": "YOLO_v10",
    "YOLO_Ultralytics_obb": "YOLO_v10_obb",
}
"""What a model of this layout returns once it suppresses by itself."""


def detection(graph: Graph, det_type: str, classes: int) -> str:
    """Candidates (1, 4 + C, N) of (1, A, N), or of (1, N, A)."""
    layout = LAYOUTS[det_type]
    rows = graph.last if layout.last else graph("Transpose", graph.last, perm=[0, 2, 1])
    return layout.decode(graph, rows, classes)


def settled(det_type: str | None, shape: Sequence[int | str | None]) -> str | None:
    """A layout, or what it becomes where the output's shape says that the model suppresses by itself."""
    decided = DECIDED.get(det_type or "")
    if decided is None or len(shape) != 3 or not isinstance(shape[2], int):
        return det_type
    return decided if LAYOUTS[decided].fits(shape, 1) else det_type


def fitting(shape: Sequence[int | str | None], classes: int) -> list[str]:
    """The layouts that an output of this shape and so many classes may have."""
    return [name for name, layout in LAYOUTS.items() if layout.fits(shape, classes)]


def likely(shapes: Sequence[Sequence[int | str | None]]) -> list[str]:
    """The layouts that outputs of these shapes may have, the likeliest first."""
    first = shapes[0] if shapes else []
    sizes = [size for size in first if isinstance(size, int)]
    if len(first) != 3 or len(sizes) < 3:
        return []
    if sizes[2] == 7 and sizes[1] <= 1000:
        return ["YOLO_v10_obb"]
    if sizes[2] in (6, 38) and sizes[1] <= 1000:
        return ["YOLO_v10"]
    many_last = sizes[2] > sizes[1]
    if many_last and len(shapes) == 2:
        return ["YOLO_Ultralytics_segmentation"]
    if many_last:
        return ["YOLO_Ultralytics", "YOLO_v9", "YOLO_Ultralytics_obb"]
    return ["YOLO_v5_or_v7_default", "YOLO_v6"]
