"""Map roofs, roads and water with a network of your own, from Python: train, predict another place, score it.

    python docs/examples/train_and_predict.py --output build/train_and_predict

Imagery and labels are the demo world's (`engine.demo`); with rasters and layers of yours only `run_of` changes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.train import train_run
from engine.config import Area, Labels, Run, save_run
from engine.demo import Scene, generate
from engine.evaluation import Truth, evaluate_segmentation
from engine.inference import Options, TorchBackend, predict
from engine.packages import load_package


def run_of(scene: Scene, steps: int) -> Run:
    """What to learn, from what, and for how long: the same fields as in `run.json`."""
    return Run(
        name="areas of the south",
        sources=[
            {
                "raster": str(scene.raster),
                "role": "segmentation",
                "labels": {"path": str(scene.areas), "field": "class"},
                "area": {"kind": "raster"},  # all of it is labelled, so ground without a label is background
            }
        ],
        segmentation_classes=[
            {"name": "roof", "color": "#e4572e"},
            {"name": "road", "color": "#8e5fb0"},
            {"name": "water", "color": "#2e86de"},
        ],
        recipe={"kind": "supervised", "network": {"size": "small"}},
        split={"validation": 0.12},
        training={"budget": {"steps": steps}, "chip_size": 128, "batch_size": 8, "learning_rate": 2e-3},
    )


def main() -> None:
    """Train, predict, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("build/train_and_predict"))
    parser.add_argument("--size", type=int, default=1024, help="side of a scene in pixels of 0.25 m")
    parser.add_argument("--steps", type=int, default=150, help="of the optimizer")
    options = parser.parse_args()

    world = generate(options.output / "world", size=options.size)
    folder = options.output / "run"
    run = run_of(world.south_train, options.steps)
    save_run(run, folder)
    model = train_run(folder)["model"]  # progress goes to the error stream, and into events.jsonl

    network, card = load_package(model)
    place = world.south_test  # which the training has not seen
    results = predict(
        TorchBackend(network, card), str(place.raster), options.output / "prediction", Options(confidence=True)
    )
    truth, whole = Labels(path=str(place.areas), field="class"), Area(kind="raster")
    scores = evaluate_segmentation(results.classes, Truth(truth, run.segmentation_classes, whole))
    print(f"class map: {results.classes}")
    print(f"mean IoU on ground that no training saw: {scores['mean_iou']:.3f}")


if __name__ == "__main__":
    main()
