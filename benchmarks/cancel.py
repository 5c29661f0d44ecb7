"""Seconds from a stop to the end of the engine and all that it has started, in every stage of its commands.

    .venv/bin/python benchmarks/cancel.py [--tries 5] [--how signal file] [--only train packaging]

Each command runs once undisturbed on small real inputs; its event log says which stages it has and how long they take.
Then it is started again and again, and asked to end at a random moment of each stage: by SIGINT, as Ctrl-C does, or by
the file `stop`, as the runs dock and the toolbox do. The gate is 3 s, on an idle machine; `work` are the seconds of
processors in that time, at most, which say on a busy machine what an idle one would need.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.config import save_run  # noqa: E402
from tests.faults.jobs import SUPERVISED, make_ground, run_of  # noqa: E402

GATE_SECONDS = 3.0
START = "start"
"""Before the first event: Python and its libraries are loading."""
LIMIT = 900.0


@dataclass(frozen=True)
class Command:
    """A command of the engine.

    Args:
        make: (folder of the trial, folder of the inputs) to its arguments; what it needs is put into the folder.
        log: where in the trial's folder its events are; empty where it writes none.
    """

    make: Callable[[Path, Path], list[str]]
    log: str = ""


def _train(folder: Path, ground: Path) -> list[str]:
    save_run(run_of(ground, SUPERVISED, {"budget": {"steps": 24}, "validations": 6, "workers": 2}), folder / "run")
    return ["train", str(folder / "run")]


def _packaging(folder: Path, ground: Path) -> list[str]:
    shutil.copytree(ground / "trained", folder / "run", ignore=shutil.ignore_patterns("model", "events.jsonl"))
    return ["train", str(folder / "run")]


def _export(*more: str) -> Callable[[Path, Path], list[str]]:
    def make(folder: Path, ground: Path) -> list[str]:
        (folder / "log").mkdir()
        places = [
            str(ground / "trained"),
            str(ground / "wide.tif"),
            "--output",
            str(folder / "model.zip"),
            "--events",
            str(folder / "log"),
        ]
        return ["export", *places, *more]

    return make


def _predict(folder: Path, ground: Path) -> list[str]:
    model, raster = ground / "trained" / "model", ground / "wide.tif"
    return ["predict", str(model), str(raster), "--output", str(folder / "out"), "--device", "cpu"]


def _evaluate(folder: Path, ground: Path) -> list[str]:
    truth = ["--truth", str(ground / "0" / "roofs.gpkg"), "--field", "kind", "--task", "segmentation"]
    model = ["--model", str(ground / "trained" / "model"), "--lines", "roof"]
    return ["evaluate", str(ground / "map" / "classes.tif"), *truth, *model, "--output", str(folder / "scores.json")]


def _report(folder: Path, ground: Path) -> list[str]:
    shutil.copytree(ground / "trained", folder / "run")
    return ["report", str(folder / "run")]


def _review(folder: Path, ground: Path) -> list[str]:
    (folder / "log").mkdir()
    places = [
        str(ground / "trained"),
        str(ground / "wide.tif"),
        "--output",
        str(folder / "review.gpkg"),
        "--events",
        str(folder / "log"),
    ]
    return ["review", *places, "--device", "cpu"]


def _vectors(name: str, *more: str) -> Callable[[Path, Path], list[str]]:
    def make(folder: Path, ground: Path) -> list[str]:
        (folder / "log").mkdir()
        places = ["--output", str(folder / f"{name}.gpkg"), "--events", str(folder / "log")]
        return [name, str(ground / "map" / "classes.tif"), *places, *more]

    return make


COMMANDS = {
    "check": Command(lambda folder, ground: ["check", str(ground / "trained")]),
    "train": Command(_train, "run"),
    "packaging": Command(_packaging, "run"),
    "predict": Command(_predict, "out"),
    "evaluate": Command(_evaluate),
    "report": Command(_report),
    "export": Command(_export(), "log"),
    "export --int8": Command(_export("--int8"), "log"),
    "review": Command(_review, "log"),
    "polygons": Command(_vectors("polygons"), "log"),
    "lines": Command(_vectors("lines", "--class", "1"), "log"),
    "boxes": Command(_vectors("boxes"), "log"),
}
SIGNAL, FILE = "signal", "file"


class Attempt:
    """A start of a command, in a session of its own."""

    def __init__(self, command: Command, folder: Path, ground: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environment = {**os.environ, "GEODISTIL_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
        arguments = command.make(folder, ground)
        self._log = folder / command.log if command.log else None
        with (folder / "said.txt").open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine", *arguments],
                cwd=ROOT,
                env=environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.begun, self._others = time.time(), _spent_by_children()
        self.work = 0.0
        """Seconds of processors that the end took after a stop, which tell more than the clock on a busy machine."""

    def ended(self) -> bool:
        """Whether the command itself has."""
        return self._process.poll() is not None

    def code(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(LIMIT)

    def stages(self) -> list[tuple[str, float]]:
        """The stages so far, each with when it began, in seconds since the start."""
        found = [(START, 0.0)]
        file = self._log / "events.jsonl" if self._log else None
        for line in file.read_bytes().split(b"\n")[:-1] if file and file.exists() else []:
            event = json.loads(line)
            name = _stage(event, found[-1][0])
            if name != found[-1][0]:
                found.append((name, max(0.0, event["time"] - self.begun)))
        return found

    def stop(self, how: str) -> float:
        """Ask it to end; returns the seconds until nothing of it is left."""
        asked, spent = time.monotonic(), sum(psutil.Process(self._process.pid).cpu_times()[:4])
        if how == SIGNAL:
            self._process.send_signal(signal.SIGINT)
        else:
            (self._log / "stop").touch()
        while self._process.poll() is None or _in_session(self._process.pid):
            if time.monotonic() - asked > LIMIT:
                raise SystemExit(f"{self._process.args} does not end")
            time.sleep(0.02)
        self.work = max(0.0, _spent_by_children() - self._others - spent)
        return time.monotonic() - asked


def _spent_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stage(event: dict, before: str) -> str:
    if event["kind"] == "started":
        return "preparing"
    if event["kind"] == "progress":
        return ": ".join(str(event[key]) for key in ("stage", "part") if key in event)
    return event["name"] if event["kind"] == "stage" else before


def _in_session(session: int) -> bool:
    """Whether a process of a session is alive."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, found = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has ended meanwhile
            continue
        if int(found) == session and state != "Z":
            return True
    return False


