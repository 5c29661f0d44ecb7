"""ONNX files: one graph of all tasks, one a task for other QGIS inference plugins, and either in eight bits.

A graph's input is (value / 255 - standardization_mean) / standardization_std with the metadata's numbers, which is the
network's own (raw - mean) / std.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn
from torchvision.ops import box_convert

from ..config import Card, CardClass
from ..errors import on_disk
from ..inference.backends.base import OBJECT_LIMIT, standardisation
from ..inference.suppression import CANDIDATES_PER_OBJECT
from ..models import TrainableNetwork
from ..processes import scratch
from ..telemetry import session_options
from ..types import Task, given

OPSET = 18
IR_VERSION = 8
"""Both old enough for onnxruntime 1.14, which many QGIS installations have."""
OVERLAP_PERCENT = 15
TASK_OUTPUTS: dict[Task, tuple[str, ...]] = {
    "segmentation": ("probabilities",),
    "detection": ("boxes", "scores", "labels"),
}
"""The outputs of a joint graph that are a task's."""
MOST_CANDIDATES = CANDIDATES_PER_OBJECT * OBJECT_LIMIT
"""Candidates of a window that a joint graph returns: as many as suppression looks at."""


class SegmentationGraph(nn.Module):
    """Standardised images (B, C, T, T) to class probabilities (B, K, T, T)."""

    def __init__(self, network: TrainableNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Probabilities that sum to one over K."""
        return given(self.network(image, tasks=("segmentation",)).segmentation).softmax(dim=1)


class DetectionGraph(nn.Module):
    """Standardised images (1, C, T, T) to decoded candidates (1, 4 + C, N), the layout of Ultralytics' YOLO."""

    def __init__(self, network: TrainableNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """For each candidate cx, cy, w, h in pixels and the classes' scores."""
        detections = self.network(image, tasks=("detection",)).detections
        scores, boxes = given(self.network.detection_head).scores_and_boxes(given(detections))
        return torch.cat([box_convert(boxes, "xyxy", "cxcywh"), scores], dim=2).transpose(1, 2)


class JointGraph(nn.Module):
    """Standardised images (B, C, T, T) to the outputs of all tasks, encoder and neck computed once.

    Args:
        network: in eval mode.
        most: candidates of an image that detection returns at most.
    """

    def __init__(self, network: TrainableNetwork, most: int = MOST_CANDIDATES) -> None:
        super().__init__()
        self.network, self.most = network, most

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """What `output_names` lists: probabilities (B, K, T, T); boxes (B, k, 4) xyxy, scores (B, k), labels (B, k)."""
        outputs = self.network(image)
        answers: list[Tensor] = []
        if outputs.segmentation is not None:
            answers.append(_softmax(outputs.segmentation))
        if outputs.detections is not None:
            answers += self._candidates(*given(self.network.detection_head).scores_and_boxes(outputs.detections))
        return tuple(answers)

    def _candidates(self, scores: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best of all anchors and classes, as `models.decide` takes them."""
        classes = scores.shape[2]
        flat = scores.flatten(1)
        values, index = flat.topk(min(self.most, flat.shape[1]), dim=1)
        anchors = index if classes == 1 else index // classes
        chosen = boxes.gather(1, anchors[..., None].expand(-1, -1, 4))
        return chosen, values, (index - anchors * classes).int()


def _softmax(logits: Tensor) -> Tensor:
    """Softmax over K of (B, K, H, W), written out: onnxruntime's own operator transposes first, which costs more."""
    shares = (logits - logits.amax(dim=1, keepdim=True)).exp()
    return shares / shares.sum(dim=1, keepdim=True)


def output_names(card: Card) -> list[str]:
    """The outputs of a card's joint graph, in order."""
    return [name for task, names in TASK_OUTPUTS.items() if task in card.tasks for name in names]


def export_joint(network: TrainableNetwork, card: Card, path: Path) -> Path:
    """Write the graph of all tasks, for any batch, which our own backends run.

    Args:
        network: of `engine.models.build`; it is not changed.
        card: its card.
        path: the file.
    """
    graph = JointGraph(_standardised(network))
    return _export(graph, _example(card, 2), path, output_names(card), _statistics(card))


def export(network: TrainableNetwork, card: Card, task: Task, path: Path) -> Path:
    """Write one task's graph with its metadata, for other programs.

    Segmentation takes any batch; detection one image, since Deepness refuses other detectors.

    Args:
        network: of `engine.models.build`; it is not changed.
        card: its card.
        task: which head.
        path: the file.
    """
    many = task == "segmentation"
    graph = (SegmentationGraph if many else DetectionGraph)(_standardised(network))
    outputs = ["probabilities" if many else "candidates"]
    return _export(graph, _example(card, 2 if many else 1), path, outputs, metadata(card, task))


def _standardised(network: TrainableNetwork) -> TrainableNetwork:
    """A copy that takes standardised values: its own normalisation is the identity."""
    copied = copy.deepcopy(network).cpu().float().eval()
    copied.mean.zero_()
    copied.std.fill_(1)
    for module in copied.modules():
        if getattr(module, "inplace", False):  # the exporter takes half as long again for a ReLU6 in place
            setattr(module, "inplace", False)  # noqa: B010  # modules have no such attribute in general
    return copied


def _example(card: Card, count: int) -> Tensor:
    """So many images of a model's bands and windows."""
    return torch.zeros(count, len(card.bands), card.tile_size, card.tile_size)


def _export(graph: nn.Module, example: Tensor, path: Path, outputs: list[str], keys: dict[str, Any]) -> Path:
    """Write a graph, of any batch where the example has several images."""
    with quiet(), torch.inference_mode():
        model = _without_traces(_folded(_optimised(_traced(graph, example, outputs)), path.parent))
    model.ir_version = IR_VERSION
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in keys.items()})
    onnx.save(model, str(path))
    return path


def _traced(graph: nn.Module, example: Tensor, outputs: list[str]) -> onnx.ModelProto:
    """The operators that a graph runs, as they are run."""
    program = torch.onnx.export(
        graph,
        (example,),
        dynamo=True,
        opset_version=OPSET,
        input_names=["image"],
        output_names=outputs,
        dynamic_shapes=({0: torch.export.Dim("batch")} if len(example) > 1 else {},),
        optimize=False,
        verbose=False,
    )
    model: onnx.ModelProto = given(program).model_proto
    return model


def _optimised(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph without what need not be computed anew for each image, by the exporter's own means."""
    from onnxscript.optimizer import optimize  # takes a second to load

    optimised: onnx.ModelProto = optimize(model)
    return optimised


def _folded(model: onnx.ModelProto, beside: Path) -> onnx.ModelProto:
    """The graph with batch norms folded into the convolutions before them; its operators stay the standard's."""
    with scratch(beside) as folder, on_disk(f"A graph in {beside}", beside):
        options = session_options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folder / "folded.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph without what the exporter notes of each node: lines of the program, with paths of this machine."""
    graph = model.graph
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    return model


def metadata(card: Card, task: Task) -> dict[str, Any]:
    """What Deepness reads from an ONNX file, each value to be written as JSON."""
    common = {
        "resolution": round(100 * card.gsd, 4),
        "tile_size": card.tile_size,
        "tiles_size": card.tile_size,
        "tiles_overlap": OVERLAP_PERCENT,
        **_statistics(card),
    }
    if task == "segmentation":
        names = _names(card.segmentation_channels())
        return {"model_type": "Segmentor", **names, **common, "seg_thresh": 0.0, "seg_small_segment": 0}
    return {
        "model_type": "Detector",
        **_names(card.detection_classes),
        **common,
        "det_type": "YOLO_Ultralytics",
        "det_conf": card.score_threshold,
        "det_iou_thresh": card.iou_threshold,
    }


def _statistics(card: Card) -> dict[str, list[float]]:
    return {
        "standardization_mean": [mean / 255 for mean in card.mean],
        "standardization_std": [(std if std > 0 else 1) / 255 for std in card.std],
    }


def _names(classes: list[CardClass]) -> dict[str, dict[int, str]]:
    return {"class_names": {index: one.name for index, one in enumerate(classes)}}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's warnings and log lines, which concern nobody who trains a network."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


ENCODER = ".encoder."
"""In the names of the encoder's weights, which the graph has from the network."""


@dataclass(frozen=True)
class Spared:
    """What stays in 32 bits.

    Args:
        first: how many convolutions, from the image on. Encoders have a linear bottleneck there, whose channels differ
            so much in their ranges that one scale for all of them leaves most with a few values.
        outputs: names of outputs whose own convolutions.
        decoder: whether all but the encoder: neck and heads.
    """

    first: int = 0
    outputs: Collection[str] = ()
    decoder: bool = False

    def nodes(self, graph: onnx.GraphProto) -> list[str]:
        """Names of the graph's nodes that stay."""
        convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
        decoder = after(graph, lambda node: _is_convolution(node, ENCODER)) if self.decoder else []
        return [*convolutions[: self.first], *only_for(graph, self.outputs), *decoder, *after(graph, _is_convolution)]


class _Images(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self, name: str, images: Iterator[np.ndarray]) -> None:
        self.name, self.images = name, images

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self.images, None)
        return None if image is None else {self.name: image}


def quantise(source: Path, target: Path, card: Card, images: Iterable[np.ndarray], spared: Spared = Spared()) -> Path:
    """Write a graph whose weights (for each channel) and activations have eight bits, as far as convolutions go.

    What follows the last convolution, such as the decoding of boxes, stays as it is: coordinates need their digits.
    Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018,
    equation 1.

    Args:
        source: an ONNX file of a package.
        target: the file to write, with the same metadata.
        card: the package's; standardises the images.
        images: (C, T, T) raw values; the range of each activation is that over all of them.
        spared: what stays in 32 bits.
    """
    mean, std = (values[:, None, None] for values in standardisation(card))
    with scratch(target.parent) as temporary, quiet(), on_disk(f"The graph {target}", target):
        plain = temporary / "plain.onnx"
        quant_pre_process(str(source), str(plain), skip_symbolic_shape=True)
        graph = onnx.load(plain).graph
        standardised = (((image - mean) / std)[None].astype(np.float32) for image in images)
        quantize_static(
            str(plain),
            str(target),
            _Images(graph.input[0].name, standardised),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=spared.nodes(graph),
        )
    _copy_metadata(source, target)
    return target


def only_for(graph: onnx.GraphProto, outputs: Collection[str]) -> list[str]:
    """Names of the nodes that nothing but these outputs depends on."""
    needed = {output.name for output in graph.output if output.name not in outputs}
    own = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
        else:
            own.append(node.name)
    return own


def after(graph: onnx.GraphProto, last: Callable[[onnx.NodeProto], bool]) -> list[str]:
    """Names of the nodes that none of the `last` ones depends on, and that are none."""
    needed: set[str] = set()
    names = []
    for node in reversed(graph.node):  # in the order of their dependencies
        if last(node) or needed.intersection(node.output):
            needed.update(node.input)
        else:
            names.append(node.name)
    return names


def _is_convolution(node: onnx.NodeProto, of: str = "") -> bool:
    return node.op_type == "Conv" and of in node.input[1]


def _copy_metadata(source: Path, target: Path) -> None:
    model, original = onnx.load(target), onnx.load(source, load_external_data=False)
    del model.metadata_props[:]
    model.metadata_props.extend(original.metadata_props)
    onnx.save(model, target)
