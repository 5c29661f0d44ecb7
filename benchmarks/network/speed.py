"""Networks by size, backend and window: encoder, each task, both; against two teachers one after the other; in 8 bits.

    .venv/bin/python benchmarks/network/speed.py [--sides 256 512 1024] [--rounds 5] [--output build/network]

Random weights: speed does not depend on them. Writes `table.md` and `speeds.json`; with --keep also the short form that
the plugin's size chooser shows, resources/network_sizes.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.config import Card, CardClass, Network  # noqa: E402
from engine.inference.backends import Backend, OnnxBackend, OpenVinoBackend  # noqa: E402
from engine.models import SIZES, build_from_card, parameters, resolve  # noqa: E402
from engine.models.encoders import ENCODERS  # noqa: E402
from engine.packages import onnx  # noqa: E402
from engine.packages.onnx import quantise  # noqa: E402

CHOOSER = ROOT / "resources" / "network_sizes.json"
BACKENDS: dict[str, type] = {"OpenVINO": OpenVinoBackend, "onnxruntime": OnnxBackend}
BOTH = ("detection", "segmentation")
FIRST, TEACHERS = "small of 0.1, a graph a task", "two ResNet-34 teachers"
WINDOWS = 8
STRIDES = [4, 8, 16, 32]
NETWORKS = {
    **{size: Network(size=size, weights="none", detection_strides=STRIDES) for size in SIZES},
    FIRST: Network(size="small", design=1, weights="none", detection_strides=STRIDES),
    TEACHERS: Network(encoder="resnet34", width=64, design=1, weights="none", detection_strides=STRIDES),
}
SEPARATE = (FIRST, TEACHERS)
"""Run as they were shipped: one graph a task, one after the other."""


class EncoderAlone(nn.Module):
    """An encoder's coarsest map, reduced to what a segmentation graph returns in its place."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network.encode(image)[-1].mean(dim=1, keepdim=True)


def main() -> None:
    options = parse()
    options.output.mkdir(parents=True, exist_ok=True)
    rows = [row for side in options.sides for row in measured(side, options)]
    facts = {name: described(spec) for name, spec in NETWORKS.items()}
    (options.output / "speeds.json").write_text(json.dumps({"rows": rows, "networks": facts}, indent=2) + "\n")
    (options.output / "table.md").write_text(text := markdown(rows, facts))
    if options.keep:
        keep(rows, facts)
    print(text)


def parse() -> argparse.Namespace:
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--sides", type=int, nargs="+", default=[256, 512, 1024])
    top.add_argument("--rounds", type=int, default=5)
    top.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    top.add_argument("--parts", nargs="+", default=["encoder", "segmentation", "detection", "both", "both, 8 bits"])
    top.add_argument("--backends", nargs="+", default=list(BACKENDS), choices=list(BACKENDS))
    top.add_argument("--output", type=Path, default=ROOT / "build" / "network")
    top.add_argument("--keep", action="store_true", help="write the size chooser's numbers")
    return top.parse_args()


