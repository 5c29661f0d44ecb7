"""Train a run, then predict what its `afterwards.json` lists: a script for the engine's Python, not for QGIS's.

`python afterwards.py RUN`, from the folder that holds the package `engine`. A training that was stopped or failed
is not followed by anything; the same command goes on from its checkpoint, or with the prediction where it is done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LIST_FILE = "afterwards.json"
PREDICTIONS = "predictions"
ENDS = ("started", "finished", "failed", "stopped")
TAIL_BYTES = 1 << 20
REFERRING = (".vrt", ".nc", ".nc4", ".h5", ".hdf5", ".he5")
"""As in `jobs.gdal_files`, which this script cannot import."""


def main(folder: Path) -> int:
    """Train, then predict; returns the exit code of the last command."""
    rasters = wanted(folder)
    code = 0 if is_trained(folder) else engine("train", str(folder))
    if code == 0 and rasters:
        # QGIS has read all that these name, so the engine may, too
        permission = ["--allow-remote"] if any(raster.lower().endswith(REFERRING) for raster in rasters) else []
        code = engine("predict", str(folder / "model"), *rasters, "--output", str(folder / PREDICTIONS), *permission)
    elif code == 0 and rasters is None:
        print(f"error: {folder / LIST_FILE} is damaged, so nothing is predicted; choose Predict instead.", flush=True)
        code = 1
    return code


def wanted(folder: Path) -> list[str] | None:
    """What is to be predicted; none where that cannot be read."""
    try:
        rasters = json.loads((folder / LIST_FILE).read_bytes())["predict"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return rasters if isinstance(rasters, list) and all(isinstance(each, str) for each in rasters) else None


def is_trained(folder: Path) -> bool:
    """Whether the last training of the run has finished, and its model is there."""
    return last_kind(folder / "events.jsonl") == "finished" and (folder / "model" / "item.json").is_file()


def last_kind(log: Path) -> str:
    """The kind of the last start or end in an event log, whatever damaged lines and warnings follow it."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().split(b"\n")
    except OSError:
        return ""
    for line in reversed(lines):
        try:
            kind = json.loads(line)["kind"]
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
        if kind in ENDS:
            return kind
    return ""


def engine(*arguments: str) -> int:
    """Run one command of the engine, in this process's group, so that both can be ended together."""
    return subprocess.run([sys.executable, "-m", "engine", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
