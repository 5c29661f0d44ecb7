"""One network from Munich's vehicle boxes and Banepa's building areas, both at 0.13 m, trained, predicted and scored.

    python benchmarks/uneven_pair/run.py --data ../shared/data

Split by place: Munich scene 1 trains, scene 3 validates, scene 2 tests (frames of one scene show the same street);
Banepa's 32 training tiles train and validate by blocks, its 8 test tiles test. Predictions of all of `banepa.vrt`
and of the Munich test scene land in the output folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.cli.main import main as engine
from engine.config import Run, save_run

TEST_FRAMES = "scene2_frame*.tif"


def main() -> None:
    """Train, predict, score, print."""
    options = arguments()
    folder = options.output / options.name
    save_run(uneven_pair(options), folder)
    begun = time.monotonic()
    call("train", folder)
    trained = time.monotonic()
    predict(options, folder)
    predicted = time.monotonic()
    result = {
        "run": options.name,
        "steps": options.steps,
        "training_minutes": round((trained - begun) / 60, 1),
        "prediction_minutes": round((predicted - trained) / 60, 1),
        "vehicles": vehicles(options, folder),
        "buildings": buildings(options, folder),
    }
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("build/uneven_pair"))
    parser.add_argument("--name", default="distilled")
    parser.add_argument("--steps", type=int, default=1500, help="over all stages")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--chip-size", type=int, default=256)
    parser.add_argument("--student", default="small")
    parser.add_argument("--teacher", default="medium")
    parser.add_argument("--distillation", nargs="*", default=["soft"])
    parser.add_argument("--teachers-from", help="a run folder whose teachers are taken")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def uneven_pair(options: argparse.Namespace) -> Run:
    """The run file."""
    return Run(
        name=options.name,
        gsd=0.13,
        sources=[*munich(options.data.resolve()), banepa(options.data.resolve())],
        detection_classes=[{"name": "vehicle", "color": "#ffd92f", "values": ["car", "minibus", "bus"]}],
        segmentation_classes=[{"name": "building", "color": "#e4572e"}],
        recipe={
            "kind": "partial_multitask",
            "student": {"size": options.student},
            "detection_teacher": {"size": options.teacher},
            "segmentation_teacher": {"size": options.teacher},
            "distillation": options.distillation,
            "teachers_from": options.teachers_from,
        },
        training={
            "budget": {"steps": options.steps},
            "batch_size": options.batch_size,
            "chip_size": options.chip_size,
            "seed": options.seed,
        },
    )


def munich(data: Path) -> list[dict[str, Any]]:
    """Scene 1 to train on, scene 3 to validate on."""
    return [
        {
            "raster": str(path),
            "role": "detection",
            "labels": {
                "path": str(path.parent / "vehicles.gpkg"),
                "field": "vehicle",
                "where": f"frame = '{path.stem}'",
            },
            "split": split,
        }
        for scene, split in ((1, "train"), (3, "validation"))
        for path in sorted((data / "munich_cars").glob(f"scene{scene}_frame*.tif"))
    ]


def banepa(data: Path) -> dict[str, Any]:
    """The 32 training tiles; white is no data."""
    return {
        "raster": str(data / "banepa/banepa.vrt"),
        "role": "segmentation",
        "labels": {"path": str(data / "banepa/buildings.gpkg")},
        "area": {"path": str(data / "banepa/labelled_area.gpkg"), "where": "split = 'train'"},
        "nodata": 255,
    }


def predict(options: argparse.Namespace, folder: Path) -> None:
    """All of Banepa and the Munich test scene."""
    call("predict", folder / "model", options.data / "banepa/banepa.vrt", "--output", folder / "banepa", "--confidence")
    frames = sorted((options.data / "munich_cars").glob(TEST_FRAMES))
    call("predict", folder / "model", *frames, "--output", folder / "munich")


def buildings(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Scores on Banepa's test tiles."""
    data = options.data / "banepa"
    where = ["--area", data / "labelled_area.gpkg", "--area-where", "split = 'test'"]
    return evaluate(folder, folder / "banepa/classes.tif", "segmentation", data / "buildings.gpkg", *where)


def vehicles(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Scores on each frame of Munich's test scene."""
    truth = options.data / "munich_cars/vehicles.gpkg"
    return {
        frame.name: evaluate(
            folder,
            frame / "detections.gpkg",
            "detection",
            truth,
            "--field",
            "vehicle",
            "--where",
            f"frame = '{frame.name}'",
        )
        for frame in sorted((folder / "munich").iterdir())
        if frame.is_dir()
    }


def evaluate(folder: Path, predictions: Path, task: str, truth: Path, *more: object) -> dict[str, Any]:
    """One call of `evaluate`, its JSON."""
    output = folder / f"scores-{predictions.parent.name}.json"
    call(
        "evaluate",
        predictions,
        "--task",
        task,
        "--truth",
        truth,
        "--model",
        folder / "model",
        "--output",
        output,
        *more,
    )
    return json.loads(output.read_text())


def call(*arguments: object) -> None:
    """Run the engine's command line in this process."""
    if engine([str(argument) for argument in arguments]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
