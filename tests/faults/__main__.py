"""The long form: so many trials of every fault; each result is kept, so that a stopped call goes on.

    .venv/bin/python -m tests.faults --results tests/faults/results.jsonl [--only KIND ...]

goes on from what the repository has, on whatever machine, and writes the table in docs/promises.md anew. Calls with
other kinds may run side by side, each with its own `--output`.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # no threads yet when processes fork
os.environ["RUST_BACKTRACE"] = "0"  # safetensors, out of memory, would wait for ever for the memory of a trace

import argparse
import gc
import importlib
import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import desktop, processes, starving
from .jobs import KINDS, make_ground
from .killing import Killed, killed, undisturbed

ASKED = "SIGTERM, "
"""Before a kind's name: it is asked to end, and must do so in time."""
IN_TIME = 3.0
"""Seconds, on a machine that has nothing else to do."""
MOST_IN_VAIN = 5
"""Trials that hit nothing, after which a kind that nothing hits is given up, even by a short call."""
RARELY = 9
"""Trials in vain that may be for each that hits."""
STARVING = {
    "small disk": ("training", starving.small_disk),
    "small disk, prediction": ("prediction", starving.small_disk),
    "read-only disk": ("training", starving.read_only_disk),
    "lost imagery": ("training", starving.lost_imagery),
    "lost imagery, prediction": ("prediction", starving.lost_imagery),
    "dead worker": ("training in stages, 2 workers", starving.dead_worker),
    "dead worker, prediction": ("prediction, 2 workers", starving.dead_worker),
    "little memory": ("training", starving.little_memory),
    "little memory, prediction": ("prediction", starving.little_memory),
    "small disk, export": ("export", starving.small_disk),
    "replaced imagery": ("training", starving.replaced_imagery),
    "no number": ("training", starving.no_number),
}
"""Name to the job and what is done to it."""
PLUGIN = ("set-up", "QGIS")
"""Programs of the plugin, which are killed."""
KEPT = Path(__file__).with_name("results.jsonl")
PROMISES = Path(__file__).resolve().parents[2] / "docs" / "promises.md"
MARKS = "<!-- python -m tests.faults: begin -->", "<!-- end -->"
"""In the promises, around the table of the kept results."""
EXPORTS = ("packaging", "export", "memory")
"""In the names of kinds whose graphs are each exported, because that is what is disturbed."""
LOADED = ("engine.cli.main", "engine.recipes", "engine.training", "engine.inference", "engine.packages", "onnxscript")
"""What jobs need, once for all of them: it takes a process longer than most of these jobs."""


