"""An archive predicted by one process with one core, and by workers with one core each: `predict --workers`.

    .venv/bin/python benchmarks/inference/workers.py

Rounds of either kind alternate; medians and their ratio are printed: of the clock's rate from the moment that the model
is loaded to the last file, of the same with the start of everything, and of processor time, which says what sharing
costs also where others use the cores. The outputs must be the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from common import BACKENDS, BUILD, ROOT, make_model, make_raster, median

GOAL = 1.8
"""Times the rate of one, of two workers on cores of their own."""


def main() -> int:
    """Measure and print; 1 where workers gain less than they should, or other bytes come out."""
    options = arguments()
    cores = sorted(os.sched_getaffinity(0))[: options.workers] if options.cores is None else options.cores
    if len(cores) < options.workers:
        sys.exit(f"{options.workers} workers need as many cores, and there are {len(cores)}.")
    model, rasters = make_model(), archive(options)
    megapixels = options.rasters * options.side**2 / 1e6
    rates: dict[int, dict[str, list[float]]] = {count: {} for count in (1, options.workers)}
    outputs = {count: BUILD / f"workers_{count}" for count in rates}
    for _ in range(options.rounds):
        for count, found in rates.items():
            seconds = predict(model, rasters, outputs[count], cores[-count:], count, options.backend)
            for name, value in seconds.items():
                found.setdefault(name, []).append(megapixels / value)
    same = files(outputs[1]) == files(outputs[options.workers])
    medians = {count: {name: median(values) for name, values in found.items()} for count, found in rates.items()}
    for name in medians[1]:
        together = options.workers if name == "processor" else 1
        one, several = medians[1][name], medians[options.workers][name] * together
        print(f"{name:10} {one:7.2f} and {several:7.2f} MPix/s, {several / one:.2f} times (goal {GOAL})")
    print("the same bytes" if same else "OTHER BYTES")
    return int(not same or medians[options.workers]["clock"] < GOAL * medians[1]["clock"])


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rasters", type=int, default=8)
    parser.add_argument("--side", type=int, default=4096, help="of a raster in pixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", choices=BACKENDS, default="openvino")
    parser.add_argument("--cores", type=int, nargs="+", help="numbers of those to use; one process has the last")
    return parser.parse_args()


def archive(options: argparse.Namespace) -> Path:
    """A folder of rasters that are the same but for their names."""
    folder = BUILD / f"archive_{options.rasters}_{options.side}"
    folder.mkdir(parents=True, exist_ok=True)
    raster = make_raster(options.side)
    for number in range(options.rasters):
        if not (path := folder / f"{number}.tif").exists():
            os.link(raster, path)
    return folder


def predict(model: Path, rasters: Path, output: Path, cores: list[int], count: int, backend: str) -> dict[str, float]:
    """Seconds of the clock without and with the start, and of processors; each worker's, as if it had a core alone."""
    shutil.rmtree(output, ignore_errors=True)
    shared = ["--workers", str(count)] if count > 1 else []
    command = [sys.executable, "-m", "engine", "predict", str(model), str(rasters), "--output", str(output)]
    command += ["--backend", backend]
    begun, before = time.time(), _processor()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, *shared], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )  # fmt: skip
    if process.wait():
        sys.exit(f"{' '.join(command)} has failed")
    events = [json.loads(line) for line in (output / "events.jsonl").read_text().splitlines()]
    times = {event["kind"]: event["time"] for event in events}
    whole = time.time() - begun
    return {"clock": times["finished"] - times["started"], "all": whole, "processor": _processor() - before}


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def files(folder: Path) -> dict[str, bytes]:
    """All that is in a folder but the log."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "events.jsonl"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


if __name__ == "__main__":
    sys.exit(main())
