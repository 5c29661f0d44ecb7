"""A package's ONNX graph against its card, before any library runs it: it may come from anyone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from ...config import Card
from ...config.problems import WORDS, shown
from ...errors import PackageError

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
