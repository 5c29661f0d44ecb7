"""A model zoo as the user guide shows it: `.venv/bin/python docs/screenshots/zoo.py`.

Trains three small models on the demo's world, makes a zoo of them, and has `windows.py` write
`docs/user-guide/images/zoo.png`. `--steps` is of each training; the picture was made with what it is by itself.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENGINE = [sys.executable, "-m", "engine"]
TITLE = "Models of our town"
CARS = {"car": "#e6773a", "truck": "#3b8ed0"}
AREAS = {"roof": "#e4572e", "road": "#8e5fb0", "water": "#2e86de"}
MODELS = {
    "cars and trucks": {"detection": CARS},
    "roofs, roads, water": {"segmentation": AREAS},
    "traffic and land cover": {"detection": CARS, "segmentation": AREAS},
}
LABELS = {"detection": ("north_train", "cars"), "segmentation": ("south_train", "areas")}


def main() -> int:
    """Train, make the zoo, photograph it; returns the exit code of the last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    options = parser.parse_args()
    scratch = Path(tempfile.gettempdir()) / "geodistil"  # the picture shows it
    scratch.mkdir()
    try:
        demo = [sys.executable, "-m", "engine.demo", str(scratch / "world"), "--size", "512"]
        subprocess.run(demo, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (scratch / "zoo").mkdir()
        for number, (name, tasks) in enumerate(MODELS.items()):
            run = scratch / f"run{number}"
            run.mkdir()
            (run / "run.json").write_text(json.dumps(described(name, tasks, scratch / "world", options.steps)))
            subprocess.run([*ENGINE, "train", str(run)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            shutil.copytree(run / "model", scratch / "zoo" / name.replace(" ", "_").replace(",", ""))
        subprocess.run([*ENGINE, "zoo", str(scratch / "zoo"), "--title", TITLE], cwd=ROOT, check=True)
        windows = [sys.executable, Path(__file__).with_name("windows.py"), "--only", "zoo", "--guide"]
        return subprocess.run([*windows, "--models", scratch / "zoo"]).returncode
    finally:
        shutil.rmtree(scratch)


def described(name: str, tasks: dict[str, dict[str, str]], world: Path, steps: int) -> dict[str, Any]:
    """A run for these classes of each task."""
    values: dict[str, Any] = {"version": 2, "name": name, "sources": []}
    for role, classes in tasks.items():
        scene, kind = LABELS[role]
        labels = {"path": str(world / f"{scene}_{kind}.gpkg"), "field": "class"}
        values["sources"].append({"raster": str(world / f"{scene}.tif"), "role": role, "labels": labels})
        listed = [{"name": each, "color": color, "values": [each]} for each, color in classes.items()]
        values[f"{role}_classes"] = listed
    network = {"size": "small"}
    values["recipe"] = {"kind": "supervised", "network": network}
    values["training"] = {"budget": {"steps": steps}, "chip_size": 64, "batch_size": 4, "workers": 0}
    return values


if __name__ == "__main__":
    sys.exit(main())
