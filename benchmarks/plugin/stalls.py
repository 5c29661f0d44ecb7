"""How long QGIS's window stands still while a new user works with the plugin, a real training included.

    .venv/bin/python benchmarks/plugin/stalls.py

The session of `docs/screenshots` is played in a real QGIS; a timer of 5 ms notes how long each turn of the event loop
takes, by what is going on. Time in which other programs had the processor (by the kernel's count for the main thread)
is no stall of the plugin's and is left out; `seen` has it. The gate is 100 ms for all that is the plugin's own; rows
marked QGIS are what QGIS itself does, and are not judged. `--trace` writes what the main thread did in each stall.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from desktop.profile import Desktop  # noqa: E402

GATE_MILLISECONDS = 100.0
WALK = Path(__file__).with_name("watched.py")
NOT_OURS = "(QGIS)"


def main() -> int:
    """Play, print the table; 1 where a gate is missed."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="geodistil_stalls_") as scratch:
        folder = Path(scratch)
        generate = [str(options.python), "-m", "engine.demo", str(folder / "world"), "--size", "512"]
        subprocess.run(generate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        values: dict[str, Any] = {"world": str(folder / "world"), "python": str(options.python.absolute())}
        values |= {"steps": options.steps, "pictures": "", "guide": "", "trace": str(options.trace or "")}
        found = Desktop(folder / "qgis").install().run(WALK, "watched", 3600, **values)
    return judge(found["gaps"])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv" / "bin" / "python", help="the engine's Python")
    parser.add_argument("--steps", type=int, default=90, help="of the training, all stages together")
    parser.add_argument("--trace", type=Path, help="file for what the main thread did in stalls")
    return parser.parse_args()


def judge(gaps: dict[str, list[list[float]]]) -> int:
    """Print a row for each part of the session; 1 where one of the plugin's own stands still too long."""
    print(f"{'what':44} {'turns':>7} {'99 %':>8} {'longest':>9} {'seen':>8}   milliseconds")
    missed = []
    for phase, pairs in gaps.items():
        own, seen = [pair[0] for pair in pairs], max(pair[1] for pair in pairs)
        percentile = statistics.quantiles(own, n=100, method="inclusive")[98] if len(own) > 1 else own[0]
        print(f"{phase:44} {len(own):7} {percentile:8.1f} {max(own):9.1f} {seen:8.1f}")
        if max(own) > GATE_MILLISECONDS and NOT_OURS not in phase:
            missed.append(phase)
    for phase in missed:
        print(f"over {GATE_MILLISECONDS:.0f} ms: {phase}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
