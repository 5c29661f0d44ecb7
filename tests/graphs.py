"""Graphs of networks that differ in their weights alone are traced once: it takes PyTorch seconds, jobs here less.

What was traced is kept as the exporter gave it, and gets the weights of each network that is exported. Tests of exports
trace every graph; `tests/engine/packages/test_graphs.py` holds that both ways lead to the same bytes.
"""

from __future__ import annotations

import copy
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

ROOT = Path(__file__).parents[1]
ENGINE, KEPT = ROOT / "engine", ROOT / "build" / "graphs"
LIBRARIES = ("torch", "torchvision", "timm", "segmentation-models-pytorch", "onnx", "onnxscript")
Trace = Callable[[nn.Module, Tensor, list[str]], onnx.ModelProto]


def trace_once(folder: Path) -> Trace:
    """Have this process take graphs from a folder and keep there what it traces; gives what traced them before."""
    from engine.packages import onnx as exports

    trace = exports._traced
    exports._traced = lambda *asked: traced_once(trace, folder, *asked)
    return trace


def kept() -> Path:
    """The folder for this state of the engine and of the libraries that export; those of other states are removed."""
    state = hashlib.sha256()
    for path in sorted(ENGINE.rglob("*.py")):
        state.update(path.read_bytes())
    for name in LIBRARIES:
        state.update(version(name).encode())
    folder = KEPT / state.hexdigest()[:16]
    for other in KEPT.glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def traced_once(trace: Trace, folder: Path, graph: nn.Module, example: Tensor, outputs: list[str]) -> onnx.ModelProto:
    """What `trace` gives, from the folder where it is."""
    path = folder / f"{structure(graph, example, outputs)}.onnx"
    if path.exists():
        return with_weights(onnx.load(path), graph)
    model = trace(_with_unequal_weights(graph), example, outputs)
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    onnx.save(model, beside)
    beside.rename(path)  # whole, or not at all
    return with_weights(model, graph)


def _with_unequal_weights(graph: nn.Module) -> nn.Module:
    """A copy whose weights are all different: the exporter joins those that are equal."""
    copied, rng = copy.deepcopy(graph), torch.Generator().manual_seed(0)
    for one in copied.state_dict().values():
        if one.is_floating_point():
            one.copy_(torch.rand(one.shape, generator=rng) + 0.1)
    return copied


def with_weights(model: onnx.ModelProto, graph: nn.Module) -> onnx.ModelProto:
    """The same with the weights of another network of this structure."""
    weights = graph.state_dict()
    for each in model.graph.initializer:
        if each.name in weights:
            each.CopyFrom(onnx.numpy_helper.from_array(weights[each.name].numpy(), each.name))
    return model


def structure(graph: nn.Module, example: Tensor, outputs: list[str]) -> str:
    """A digest of all but the weights: of layers, what they are set to, and constants."""
    weights = graph.state_dict()
    parts: list[object] = [tuple(example.shape), outputs, [(name, tuple(one.shape)) for name, one in weights.items()]]
    for name, module in graph.named_modules():
        parts += [name, type(module), {key: value for key, value in vars(module).items() if key[0] != "_"}]
    parts += [(name, one.tolist()) for name, one in graph.named_buffers() if name not in weights]
    return hashlib.sha256(re.sub(r" at 0x[0-9a-f]+", "", repr(parts)).encode()).hexdigest()
