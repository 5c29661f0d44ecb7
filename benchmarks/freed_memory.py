"""A training step on the processor where freed memory stays with the process (`engine.malloc`) and where it does not.

    .venv/bin/python benchmarks/freed_memory.py

Each way runs in processes of its own, in turn; printed are medians of wall and processor time a step, page faults a
step and the processes' largest memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

KINDS = ("plain", "kept")


def main() -> None:
    """Both ways by turns, or one of them."""
    options = arguments()
    if options.kind:
        print(json.dumps(measured(options)))
        return
    found = {kind: [] for kind in KINDS}
    for _ in range(options.rounds):
        for kind in KINDS:
            command = [sys.executable, __file__, *sys.argv[1:], "--kind", kind]
            made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found[kind].append(json.loads(made.splitlines()[-1]))
    for kind, rounds in found.items():
        wall, processor, faults, memory = (median(each[key] for each in rounds) for key in rounds[0])
        times = f"{1000 * wall:8.0f} ms  {1000 * processor:8.0f} ms of processor"
        print(f"{kind:6} {times}  {faults:8.0f} faults  {memory:6.0f} MB")


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--student", default="small", help="network size")
    parser.add_argument("--chip-size", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--size", type=int, default=1024, help="side of the rasters in pixels")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each kind")
    parser.add_argument("--kind", choices=KINDS, help="measure this one here")
    return parser.parse_args()


def measured(options: argparse.Namespace) -> dict[str, float]:
    """Medians of a step in this process."""
    from benchmarks.training_step import Step, make_run, training_loader

    steps = []
    with tempfile.TemporaryDirectory() as folder, patch("engine.training.device.keep_freed", way(options.kind)):
        step = Step(run := make_run(Path(folder), options))
        loaders = {role: training_loader(step.prepared, run, role) for role in ("detection", "segmentation")}
        batches = {role: cycle([next(loader) for _ in range(4)]) for role, loader in loaders.items()}
        for _ in range(5 + options.steps):
            before = now()
            step({role: next(each).to("cpu") for role, each in batches.items()})
            steps.append([after - earlier for after, earlier in zip(now(), before, strict=True)])
    names = ("wall", "processor", "faults")
    found = dict(zip(names, map(median, zip(*steps[5:], strict=True)), strict=True))
    return found | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}


def way(kind: str) -> Callable[[], None]:
    """What a training does about freed memory."""
    from engine.malloc import keep_freed

    return keep_freed if kind == "kept" else lambda: None


def now() -> tuple[float, float, int]:
    """Seconds, the process's own seconds, and its faults."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime, used.ru_minflt


if __name__ == "__main__":
    main()
