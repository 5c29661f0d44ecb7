"""One network for two tasks from two places, each labelled for one of them: boxes here, areas there.

    python docs/examples/distil_from_two_places.py --output build/distil_from_two_places

A teacher learns vehicles in the north, another roofs, roads and water in the south; the student learns from both
teachers on all of the ground, and from the labels where they are (docs/methods.md, section 1). The command line does
the work: the same as `python -m engine train`, `predict` and `evaluate` in a terminal.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from engine.cli.main import main as engine
from engine.config import Run, save_run
from engine.demo import World, generate


def run_of(world: World, steps: int) -> Run:
    """Two sources, two kinds of classes, one student; a third of the steps is each teacher's."""
    return Run(
        name="two tasks from two places",
        sources=[
            {
                "raster": str(world.north_train.raster),
                "role": "detection",
                "labels": {"path": str(world.north_train.cars), "field": "class"},
            },
            {
                "raster": str(world.south_train.raster),
                "role": "segmentation",
                "labels": {"path": str(world.south_train.areas), "field": "class"},
            },
        ],
        detection_classes=[{"name": "vehicle", "color": "#ffe119", "values": ["car", "truck"]}],
        segmentation_classes=[
            {"name": "roof", "color": "#e4572e"},
            {"name": "road", "color": "#8e5fb0"},
            {"name": "water", "color": "#2e86de"},
        ],
        recipe={
            "kind": "partial_multitask",
            "student": {"size": "small"},
            "detection_teacher": {"size": "medium"},
            "segmentation_teacher": {"size": "medium"},
            "distillation": ["soft"],
        },
        split={"validation": 0.12},
        training={"budget": {"steps": steps}, "chip_size": 128, "batch_size": 8, "learning_rate": 2e-3},
    )


def call(*arguments: object) -> None:
    """A command of the engine, as in a terminal."""
    if code := engine([str(each) for each in arguments]):
        raise SystemExit(code)


def main() -> None:
    """Train, predict both test places, score each for the task that is not labelled where it looks so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("build/distil_from_two_places"))
    parser.add_argument("--size", type=int, default=1024, help="side of a scene in pixels of 0.25 m")
    parser.add_argument("--steps", type=int, default=390, help="of the optimizer, teachers' and student's together")
    options = parser.parse_args()

    world = generate(options.output / "world", size=options.size)
    folder = options.output / "run"
    save_run(run_of(world, options.steps), folder)
    call("train", folder)

    for place in (world.north_test, world.south_test):
        found = options.output / "predictions" / place.name
        call("predict", folder / "model", place.raster, "--output", found, "--score", 0.05)
        for task, result, truth in (
            ("detection", found / "detections.gpkg", place.cars),
            ("segmentation", found / "classes.tif", place.areas),
        ):
            scores = found / f"{task}.json"
            what = "--task", task, "--model", folder / "model", "--truth", truth, "--field", "class"
            call("evaluate", result, *what, "--output", scores)
            values = json.loads(scores.read_text())
            name = "mean_iou" if task == "segmentation" else "ap50"
            print(f"{place.name}: {name} {values[name] or 0:.3f}")


if __name__ == "__main__":
    main()
