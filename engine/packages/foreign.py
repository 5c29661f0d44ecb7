"""ONNX files of other programs: looked over, and adopted as packages that everything after predicts with like our own.

An adopted package is a folder in the user's cache: the graph, with nodes that turn its output into ours, and the card.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError

from ..config.validation import MOST_TILE, shown
from ..errors import PackageError, cannot_write
from ..inference.backends import OnnxModel
from ..processes import made_once
from ..telemetry import session_options
from ..types import given
from . import layouts
from .description import TASKS, Description, described, read_description
from .item import CARD_KEY, ITEM_FILE, PACKAGE_VERSION, VERSION_KEY
from .refusals import UNREADABLE, reason, refused

SIDECAR = ".json"
"""A description beside MODEL.onnx is found as MODEL.json."""
DEFAULT_TILE = 512
MOST_BANDS = 1024
ADOPTION = 2
"""To be raised when adopting does something else than before, so that nothing older is taken from the cache."""
OUTPUTS = {"segmentation": "probabilities", "detection": "candidates", "regression": "values"}
TYPES = {"tensor(float)": None, "tensor(float16)": onnx.TensorProto.FLOAT16, "tensor(uint8)": onnx.TensorProto.UINT8}
"""What inputs may take, and what to turn float32 into for them."""
BYTES = {"standardization_mean": [0.0], "standardization_std": [1 / 255], "dtype": "uint8"}
"""What holds of a graph that takes bytes, whatever is said: it gets the raster's own values, 0 to 255."""

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
        return TASKS[given(self.description.model_type)]

    @property
    def bands(self) -> int:
        """How many it reads, once its shape is known to be one that can be."""
        return cast("int", self.input[1])

    def missing(self) -> list[str]:
        """Keys that nobody has said and that prediction needs."""
        needed = ["model_type", "resolution"]
        needed += ["tile_size"] if not isinstance(self.input[2], int) else []
        if self.description.model_type == "Detector":
            needed += ["det_type"]
            layout = layouts.LAYOUTS.get(self.description.det_type or "")
            needed += ["class_names"] if layout and not layout.scored else []
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
    try:
        folder = cache / f"onnx{ADOPTION}-{_digest(foreign)}"
        return made_once(folder, lambda complete: _write(foreign, complete))
    except OSError as error:
        raise cannot_write(f"{path}, prepared in {cache},", cache, error) from error


def _digest(foreign: Foreign) -> str:
    """Of all that makes the package: the file, those it keeps its weights in, and what is known about it."""
    digest = hashlib.sha256(foreign.path.read_bytes() + foreign.description.model_dump_json().encode())
    for name in _elsewhere(foreign.path):
        digest.update((foreign.path.parent / name).read_bytes())
    return digest.hexdigest()[:24]


def _elsewhere(path: Path) -> list[str]:
    """The files that a graph keeps its weights in, relative to its own; none of a file that is no graph."""
    try:
        tensors = onnx.load(str(path), load_external_data=False).graph.initializer
    except (DecodeError, ValueError, OSError):
        return []  # onnxruntime says what it is
    return sorted({one.value for tensor in tensors for one in tensor.external_data if one.key == "location"})


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
    description = described(session.get_modelmeta().custom_metadata_map, path)
    beside = path.with_suffix(SIDECAR)
    if sidecar is not None or beside.is_file():
        description = description.joined(read_description(Path(sidecar or beside)))
    if reason := description.misfit(shape[1]):
        raise PackageError(f"{path} is described wrongly: {reason}.", "Correct its metadata or its description.")
    if isinstance(shape[2], int):
        description = description.model_copy(update={"tile_size": shape[2]})
    if inputs[0].type == "tensor(uint8)":
        description = description.model_copy(update=BYTES)
    foreign = Foreign(path, shape, inputs[0].type, outputs, description)
    if description.det_type:
        layout = layouts.settled(description.det_type, _main(foreign)[1])
        foreign.description = description.model_copy(update={"det_type": layout})
    return foreign


def _session(path: Path) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise PackageError(f"There is no model at {path}.")
    for name in _elsewhere(path):
        if not (path.parent / name).resolve().is_relative_to(path.parent.resolve()):
            raise PackageError(f"{path} keeps its weights in {shown(name)}, which does not lie beside it.")
    try:
        return onnxruntime.InferenceSession(str(path), session_options(4), ["CPUExecutionProvider"])
    except UNREADABLE as error:
        raise refused(path, error) from error