def measured(side: int, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Median MPix/s of every network, backend and part; networks take turns, so that noise meets all alike."""
    folders = {
        (name, part): graphs(name, part, side, options.output / f"{side}" / f"{name}-{part}".replace(" ", "_"))
        for part in options.parts
        for name in options.networks
    }
    for library in options.backends:
        for part in options.parts:
            backends = {
                name: [BACKENDS[library](folder, card) for folder, card in folders[name, part]]
                for name in options.networks
                if folders[name, part]
            }
            image = np.random.default_rng(0).integers(0, 255, (1, 3, side, side), np.uint8)
            seconds: dict[str, list[float]] = {name: [] for name in backends}
            for _ in range(options.rounds + 1):
                for name, several in backends.items():
                    seconds[name].append(sum(timed(backend, image) for backend in several))
            for name, times in seconds.items():  # the first round warms up
                rate = WINDOWS * side**2 / 1e6 / median(times[1:])
                row = {"network": name, "backend": library, "device": backends[name][0].name, "side": side}
                yield {**row, "part": part, "megapixels_per_second": round(rate, 2)}
                print(f"{side} px, {library}, {part}, {name}: {rate:.2f} MPix/s", file=sys.stderr)


def timed(backend: Backend, image: np.ndarray) -> float:
    """Seconds for some windows, as many at once as a prediction runs."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(backend.parallel) as pool:
        list(pool.map(backend.run, [image] * WINDOWS))
    return time.perf_counter() - begun


def graphs(name: str, part: str, side: int, folder: Path) -> list[tuple[Path, Card]]:
    """Folders with graphs to be run one after the other, each with its card; none where the part is not shipped so."""
    if name in SEPARATE:
        tasks = {"both": BOTH, "segmentation": ("segmentation",), "detection": ("detection",)}.get(part, ())
        return [written(name, (task,), side, folder / task, separate=True) for task in tasks]
    if part == "encoder":
        return [written(name, ("segmentation",), side, folder, encoder=True)]
    tasks = BOTH if part.startswith("both") else (part,)
    return [written(name, tasks, side, folder, eight_bits=part.endswith("8 bits"))]


def written(
    name: str, tasks: tuple[str, ...], side: int, folder: Path, separate: bool = False, encoder: bool = False,
    eight_bits: bool = False,
) -> tuple[Path, Card]:  # fmt: skip
    card = card_of(NETWORKS[name], tasks, side)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (f"{tasks[0]}.onnx" if separate else "model.onnx")
    if path.exists():
        return folder, card
    network = build_from_card(card).eval()
    if encoder:
        graph = EncoderAlone(onnx._standardised(network))
        onnx._export(graph, onnx._example(card, 2), path, ["probabilities"], onnx._statistics(card))
    elif separate:
        onnx.export(network, card, tasks[0], path)
    else:
        onnx.export_joint(network, card, path)
    if eight_bits:
        draw = np.random.default_rng(0)
        images = [draw.integers(0, 255, (3, side, side)).astype(np.float32) for _ in range(2)]
        quantise(path, folder / "light.onnx", card, images).replace(path)
    return folder, card


def card_of(spec: Network, tasks: tuple[str, ...], side: int) -> Card:
    classes = [CardClass(name=each, color="#e4572e") for each in ("roof", "road", "water")]
    return Card(
        name="speed", tasks=list(tasks), gsd=0.25, bands=[1, 2, 3], dtype="uint8", mean=[100.0] * 3, std=[50.0] * 3,
        tile_size=side, segmentation_classes=classes, detection_classes=classes[:1], network=spec,
    )  # fmt: skip


def described(spec: Network) -> dict[str, Any]:
    """Parameters in millions, GMAC and megabytes moved at 512 px with both heads, both of one window in float32."""
    network = build_from_card(card_of(spec, BOTH, 512)).eval()
    moved = 0

    def count(module: nn.Module, given: tuple[Any, ...], answer: Any) -> None:
        nonlocal moved
        tensors = [each for each in (*given, answer, *module.parameters(recurse=False)) if isinstance(each, Tensor)]
        moved += sum(4 * each.numel() for each in tensors)

    hooks = [each.register_forward_hook(count) for each in network.modules() if isinstance(each, nn.Conv2d)]
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, 512, 512))
    for hook in hooks:
        hook.remove()
    return {
        "encoder": resolve(spec).encoder,
        "parameters": parameters(network),
        "gmac": round(counter.get_total_flops() / 2e9, 2),
        "moved_megabytes": round(moved / 1e6, 1),
    }


def markdown(rows: list[dict[str, Any]], facts: dict[str, dict[str, Any]]) -> str:
    """The tables: what networks are, then rates by backend and side."""
    lines = ["| network | encoder | M parameters | GMAC | MB moved |", "|---|---|---|---|---|"]
    for name, fact in facts.items():
        millions = fact["parameters"] / 1e6
        lines.append(f"| {name} | {fact['encoder']} | {millions:.1f} | {fact['gmac']} | {fact['moved_megabytes']} |")
    lines += [
        "",
        "Of one window of 512 px with both heads in float32; moved are inputs, outputs and weights of convolutions.",
        "",
    ]
    parts = list(dict.fromkeys(row["part"] for row in rows))
    lines += [f"| MPix/s | px | network | {' | '.join(parts)} | times the teachers |", "|---" * (len(parts) + 4) + "|"]
    rates = {(r["backend"], r["side"], r["network"], r["part"]): r["megapixels_per_second"] for r in rows}
    for backend, side, name in dict.fromkeys((r["backend"], r["side"], r["network"]) for r in rows):
        cells = [rates.get((backend, side, name, part)) for part in parts]
        both, base = rates.get((backend, side, name, "both")), rates.get((backend, side, TEACHERS, "both"))
        ratio = f"{both / base:.1f}" if both and base else ""
        shown = " | ".join("" if each is None else f"{each:.2f}" for each in cells)
        lines.append(f"| {backend} | {side} | {name} | {shown} | {ratio} |")
    return "\n".join([*lines, ""])


def keep(rows: list[dict[str, Any]], facts: dict[str, dict[str, Any]]) -> None:
    """What the plugin's size chooser shows, measured with onnxruntime (which every environment has) at 512 px."""
    rates = {
        row["network"]: row["megapixels_per_second"]
        for row in rows
        if (row["backend"], row["side"], row["part"]) == ("onnxruntime", 512, "both")
    }
    catalogue = {encoder.name: encoder for encoder in ENCODERS}
    sizes = {
        name: {
            "encoder": facts[name]["encoder"],
            "licence": catalogue[facts[name]["encoder"]].licence,
            "with_engine": catalogue[facts[name]["encoder"]].with_engine,
            "parameters": facts[name]["parameters"],
            "slowness": round(rates["small"] / rates[name], 2),
        }
        for name in SIZES
    }
    CHOOSER.write_text(json.dumps(sizes, indent=2) + "\n")


if __name__ == "__main__":
    main()
