"""What grows under load: one training of thousands of tiny epochs; hundreds of predictions and 50 runs in one QGIS.

    .venv/bin/python benchmarks/plugin/load.py [--epochs 2000] [--predictions 200] [--rounds 40]

The training is `python -m engine train` with two reading processes, of which each epoch is a step, a validation and a
checkpoint. The QGIS is a real one on a virtual screen with the plugin in it: predictions are shown on the map and
removed again; then 50 runs lie in the dock, of which all grow and each is selected in turn.
Memory, open handles, threads, child processes, temporary files and named semaphores are counted after a beginning in
which everything has been loaded, and at the end. Growth is an error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from desktop.profile import Desktop  # noqa: E402

from engine.config import save_run  # noqa: E402
from tests.faults.jobs import make_ground, run_of  # noqa: E402

NETWORK = {"encoder": "tu-test_efficientnet", "width": 32, "weights": "none", "detection_strides": [8]}
RUNS = 50
EVENTS = 5000
"""In the log of each run in the dock, so that what the dock keeps of it has reached its bounds."""
WARM, LAST = (0.25, 0.45), (0.8, 1.0)
"""Shares of the training whose samples are the beginning and the end."""
ALLOWED = {"memory, MB": 0.05}
"""Share by which a value may grow; memory is never the same twice. All else may not grow at all."""
SAMPLE_SECONDS = 0.5

Values = dict[str, float]


def main() -> int:
    """Run all three, print a table each; 1 where something has grown."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="geodistil_load_") as scratch:
        folder = Path(scratch)
        make_ground(folder / "ground")
        grown = []
        if "training" in options.only:
            grown += shown(f"a training of {options.epochs} epochs", *training(folder, options.epochs))
        if "qgis" in options.only:
            found = in_qgis(folder, options)
            grown += shown(f"{options.predictions} predictions in one QGIS", *found["predictions"])
            grown += shown(f"{RUNS} runs in the dock, {options.rounds} rounds", *found["dock"])
    for each in grown:
        print(f"grew: {each}", file=sys.stderr)
    return 1 if grown else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=2000, help="of the training: a step, a validation, a checkpoint")
    parser.add_argument("--predictions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40, help="in which all runs in the dock grow")
    parser.add_argument("--only", nargs="+", choices=("training", "qgis"), default=["training", "qgis"])
    return parser.parse_args()


def shown(title: str, before: Values, after: Values) -> list[str]:
    """Print what was counted; returns what has grown."""
    print(f"\n{title}\n{'':24} {'before':>10} {'after':>10}")
    grown = []
    for name, value in before.items():
        print(f"{name:24} {value:10.0f} {after[name]:10.0f}")
        if after[name] > value * (1 + ALLOWED.get(name, 0)):
            grown.append(f"{title}: {name}")
    sys.stdout.flush()
    return grown


def training(folder: Path, epochs: int) -> tuple[Values, Values]:
    """Train, and look at the process and its children meanwhile."""
    run, temporary = folder / "run", folder / "temporary"
    temporary.mkdir()
    budget = {"budget": {"steps": epochs}, "validations": epochs, "validation_chips": 2}
    settings = {**budget, "batch_size": 1, "workers": 2}
    save_run(run_of(folder / "ground", {"kind": "supervised", "network": NETWORK}, settings), run)
    samples = []
    with (folder / "training.txt").open("w") as said:
        engine = psutil.Popen(
            [sys.executable, "-m", "engine", "train", str(run)],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"},
            stdout=said,
            stderr=said,
        )
        while engine.poll() is None:
            if share := progress(run, epochs):
                samples.append((share, sample(engine, temporary)))
            with contextlib.suppress(psutil.TimeoutExpired):
                engine.wait(SAMPLE_SECONDS)
    if engine.returncode:
        raise SystemExit((folder / "training.txt").read_text())
    left = {"temporary files at the end": files_in(temporary), "semaphores at the end": semaphores_of(engine.pid)}
    return (
        {**typical(samples, *WARM), **dict.fromkeys(left, 0)},
        {**typical(samples, *LAST), **left},
    )


def progress(run: Path, epochs: int) -> float:
    """How far the training of a run is; 0 before and after."""
    with contextlib.suppress(OSError, ValueError, IndexError), (run / "events.jsonl").open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 20_000))
        events = [json.loads(line) for line in log.read().split(b"\n")[1:-1]]
        stages = [event for event in events if event["kind"] == "progress"]
        return stages[-1]["step"] / epochs if stages[-1]["stage"] == "training" else 0.0
    return 0.0


def sample(engine: psutil.Process, temporary: Path) -> Values:
    """What a process and its children have at this moment."""
    found = [engine, *engine.children(recursive=True)]
    values = {"memory, MB": 0.0, "handles": 0, "threads": 0, "processes": len(found)}
    for process in found:
        with contextlib.suppress(psutil.Error):
            values["memory, MB"] += process.memory_full_info().uss / 2**20
            values["handles"] += process.num_fds()
            values["threads"] += process.num_threads()
    return {**values, "temporary files": files_in(temporary), "semaphores": semaphores_of(engine.pid)}


def typical(samples: list[tuple[float, Values]], start: float, end: float) -> Values:
    """Medians of the samples of a part of the training."""
    some = [values for share, values in samples if start <= share <= end]
    if not some:
        raise SystemExit(f"No sample between {start:.0%} and {end:.0%} of the training: give it more epochs.")
    return {name: statistics.median(values[name] for values in some) for name in some[0]}


def files_in(folder: Path) -> int:
    """Files and folders below a folder, without PyTorch's cache, which is one for all its processes."""
    return sum(1 for path in folder.rglob("*") if not path.relative_to(folder).parts[0].startswith("torchinductor_"))


def semaphores_of(engine: int) -> int:
    """Named semaphores that a process of the engine has made."""
    return len(list(Path("/dev/shm").glob(f"sem.geodistil-*-{engine}-*")))


def in_qgis(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Predictions and runs in one QGIS; what was counted before and after each."""
    os.environ["TMPDIR"] = str(folder / "qgis_temporary")
    Path(os.environ["TMPDIR"]).mkdir()
    make_runs(folder / "runs")
    ground = folder / "ground"
    values: dict[str, Any] = {
        "model": str(ground / "trained" / "model"),
        "raster": str(ground / "0" / "image.tif"),
    }
    values |= {"runs": str(folder / "runs"), "outputs": str(folder / "outputs"), "temporary": os.environ["TMPDIR"]}
    values |= {"predictions": options.predictions, "rounds": options.rounds}
    limit = 600 + 60 * options.predictions + 60 * options.rounds
    return Desktop(folder / "qgis").link().run(Path(__file__).with_name("loaded.py"), "load", limit, **values)


def make_runs(folder: Path) -> None:
    """Runs that have ended, with long logs."""
    events: list[dict[str, Any]] = [{"kind": "started", "pid": 1, "host": "elsewhere", "device": "cpu"}]
    events += [{"kind": "stage", "name": "training", "index": 0, "of": 1}]
    for step in range(1, EVENTS):
        losses = {"box": 1 / step, "mask": 2 / step}
        events.append({"kind": "progress", "stage": "training", "step": step, "of": 2 * EVENTS, "losses": losses})
    log = "".join(json.dumps({"time": 1.7e9 + index, **event}) + "\n" for index, event in enumerate(events))
    for index in range(RUNS):
        run = folder / f"run{index:02}"
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"version": 2, "name": run.name, "training": {"device": "cpu"}}))
        (run / "events.jsonl").write_text(log)


if __name__ == "__main__":
    sys.exit(main())