def main() -> int:
    """All trials that are missing, then the figures; 1 where anything was lost."""
    options = arguments()
    load()
    options.output.mkdir(parents=True, exist_ok=True)
    ground = options.output / "ground"
    make_ground(ground)
    results, at = options.results or options.output / "results.jsonl", commit()
    done = read(results) if results.exists() else []
    for name in options.only or names():
        while wanting(mine := [result for result in done if result["name"] == name], options.trials):
            trial = len(mine)
            processes.GRAPHS[:] = [] if any(word in name for word in EXPORTS) else [options.output / "graphs"]
            result = {"name": name, "trial": trial, **tried(name, trial, options, ground), "commit": at}
            done.append(result)
            with results.open("a") as file:
                file.write(json.dumps(result) + "\n")
            for fault in result["faults"]:
                print(f"{name}, trial {trial}: {fault}", file=sys.stderr, flush=True)
            if result["faults"]:
                keep_log(name, trial, options.output)
    print(figures(done))
    if options.results and options.results.resolve() == KEPT:
        write_promises(read(KEPT))  # with what calls beside this one have tried
    gc.unfreeze()
    return int(any(result["faults"] for result in done))


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--trials", type=int, default=100, help="kills, or disturbances, of each kind")
    parser.add_argument("--each", type=int, default=5, help="of one job before it is let through")
    parser.add_argument("--only", nargs="+", choices=names(), metavar="KIND", help=f"of: {'; '.join(names())}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("build/faults"))
    parser.add_argument("--results", type=Path, help="file of results to go on from; else in OUTPUT")
    return parser.parse_args()


def read(results: Path) -> list[dict[str, Any]]:
    """The results in a file."""
    return [json.loads(line) for line in results.read_text().splitlines()]


def load() -> None:
    """Load what jobs need, before the first fork."""
    for name in LOADED:
        importlib.import_module(name)
    sys.modules["engine.cli.main"].parser()  # which loads all commands
    gc.freeze()  # no child copies it only to look for garbage


def keep_log(name: str, trial: int, output: Path) -> None:
    """Keep what a job said, before the next of its kind takes its folder."""
    for log in job_folder(name, output).glob("log.txt"):
        (kept := output / "logs").mkdir(exist_ok=True)
        shutil.copy(log, kept / f"{log.parent.name}-{trial}.txt")


def job_folder(name: str, output: Path) -> Path:
    """Where jobs of this kind work."""
    return output / "jobs" / name.replace(", ", "-").replace(" ", "-")


def commit() -> str:
    """The state of the repository that is tried."""
    return subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()


def names() -> list[str]:
    """All kinds of faults."""
    return [*KINDS, *(ASKED + name for name in KINDS), *STARVING, *PLUGIN]


def wanting(results: list[dict[str, Any]], kills: int) -> bool:
    """Whether a kind with these results needs another trial: some end before anything has hit them."""
    hits = sum(result["kills"] for result in results)
    in_vain = sum(not result["kills"] for result in results)
    given_up = in_vain >= max(kills, MOST_IN_VAIN) + RARELY * hits
    return hits < kills and not given_up and not any("skipped" in result for result in results)


def tried(name: str, trial: int, options: argparse.Namespace, ground: Path) -> dict[str, Any]:
    """One trial."""
    rng = random.Random(f"{options.seed} {name} {trial}")
    folder = job_folder(name, options.output)
    if name in PLUGIN:
        return _of_the_plugin(name, options, ground, rng)
    if name in STARVING:
        return _starved(name, folder, ground, rng, options.each)
    job = name.removeprefix(ASKED)
    number = signal.SIGTERM if name.startswith(ASKED) else signal.SIGKILL
    expected = reference(job, options.output, ground)
    found = killed(KINDS[job], folder, ground, expected, rng, options.each, number)
    _learn(job, found)
    most = processes.on_this_machine(IN_TIME)
    slow = [f"asked to end, it took {seconds:.1f} s" for seconds in found.seconds if seconds > most]
    return {"kills": found.kills, "faults": found.faults + slow, "seconds": found.seconds}


def _of_the_plugin(name: str, options: argparse.Namespace, ground: Path, rng: random.Random) -> dict[str, Any]:
    try:
        if name == "QGIS":
            found = desktop.killed_qgis(options.output.resolve(), ground.resolve(), rng, options.each)
        else:
            found = desktop.killed_setup(options.output.resolve(), rng, options.each)
    except desktop.Unavailable as reason:
        return {"kills": 0, "faults": [], "skipped": str(reason)}
    return {"kills": found.kills, "faults": found.faults}


def _starved(name: str, folder: Path, ground: Path, rng: random.Random, times: int) -> dict[str, Any]:
    job, disturb = STARVING[name]
    output = folder.parents[1]
    digests, _, last = reference(job, output, ground)
    work = folder / "job"
    if work.is_mount():  # a call was killed there
        starving.unmount(work)
    shutil.rmtree(folder, ignore_errors=True)
    work.mkdir(parents=True)
    if "disk" in name and not starving.can_mount(work, disturb is starving.read_only_disk):
        return {"kills": 0, "faults": [], "skipped": "this user may not mount a disk"}
    amount = _size(output / "undisturbed" / job) if disturb is starving.small_disk else last
    found: Killed = disturb(KINDS[job], work, ground, digests, rng, amount, times)
    _learn(job, found)
    if not found.faults:
        shutil.rmtree(folder)
    return {"kills": found.kills, "faults": found.faults, **({"hung": found.hung} if found.hung else {})}


_REFERENCES: dict[tuple[str, bool], tuple] = {}


def reference(job: str, output: Path, ground: Path) -> tuple:
    """What comes of a job left alone, and when, made once a call."""
    key = job, bool(processes.GRAPHS)
    while key not in _REFERENCES:
        before = _graphs()
        found = undisturbed(KINDS[job], output / "undisturbed" / job, ground)
        if _graphs() == before:  # else most of its time is an export, which trials do without
            _REFERENCES[key] = found
    return _REFERENCES[key]


def _learn(job: str, found: Killed) -> None:
    """A job that ended before anything hit it says how long such a job takes now: other programs come and go."""
    if found.whole:
        key = job, bool(processes.GRAPHS)
        digests, first, last = _REFERENCES[key]
        _REFERENCES[key] = digests, first * found.whole / last, found.whole


def _graphs() -> int:
    return sum(len(list(folder.glob("*.onnx"))) for folder in processes.GRAPHS)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def figures(done: list[dict[str, Any]]) -> str:
    """A table in Markdown, in the order of `names`, whatever order they were tried in."""
    lines = ["| fault | tried | survived | slowest end |", "|---|---|---|---|"]
    for name in names():
        if not (mine := [result for result in done if result["name"] == name]):
            continue
        tried_, bad = sum(result["kills"] for result in mine), sum(bool(result["faults"]) for result in mine)
        slowest = max((seconds for result in mine for seconds in result.get("seconds", ())), default=None)
        lines.append(f"| {name} | {tried_} | {tried_ - bad} | {f'{slowest:.1f} s' if slowest else ''} |")
    return "\n".join(lines)


def write_promises(done: list[dict[str, Any]], page: Path = PROMISES) -> None:
    """Put the table of results between the page's marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    page.write_text(f"{before}{MARKS[0]}\n\n{figures(done)}\n\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
