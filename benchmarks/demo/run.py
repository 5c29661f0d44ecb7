"""The demo: generate a world, hide half of its labels, train with both methods, predict, score, draw the map.

    python benchmarks/demo/run.py --output build/demo

Two cities: one is labelled with boxes around vehicles, the other with areas, a third part has nothing. Networks are
scored on other places of both cities against the full truth.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import scenario  # noqa: E402
from scores import markdown  # noqa: E402

from engine.cli.main import main as engine  # noqa: E402
from engine.config import Run, save_run  # noqa: E402
from engine.demo import Scene, World, generate  # noqa: E402

FULL = scenario.Steps(teacher=120, student=150, semi_teachers=120)
CANDIDATES = 0.05
TINY = {"encoder": "tu-test_efficientnet", "width": 32, "weights": "none"}
SMALL = scenario.Steps(teacher=4, student=4, semi_teachers=4, networks=scenario.Networks(TINY, TINY))


def main() -> None:
    """The whole way."""
    options = arguments()
    begun = time.monotonic()
    output = options.output.resolve()
    if output.exists():
        shutil.rmtree(output)
    world = generate(output / "world", size=options.size, seed=options.seed)
    steps = SMALL if options.quick else FULL
    results = {name: work(output / "runs" / name, run, world) for name, run in runs(world, steps).items()}
    (output / "scores.json").write_text(json.dumps(results, indent=2) + "\n")
    draw_map(options, output)
    table = markdown(results)
    (output / "table.md").write_text(table)
    print(table)
    minutes = (time.monotonic() - begun) / 60
    print(f"\n{minutes:.1f} minutes; map {output / 'map.png'}; project {output / 'demo.qgz'}")


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("build/demo"))
    parser.add_argument("--size", type=int, default=1024, help="side of a scene in pixels of 0.25 m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--quick", action="store_true", help="few steps, tiny networks: checks the path, not the scores"
    )
    parser.add_argument("--qgis-python", default="/usr/bin/python3", help="the interpreter that imports qgis")
    return parser.parse_args()


def runs(world: World, steps: scenario.Steps) -> dict[str, Run]:
    """Every run of the demo, by name, in order."""
    return {
        **scenario.single_task(world, steps),
        **scenario.multitask(world, steps),
        **scenario.single_task(world, steps, few=True),
        **scenario.semi_supervised(world, steps),
    }


def work(folder: Path, run: Run, world: World) -> dict[str, Any]:
    """Train a run, predict the test scenes, score them."""
    print(f"\n== {run.name}: {run.recipe.kind}", file=sys.stderr)
    begun = time.monotonic()
    save_run(run, folder)
    call("train", folder)
    minutes = (time.monotonic() - begun) / 60
    scenes = scenario.test_scenes(world)
    for scene in scenes:
        place = scenario.scene_folder(folder, scene)
        call("predict", folder / "model", scene.raster, "--output", place)
        if run.detection_classes:  # AP wants weak candidates too, which a map does not
            call("predict", folder / "model", scene.raster, "--output", place / "candidates", "--score", CANDIDATES)
    return {"minutes": round(minutes, 2), "scenes": {scene.name: scores(folder, scene) for scene in scenes}}


def scores(folder: Path, scene: Scene) -> dict[str, Any]:
    """What the engine's `evaluate` says of a scene, for each task of the model."""
    predictions = scenario.scene_folder(folder, scene)
    found = {}
    for task, layer, truth in (
        ("detection", predictions / "candidates" / "detections.gpkg", scene.cars),
        ("segmentation", predictions / "classes.tif", scene.areas),
    ):
        if layer.exists():
            output = predictions / f"{task}.json"
            call(
                "evaluate", layer, "--task", task, "--model", folder / "model", "--truth", truth,
                "--field", "class", "--output", output,
            )  # fmt: skip
            found[task] = json.loads(output.read_text())
    return found


def draw_map(options: argparse.Namespace, output: Path) -> None:
    """Have QGIS style the layers, save a project and render the picture."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    script = Path(__file__).with_name("map.py")
    subprocess.run([options.qgis_python, str(script), str(output)], check=True, env=environment, cwd=ROOT)


def call(*arguments: object) -> None:
    """Run the engine's command line in this process; its own output is not wanted here."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        code = engine([str(argument) for argument in arguments])
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
