"""ONNX files in eight bits: post-training static quantisation, which other programs and all our backends run too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from ..config import Card
from ..errors import on_disk
from ..inference.backends.base import standardisation
from ..processes import scratch
from .onnx import quiet

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
