"""A training step on chips read from disk against the same step on chips already in memory, two reading processes.

    .venv/bin/python benchmarks/training_step.py

Blocks of steps of either kind alternate, so that both see the same machine; medians and their ratio are printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.config import Run
from engine.data import prepare, training_loader
from engine.demo import Site, scene
from engine.recipes import build_plan
from engine.training import make_fabric
from engine.types import Batch

GATE = 1.10
WARM_UP = 12
"""Steps at the start of a block that are not counted: what was read ahead must be used up first."""


def main() -> int:
    """Measure and print; 1 where reading holds the steps up."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder), options)
        step = Step(run)
        disk = {role: training_loader(step.prepared, run, role) for role in ("detection", "segmentation")}
        memory = {role: cycle([next(batches) for _ in range(8)]) for role, batches in disk.items()}
        times = {"disk": [], "memory": []}
        for _ in range(options.rounds):
            for name, source in (("memory", memory), ("disk", disk)):
                times[name] += block(step, source, options.steps)
    medians = {name: median(values) for name, values in times.items()}
    print(f"step on chips in memory  {1000 * medians['memory']:7.1f} ms")
    print(f"step on chips from disk  {1000 * medians['disk']:7.1f} ms")
    ratio = medians["disk"] / medians["memory"]
    print(f"ratio                    {ratio:7.3f}  (at most {GATE})")
    return int(ratio > GATE)


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2048, help="side of the rasters in pixels")
    parser.add_argument("--student", default="small", help="network size")
    parser.add_argument("--chip-size", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int, default=30, help="steps in a block")
    parser.add_argument("--rounds", type=int, default=3, help="blocks of each kind")
    return parser.parse_args()


def make_run(folder: Path, options: argparse.Namespace) -> Run:
    """A partial multi-task run over two scenes of the demo world."""
    boxes, areas = (scene(folder, options.size, seed, Site(name=f"scene{seed}", number=seed)) for seed in range(2))
    return Run(
        sources=[
            {"raster": str(boxes.raster), "role": "detection", "labels": {"path": str(boxes.cars), "field": "class"}},
            {
                "raster": str(areas.raster),
                "role": "segmentation",
                "labels": {"path": str(areas.areas), "field": "class"},
            },
        ],
        detection_classes=[{"name": "vehicle", "values": ["car", "truck"]}],
        segmentation_classes=[{"name": "roof"}, {"name": "road"}, {"name": "water"}],
        recipe={"kind": "partial_multitask", "student": {"size": options.student}, "distillation": []},
        training={"chip_size": options.chip_size, "batch_size": options.batch_size, "workers": 1},
    )


class Step:
    """One optimiser step of the vanilla student."""

    def __init__(self, run: Run) -> None:
        self.prepared = prepare(run)
        self.fabric = make_fabric(run.training)
        self.plan = build_plan(run, self.prepared)
        self.student = self.plan.networks["student"].to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.student.parameters())

    def __call__(self, batches: dict[str, Batch]) -> None:
        """Losses, backward, step."""
        with self.fabric.autocast():
            losses = self.plan.stages[-1].losses(self.plan.networks, batches, 0.5)
        sum(losses.values()).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def block(step: Step, source: dict[str, Iterator[Batch]], steps: int) -> list[float]:
    """Seconds of each counted step, drawing included."""
    seconds = []
    for index in range(WARM_UP + steps):
        begun = time.perf_counter()
        step({role: next(batches).to("cpu") for role, batches in source.items()})
        if index >= WARM_UP:
            seconds.append(time.perf_counter() - begun)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
