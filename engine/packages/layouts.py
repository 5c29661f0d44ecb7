"""Outputs of foreign ONNX graphs turned into ours, by nodes added to the graph, so that every backend runs them alike.

Segmentation becomes (B, K, T, T) scores of at most one, detection (1, 4 + C, N) with centre x, centre y, width, height
in pixels and the classes' scores, regression (B, K, T, T) values. Only operators are used that every opset from 7 on
has alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

    def __call__(self, operator: str, *inputs: str, **attributes: object) -> str:
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
    """Let a graph that takes another type of numbers be fed with float32."""
    given = model.graph.input[0]
    inside = f"geodistil/{given.name}"
    for node in model.graph.node:
        node.input[:] = [inside if name == given.name else name for name in node.input]
    cast = helper.make_node("Cast", [given.name], [inside], "geodistil/feed", to=kind)
    model.graph.node.insert(0, cast)
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
    label = graph("Cast", graph.rows(rows, [5]), to=TensorProto.INT64)
    numbers = graph.constant(np.arange(classes)[None, :, None], np.int64)
    is_it = graph("Cast", graph("Equal", label, numbers), to=TensorProto.FLOAT)
    return graph("Concat", boxes, graph("Mul", is_it, graph.rows(rows, [4])), axis=1)


def _oriented(graph: Graph, rows: str, classes: int) -> str:
    """The extents of turned boxes; the angle, in radians, comes last."""
    angle = graph.rows(rows, [4 + classes])
    cosine, sine = (graph("Abs", graph(function, angle)) for function in ("Cos", "Sin"))
    width, height = graph.rows(rows, [2]), graph.rows(rows, [3])
    across = graph("Add", graph("Mul", width, cosine), graph("Mul", height, sine))
    down = graph("Add", graph("Mul", width, sine), graph("Mul", height, cosine))
    return graph("Concat", graph.rows(rows, [0, 1]), across, down, graph.rows(rows, range(4, 4 + classes)), axis=1)


Decoder = Callable[[Graph, str, int], str]
DECODERS: dict[str, tuple[Decoder, int, bool]] = {
    "YOLO_Ultralytics": (_ultralytics, 4, True),
    "YOLO_v9": (_ultralytics, 4, True),
    "YOLO_Ultralytics_segmentation": (_ultralytics, 36, True),
    "YOLO_Ultralytics_obb": (_oriented, 5, True),
    "YOLO_v5_or_v7_default": (_with_objectness, 5, False),
    "YOLO_v6": (_beside_objectness, 5, False),
    "YOLO_v10": (_decided, 6, False),
}
"""For each `det_type`: its decoder, the values of a candidate beside its classes' scores (all values where there is no
score for each class), and whether candidates come last."""


def detection(graph: Graph, det_type: str, classes: int) -> str:
    """Candidates (1, 4 + C, N) of (1, A, N), or of (1, N, A)."""
    decoder, _, last = DECODERS[det_type]
    rows = graph.last if last else graph("Transpose", graph.last, perm=[0, 2, 1])
    return decoder(graph, rows, classes)


def values_of(det_type: str, classes: int) -> int:
    """A, the values of a candidate."""
    return DECODERS[det_type][1] + (0 if det_type == "YOLO_v10" else classes)


def axis_of(det_type: str) -> int:
    """Which axis of the output holds them."""
    return 1 if DECODERS[det_type][2] else 2


def classes_of(det_type: str, shape: Sequence[int | str | None]) -> int | None:
    """How many classes a layout's output of this shape has; none where it does not say."""
    values = shape[axis_of(det_type)]
    if det_type == "YOLO_v10" or not isinstance(values, int):
        return None
    return values - DECODERS[det_type][1]


def likely(shapes: Sequence[Sequence[int | str | None]]) -> list[str]:
    """The layouts that outputs of these shapes may have, the likeliest first."""
    first = shapes[0] if shapes else []
    if len(first) != 3 or not all(isinstance(size, int) for size in first):
        return []
    if first[2] == 6 and first[1] <= 1000:
        return ["YOLO_v10"]
    many_last = first[2] > first[1]
    if many_last and len(shapes) == 2:
        return ["YOLO_Ultralytics_segmentation"]
    if many_last:
        return ["YOLO_Ultralytics", "YOLO_v9", "YOLO_Ultralytics_obb"]
    return ["YOLO_v5_or_v7_default", "YOLO_v6"]
