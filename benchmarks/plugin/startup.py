"""What the plugin costs QGIS's start: import, `classFactory` and `initGui`, in fresh QGIS processes.

    .venv/bin/python benchmarks/plugin/startup.py

The gate is 50 ms (median). Afterwards, when the window is there, the plugin looks whether there is an engine; that is
printed too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from desktop.profile import Desktop  # noqa: E402

GATE_MILLISECONDS = 50.0
ROWS = ("import", "start", "later")


def main() -> int:
    """Start QGIS again and again; 1 where the gate is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="geodistil_startup_") as scratch:
        desktop = Desktop(Path(scratch)).install()
        found = [desktop.run(Path(__file__).with_name("loading.py"), "load", enabled=False) for _ in range(rounds)]
    for name in ROWS:
        times = [each[name] for each in found]
        print(f"{name:8} median {statistics.median(times):6.1f} ms, {min(times):.1f} to {max(times):.1f}")
    total = statistics.median(each["import"] + each["start"] for each in found)
    print(f"import and start: median {total:.1f} ms of {rounds} processes, gate {GATE_MILLISECONDS:.0f} ms")
    return 1 if total > GATE_MILLISECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
