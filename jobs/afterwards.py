"""Train a run, then predict what its `afterwards.json` lists: a script for the engine's Python, not for QGIS's.

`python afterwards.py RUN`, from the folder that holds the package `engine`. A training that was stopped or failed
is not followed by anything; the same command goes on from its checkpoint, or with the prediction where it is done.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PREDICTIONS = "predictions"


def main(folder: Path) -> int:
    """Train, then predict; returns the exit code of the last command."""
    rasters = json.loads((folder / "afterwards.json").read_text(encoding="utf-8"))["predict"]
    code = 0 if is_trained(folder) else engine("train", str(folder))
    if code == 0 and rasters:
        code = engine("predict", str(folder / "model"), *rasters, "--output", str(folder / PREDICTIONS))
    return code


def is_trained(folder: Path) -> bool:
    """Whether the last training of the run has finished, and its model is there."""
    try:
        lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        ended = json.loads(lines[-1])["kind"] == "finished"
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return ended and (folder / "model" / "item.json").is_file()


def engine(*arguments: str) -> int:
    """Run one command of the engine, in this process's group, so that both can be ended together."""
    return subprocess.run([sys.executable, "-m", "engine", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
