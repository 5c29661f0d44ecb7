"""A training step of networks with depthwise convolutions, these in bfloat16 and in single precision.

    .venv/bin/python benchmarks/depthwise.py

Forward and backward of the whole network, both tasks, under the processor's autocast; steps of either kind alternate,
so that both see the same machine. Medians and their ratio are printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.config import Network
from engine.models import Purpose, build, single_precision_depthwise

CLASSES = 3


def main() -> None:
    """Measure and print."""
    options = arguments()
    torch.set_num_threads(options.threads)
    print("| network | px | batch | bfloat16, ms | single precision, ms | ratio |\n|---|---|---|---|---|---|")
    for size in options.sizes:
        network = built(size)
        for side, batch in ((96, 16), (256, 4)):
            image = torch.rand(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
            times: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(options.steps + 1):
                for wide in times:
                    times[wide].append(step(network, image, wide))
            before, after = (1000 * median(each[1:]) for each in times.values())
            print(f"| {size} | {side} | {batch} | {before:.0f} | {after:.0f} | {before / after:.2f} |", flush=True)


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["nano", "small", "medium"], help="network sizes")
    parser.add_argument("--steps", type=int, default=9, help="of each kind")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def built(size: str) -> torch.nn.Module:
    """A network of that size for both tasks, random weights, ready to learn."""
    spec = Network(size=size, weights="none")
    purpose = Purpose(("detection", "segmentation"), [0.5] * 3, [0.25] * 3, CLASSES, CLASSES)
    network = build(spec, purpose, seed=0)
    return network.train().to(memory_format=torch.channels_last)


def step(network: torch.nn.Module, image: torch.Tensor, wide: bool) -> float:
    """Seconds of forward and backward."""
    begun = time.perf_counter()
    with single_precision_depthwise([network]) if wide else nullcontext():
        with torch.autocast("cpu", torch.bfloat16):
            outputs = network(image)
        sum(each.float().square().mean() for each in tensors(outputs)).backward()
    network.zero_grad()
    return time.perf_counter() - begun


def tensors(outputs: object) -> list[torch.Tensor]:
    """What a network's outputs are made of, wherever it lies in them."""
    if isinstance(outputs, torch.Tensor):
        return [outputs] if outputs.requires_grad else []
    parts = (
        outputs if isinstance(outputs, list | tuple) else vars(outputs).values() if hasattr(outputs, "__dict__") else ()
    )
    return [found for part in parts for found in tensors(part)]


if __name__ == "__main__":
    main()
