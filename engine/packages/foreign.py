"""ONNX files of other programs: looked over, and adopted as packages that everything after predicts with like our own.

An adopted package is a folder in the user's cache: the graph, with nodes that turn its output into ours, and the card.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError
from onnxruntime.capi import onnxruntime_pybind11_state as states

from ..config import Card
from ..errors import OutputError, PackageError
from . import layouts
from .description import TASKS, Description, described, read_description
from .item import CARD_KEY, ITEM_FILE, PACKAGE_VERSION, VERSION_KEY
from .made_once import made_once

SIDECAR = ".json"
"""A description beside MODEL.onnx is found as MODEL.json."""
DEFAULT_TILE = 512
ADOPTION = 1
"""To be raised when adopting does something else than before, so that nothing older is taken from the cache."""
OUTPUTS = {"segmentation": "probabilities", "detection": "candidates", "regression": "values"}
TYPES = {"tensor(float)": None, "tensor(float16)": onnx.TensorProto.FLOAT16, "tensor(uint8)": onnx.TensorProto.UINT8}
"""What inputs may take, and what to turn float32 into for them."""
UNREADABLE = (
    states.Fail, states.InvalidGraph, states.InvalidProtobuf, states.NotImplemented, states.InvalidArgument,
    states.NoSuchFile, states.RuntimeException, ValueError,
)  # fmt: skip

Shape = list[int | str | None]


@dataclass
class Foreign:
    """An ONNX file as it is.

    Args:
        path: the file.
        input: the shape of its only input, (B, C, T, T).
        kind: the input's type, as onnxruntime calls it.
        outputs: the shapes of its outputs by name.
        description: what is known about it.
    """

    path: Path
    input: Shape
    kind: str
    outputs: dict[str, Shape]
    description: Description = field(default_factory=Description)

    @property
    def task(self) -> str:
        """Our word for what it does."""
        return TASKS[self.description.model_type]

    def missing(self) -> list[str]:
        """Keys that nobody has said and that prediction needs."""
        needed = ["model_type", "resolution"]
        needed += ["tile_size"] if not isinstance(self.input[2], int) else []
        if self.description.model_type == "Detector":
            needed += ["det_type"]
            needed += ["class_names"] if self.description.det_type == "YOLO_v10" else []
        return [key for key in needed if getattr(self.description, key) is None]


def inspect_onnx(path: Path | str, sidecar: Path | str | None = None) -> dict[str, Any]:
    """What is known about an ONNX file and what is missing, as JSON for a form.

    Returns:
        `model`, `input` and `outputs` (shapes), `known` (keys and values), `missing` (for each key its description, its
        JSON schema and likely values), `ready` (whether prediction can begin).

    Raises:
        PackageError: it is unreadable, or has inputs that images do not fit.
    """
    foreign = look(path, sidecar)
    known = foreign.description.model_dump(exclude_none=True)
    return {
        "model": str(path),
        "input": {"shape": foreign.input, "type": foreign.kind},
        "outputs": foreign.outputs,
        "known": known,
        "missing": [_question(foreign, key) for key in foreign.missing()],
        "ready": not foreign.missing(),
    }


def adopt(path: Path | str, sidecar: Path | str | None, cache: Path) -> Path:
    """The package of a foreign ONNX file, made in the cache when it is first asked for.

    Args:
        path: the file.
        sidecar: a description of what the file does not say; none means the one beside it, where there is one.
        cache: the folder of packages.

    Raises:
        PackageError: it is unreadable, says too little about itself, or its shapes do not fit what it says.
        OutputError: the cache cannot be written.
    """
    foreign = look(path, sidecar)
    if missing := foreign.missing():
        raise PackageError(
            f"{path} does not say its {', '.join(missing)}.",
            f"Give them as JSON with --describe FILE.json; python -m engine inspect {Path(path).name} lists them.",
        )
    content = foreign.path.read_bytes() + foreign.description.model_dump_json().encode()
    folder = cache / f"onnx{ADOPTION}-{hashlib.sha256(content).hexdigest()[:24]}"
    try:
        return made_once(folder, lambda complete: _write(foreign, complete))
    except OSError as error:
        raise OutputError(f"{path} cannot be prepared in {cache}: {error.strerror}.") from error


def look(path: Path | str, sidecar: Path | str | None = None) -> Foreign:
    """Open an ONNX file, with its description.

    Raises:
        PackageError: it is unreadable, has unknown operators, or inputs that images do not fit.
    """
    path = Path(path)
    session = _session(path)
    inputs = session.get_inputs()
    shape = list(inputs[0].shape)
    if len(inputs) != 1 or len(shape) != 4 or inputs[0].type not in TYPES:
        shapes = ", ".join(f"{each.type[7:-1]} {each.shape}" for each in inputs)
        raise PackageError(f"{path} takes {shapes}; a model for images takes one (batch, bands, height, width).")
    _check_input(path, shape)
    outputs = {output.name: list(output.shape) for output in session.get_outputs()}
    description = described(session.get_modelmeta().custom_metadata_map)
    beside = path.with_suffix(SIDECAR)
    if sidecar is not None or beside.is_file():
        description = description.joined(read_description(Path(sidecar or beside)))
    if isinstance(shape[2], int):
        description = description.model_copy(update={"tile_size": shape[2]})
    return Foreign(path, shape, inputs[0].type, outputs, description)


def _session(model: Path | bytes, name: Path | None = None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if isinstance(model, Path) and not model.is_file():
        raise PackageError(f"There is no model at {model}.")
    try:
        given = model if isinstance(model, bytes) else str(model)
        return onnxruntime.InferenceSession(given, options, ["CPUExecutionProvider"])
    except UNREADABLE as error:
        raise PackageError(
            f"{name or model} is no ONNX file that can be run here: {_reason(error)}.",
            "Export it again, with standard operators.",
        ) from error


def _check_input(path: Path, shape: Shape) -> None:
    batch, bands, height, width = shape
    square = not isinstance(height, int) or height == width
    if not isinstance(bands, int) or not square or (isinstance(batch, int) and batch > 1):
        raise PackageError(
            f"{path} takes images of the shape {shape}; wanted are (batch, bands, height, width) with a fixed number "
            "of bands, as high as wide, one at a time or any number.",
            "Export it again in that form.",
        )


def _question(foreign: Foreign, key: str) -> dict[str, Any]:
    schema = Description.model_json_schema()["properties"][key]
    likely = {
        "model_type": ["Segmentor", "Regressor"] if len(_main(foreign)[1]) == 4 else ["Detector"],
        "det_type": layouts.likely(list(foreign.outputs.values())),
        "tile_size": [DEFAULT_TILE],
    }
    return {"key": key, "description": schema["description"], "schema": schema, "likely": likely.get(key, [])}


def _main(foreign: Foreign) -> tuple[str, Shape]:
    """The output that counts: the first with as many axes as the task has; others hold masks or maps of features."""
    wanted = {"Detector": 3, "Segmentor": 4, "Regressor": 4}.get(foreign.description.model_type)
    fitting = [item for item in foreign.outputs.items() if wanted in (None, len(item[1]))]
    if not fitting or (wanted == 4 and len(foreign.outputs) > 1):
        shapes = ", ".join(map(str, foreign.outputs.values()))
        raise PackageError(
            f"{foreign.path} returns {shapes}, which no {foreign.description.model_type} does: that is "
            f"{'(1, candidates, values)' if wanted == 3 else 'only (batch, classes, height, width)'}."
        )
    return fitting[0]


def _write(foreign: Foreign, folder: Path) -> None:
    """The graph and the card, once the graph has answered as the card says."""
    model = _loaded(foreign.path)
    name, shape = _main(foreign)
    answer = _answer(_session(foreign.path), foreign, name)
    classes = _classes(foreign, shape, answer)
    description, tile = foreign.description, foreign.description.tile_size
    graph = layouts.Graph(model, name)
    if foreign.task == "segmentation":
        logits = not (answer.min() >= 0 and answer.max() <= 1)
        values = layouts.segmentation(graph, answer.shape[1], logits, description.seg_thresh or 0.0)
        out = ["batch", classes, tile, tile]
    elif foreign.task == "regression":
        scaling = description.reg_output_scaling
        values = layouts.regression(graph, 1.0 if scaling is None else scaling)
        out = ["batch", classes, tile, tile]
    else:
        values, out = layouts.detection(graph, description.det_type, classes), [1, 4 + classes, "candidates"]
    graph.finish(OUTPUTS[foreign.task], values, out)
    if TYPES[foreign.kind] is not None:
        layouts.feed(model, TYPES[foreign.kind])
    card = description.card(foreign.path.stem, foreign.input[1], classes)
    if isinstance(foreign.input[0], int) or shape[0] == 1:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    _save(model, card, folder / f"{foreign.task}.onnx")
    _check_adopted(foreign, card, folder / f"{foreign.task}.onnx")
    item = {"type": "Feature", "properties": {VERSION_KEY: PACKAGE_VERSION, CARD_KEY: card.model_dump(mode="json")}}
    (folder / ITEM_FILE).write_text(json.dumps(item), encoding="utf-8")


def _loaded(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load(str(path))
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise PackageError(f"{path} is no readable ONNX file: {_reason(error)}.") from error


def _save(model: onnx.ModelProto, card: Card, path: Path) -> None:
    del model.metadata_props[:]
    statistics = {"mean": card.mean, "std": card.std}
    scaled = {f"standardization_{name}": json.dumps([one / 255 for one in each]) for name, each in statistics.items()}
    onnx.helper.set_model_props(model, scaled)
    onnx.save(model, str(path))


def _answer(session: onnxruntime.InferenceSession, foreign: Foreign, output: str) -> np.ndarray:
    """What a graph says to noise as wide as standardised values are."""
    tile = foreign.description.tile_size
    noise = np.random.default_rng(0).normal(0.5, 0.5, (1, foreign.input[1], tile, tile))
    kinds = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
    given = session.get_inputs()[0]
    values = 255 * noise.clip(0, 1) if given.type == "tensor(uint8)" else noise
    try:
        return session.run([output], {given.name: values.astype(kinds[given.type])})[0]
    except UNREADABLE as error:
        raise PackageError(f"{foreign.path} fails on an image of {tile} pixels: {_reason(error)}.") from error


def _classes(foreign: Foreign, shape: Shape, answer: np.ndarray) -> int:
    """How many classes (or bands of values) the output has, checked against what is known.

    Raises:
        PackageError: the shapes do not fit.
    """
    description, names = foreign.description, len(foreign.description.class_names or [])
    if foreign.task == "detection":
        found = layouts.classes_of(description.det_type, answer.shape)
        classes = names or found or 0
        if classes < 1 or answer.shape[layouts.axis_of(description.det_type)] != layouts.values_of(
            description.det_type, classes
        ):
            raise PackageError(
                f"{foreign.path} returns {list(answer.shape)}, which is not what {description.det_type} with {classes} "
                "classes returns.",
                "Correct det_type or class_names.",
            )
        return classes
    tile = description.tile_size
    if answer.ndim != 4 or answer.shape[2:] != (tile, tile):
        raise PackageError(
            f"{foreign.path} returns {list(answer.shape)} for an image of {tile} pixels; as high and wide is wanted."
        )
    channels = answer.shape[1]
    classes = 2 if channels == 1 and foreign.task == "segmentation" else channels
    if names not in (0, classes, 1 if classes == 2 and channels == 1 else classes) or classes > 254:
        raise PackageError(
            f"{foreign.path} returns {channels} channels and names {names} classes.", "Correct class_names."
        )
    return classes


def _check_adopted(foreign: Foreign, card: Card, path: Path) -> None:
    """See that the changed graph runs; whatever the file's own shapes said.

    Raises:
        PackageError: it does not.
    """
    session = _session(path, foreign.path)
    shape = [1, len(card.bands), card.tile_size, card.tile_size]
    try:
        session.run(None, {session.get_inputs()[0].name: np.zeros(shape, np.float32)})
    except UNREADABLE as error:
        raise PackageError(f"{foreign.path} cannot be run as its description says: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """What libraries say in many lines and prefixes, in one line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(" : ")[-1][:300].rstrip(". ")
