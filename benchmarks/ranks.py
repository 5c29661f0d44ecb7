"""Chips a second of one process that trains, and of several that share each batch, one thread each.

    .venv/bin/python benchmarks/ranks.py

Rounds of either kind alternate; medians and their ratio are printed. Beside the clock's rates stand those of processor
time: what a process computes for its chips, without waiting for a processor that others use, or for other processes.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine import ranks
from engine.config import load_run, save_run
from engine.data import prepare, training_loader
from engine.models import single_precision_depthwise
from engine.processes import place
from engine.recipes import build_plan
from engine.training import make_fabric
from engine.training.optimizer import make_optimizer
from engine.training.together import passes_of

GOAL = 1.8
"""Of two processes on two cores or cards, times the chips a second of one."""
WARM_UP = 2
ROLES = 2


def main() -> int:
    """Measure and print; 1 where sharing gains less than it should."""
    options = arguments()
    if options.worker is not None:
        work(options)
        return 0
    from benchmarks.training_step import make_run

    rates: dict[int, dict[str, list[float]]] = {size: {"clock": [], "processor": []} for size in (1, options.processes)}
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder), options)
        settings = {"workers": 0, "device": options.device, "precision": options.precision}
        save_run(run.model_copy(update={"training": run.training.model_copy(update=settings)}), Path(folder))
        for _ in range(options.rounds):
            for size, found in rates.items():
                measured = measure(Path(folder), size)
                for name, values in found.items():
                    values.append(measured[name])
    medians = {size: {name: median(values) for name, values in found.items()} for size, found in rates.items()}
    for name in ("clock", "processor"):
        one, several = (medians[size][name] for size in (1, options.processes))
        print(f"{name:10} {one:7.2f} and {several:7.2f} chips a second, {several / one:.2f} times (goal {GOAL})")
    return int(medians[options.processes]["clock"] < GOAL * medians[1]["clock"])


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--size", type=int, default=1024, help="side of the rasters in pixels")
    parser.add_argument("--student", default="small", help="network size")
    parser.add_argument("--chip-size", type=int, default=256)
    parser.add_argument(
        "--batch-size", type=int, default=32, help="chips of each role; 16 a process need no others' statistics"
    )
    parser.add_argument("--steps", type=int, default=10, help="steps in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(folder: Path, size: int) -> dict[str, float]:
    """Rates of so many processes, as the slowest has them."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    common = {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1"}
    common |= {"MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, *sys.argv[1:], "--worker", str(folder)]
    started = [
        subprocess.Popen(
            command, env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)}, stdout=subprocess.PIPE
        )
        for rank in range(size)
    ]
    said = [json.loads(process.communicate()[0].splitlines()[-1]) for process in started]
    return {name: min(each[name] for each in said) for name in said[0]}


def work(options: argparse.Namespace) -> None:
    """Train the last stage as one of the processes, and print the rates."""
    torch.set_num_threads(1)
    run, where = load_run(options.worker), place()
    size = run.training.batch_size
    fabric = make_fabric(run.training, where)
    with ranks.dealt(size, where.local_size) if where else nullcontext():
        prepared = prepare(run)
        plan = build_plan(run, prepared)
        stage = plan.stages[-1]
        for network in plan.networks.values():
            network.to(fabric.device, memory_format=torch.channels_last)
        plan.enter(stage)
        optimizer = make_optimizer(
            torch.nn.ModuleDict({n: plan.networks[n] for n in stage.trainable}), run.training, fabric
        )
        passes = passes_of(fabric, stage, plan.networks, size)
        loaders = {role: training_loader(prepared, run, role) for role in stage.roles}
        clock, processor = [], []
        for _ in range(WARM_UP + options.steps):
            begun = time.perf_counter(), time.process_time()
            batches = {role: next(loader).to(fabric.device) for role, loader in loaders.items()}
            with single_precision_depthwise(plan.networks.values()):  # as the loop does
                passes.gradients(stage, plan.networks, batches, 0.5)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if fabric.device.type == "cuda":
                torch.cuda.synchronize()
            clock.append(time.perf_counter() - begun[0])
            processor.append(time.process_time() - begun[1])
        chips = ROLES * size
        found = {"clock": chips / median(clock[WARM_UP:]), "processor": chips / median(processor[WARM_UP:])}
        print(json.dumps(found), flush=True)
        ranks.wait()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