def undisturbed(command: Command, folder: Path, ground: Path) -> dict[str, tuple[int, float]]:
    """The stages of a command left alone: which of that name it is, and how long it takes."""
    attempt = Attempt(command, folder, ground)
    if attempt.code():
        raise SystemExit((folder / "said.txt").read_text())
    seconds, stages = time.time() - attempt.begun, attempt.stages()
    ends = [begun for _, begun in stages[1:]] + [seconds]
    return {name: (index, end - begun) for index, ((name, begun), end) in enumerate(zip(stages, ends, strict=True))}


def stopped(
    command: Command, folder: Path, ground: Path, place: tuple[int, float], rng: random.Random, how: str
) -> tuple[float, float] | None:
    """Seconds, and of processors, until a command asked to end in a stage was gone; none where it had ended by then."""
    attempt, (index, seconds) = Attempt(command, folder, ground), place
    while len(attempt.stages()) <= index and not attempt.ended():
        time.sleep(0.01)
    time.sleep(rng.uniform(0, seconds))
    try:
        return None if attempt.ended() else (attempt.stop(how), attempt.work)
    except psutil.NoSuchProcess:  # in this very moment
        return None


def main() -> int:
    """Measure, print the table; 1 where a stop took longer than the gate."""
    options = arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts in the background ignore it
    rng, slow = random.Random(options.seed), []
    print(
        f"{'command, stage':44} {'how':8} {'stops':>6} {'median':>8} {'longest':>8} {'work':>8}   seconds", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="geodistil_cancel_") as scratch:
        ground, folder = (options.inputs or Path(scratch) / "ground").absolute(), Path(scratch) / "trial"
        make_inputs(ground)
        for name in options.only or COMMANDS:
            stages = undisturbed(COMMANDS[name], folder, ground)
            for how in options.how:
                if how == FILE and not COMMANDS[name].log:
                    continue
                for stage, place in stages.items():
                    if how == FILE and stage == START:  # the command removes what an earlier stop has left
                        continue
                    tries = [stopped(COMMANDS[name], folder, ground, place, rng, how) for _ in range(options.tries)]
                    slow += told(f"{name}, {stage}", how, [each for each in tries if each])
    for each in slow:
        print(f"over {GATE_SECONDS:.0f} s: {each}", file=sys.stderr)
    return 1 if slow else 0


def told(what: str, how: str, found: list[tuple[float, float]]) -> list[str]:
    """Print a row; returns what it is of where a stop took longer than the gate."""
    if not found:
        print(f"{what:44} {how:8} {0:6}", flush=True)
        return []
    seconds, work = zip(*found, strict=True)
    row = f"{len(found):6} {statistics.median(seconds):8.2f} {max(seconds):8.2f} {max(work):8.2f}"
    print(f"{what:44} {how:8} {row}", flush=True)
    return [f"{what}, {how}"] if max(seconds) > GATE_SECONDS else []


def make_inputs(ground: Path) -> None:
    """A trained run, rasters, and a class map of the large one."""
    make_ground(ground)
    if not (ground / "map" / "classes.tif").exists():
        arguments = _predict(ground, ground)
        arguments[arguments.index("--output") + 1] = str(ground / "map")
        subprocess.run([sys.executable, "-m", "engine", *arguments], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=5, help="stops in each stage")
    parser.add_argument("--how", nargs="+", choices=(SIGNAL, FILE), default=[SIGNAL, FILE])
    parser.add_argument("--only", nargs="+", choices=COMMANDS, metavar="COMMAND", help=f"of: {', '.join(COMMANDS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=Path, help="folder for the inputs, which stays")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