def _check_input(path: Path, shape: Shape) -> None:
    batch, bands, height, width = shape
    square = not isinstance(height, int) or height == width
    sound = isinstance(bands, int) and bands >= 1 and all(not isinstance(side, int) or side >= 1 for side in shape)
    if not sound or not square or (isinstance(batch, int) and batch > 1):
        raise PackageError(
            f"{path} takes images of the shape {shape}; wanted are (batch, bands, height, width) with a fixed number "
            "of bands, as high as wide, one at a time or any number.",
            "Export it again in that form.",
        )
    if (isinstance(bands, int) and bands > MOST_BANDS) or (isinstance(height, int) and height > MOST_TILE):
        raise PackageError(
            f"{path} takes images of {bands} bands and {height} pixels; at most are {MOST_BANDS} and {MOST_TILE}."
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
    wanted = {"Detector": 3, "Segmentor": 4, "Regressor": 4}.get(foreign.description.model_type or "")
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
    description, tile = foreign.description, foreign.description.tile_size
    file = folder / f"{foreign.task}.onnx"
    kind = TYPES[foreign.kind]
    if kind is not None:
        layouts.feed(model, kind)
    if isinstance(foreign.input[0], int) or shape[0] == 1:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    _save(model, foreign, file)
    answer = _answer(file, foreign, name)
    classes = _classes(foreign, answer)
    out: list[int | str]
    graph = layouts.Graph(model, name)
    if foreign.task == "segmentation":
        logits = not (answer.min() >= 0 and answer.max() <= 1)
        values = layouts.segmentation(graph, answer.shape[1], logits, description.seg_thresh or 0.0)
        out = ["batch", classes, given(tile), given(tile)]
    elif foreign.task == "regression":
        scaling = description.reg_output_scaling
        values = layouts.regression(graph, 1.0 if scaling is None else scaling)
        out = ["batch", classes, given(tile), given(tile)]
    else:
        values, out = layouts.detection(graph, given(description.det_type), classes), [1, 4 + classes, "candidates"]
    graph.finish(OUTPUTS[foreign.task], values, out)
    _save(model, foreign, file)
    _answer(file, foreign, OUTPUTS[foreign.task])
    card = description.card(foreign.path.stem, foreign.bands, classes)
    item = {"type": "Feature", "properties": {VERSION_KEY: PACKAGE_VERSION, CARD_KEY: card.model_dump(mode="json")}}
    (folder / ITEM_FILE).write_text(json.dumps(item), encoding="utf-8")


def _loaded(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load(str(path))
    except (DecodeError, ValueError, onnx.checker.ValidationError) as error:
        raise PackageError(f"{path} is no readable ONNX file: {reason(error)}.") from error


def _save(model: onnx.ModelProto, foreign: Foreign, path: Path) -> None:
    """With the standardisation that `OnnxModel` applies."""
    del model.metadata_props[:]
    mean, std = foreign.description.statistics(foreign.bands)
    scaled = {"standardization_mean": [one / 255 for one in mean], "standardization_std": [one / 255 for one in std]}
    onnx.helper.set_model_props(model, {key: json.dumps(values) for key, values in scaled.items()})
    onnx.save(model, str(path))


def _answer(path: Path, foreign: Foreign, output: str) -> np.ndarray:
    """What a graph says to noise of a raster's values, prepared as predictions prepare them.

    Raises:
        PackageError: it fails on it.
    """
    try:
        answer = OnnxModel(path).run(_noise(foreign))[output]
    except (*UNREADABLE, PackageError) as error:
        why = reason(error.__cause__ or error)
        tile = foreign.description.tile_size
        raise PackageError(f"{foreign.path} fails on an image of {tile} pixels: {why}.") from error
    if np.isnan(answer).any():
        raise PackageError(f"{foreign.path} answers with values that are not numbers.", "Export it again.")
    return answer


def _noise(foreign: Foreign) -> np.ndarray:
    """An image (1, C, T, T) as it may be read from a raster, about as wide as standardised values are."""
    bands, tile = foreign.bands, given(foreign.description.tile_size)
    mean, std = (np.reshape(each, (-1, 1, 1)) for each in foreign.description.statistics(bands))
    dtype = np.dtype(foreign.description.dtype or "uint8")
    rng = np.random.default_rng(0)
    if dtype == np.uint8:
        return rng.integers(0, 256, (1, bands, tile, tile), np.uint8)
    values = mean + std * rng.normal(0.5, 0.5, (1, bands, tile, tile))
    if np.issubdtype(dtype, np.integer):
        values = values.round().clip(np.iinfo(dtype).min, np.iinfo(dtype).max)
    found: np.ndarray = values.astype(dtype)
    return found


def _classes(foreign: Foreign, answer: np.ndarray) -> int:
    """How many classes (or bands of values) the output has, checked against what is known.

    Raises:
        PackageError: the shapes do not fit.
    """
    description, names = foreign.description, len(foreign.description.class_names or [])
    if foreign.task == "detection":
        layout = layouts.LAYOUTS[given(description.det_type)]
        classes = names or (layout.classes(answer.shape) if answer.ndim == 3 else None) or 0
        if not layout.fits(answer.shape, classes):
            others = layouts.fitting(answer.shape, names)
            raise PackageError(
                f"{foreign.path} returns {list(answer.shape)}, which is not what {description.det_type} with {classes} "
                "classes returns.",
                f"With {names} classes that is {' or '.join(others)}; correct det_type."
                if others
                else "Correct det_type or class_names.",
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
