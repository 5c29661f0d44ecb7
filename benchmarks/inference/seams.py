"""Tiled prediction against one forward of the whole image: how many pixels get another class, and where.

    python benchmarks/inference/seams.py [--model PACKAGE] [--raster FILE] [--side 1536] [--overlaps 0 0.125 0.25 0.5]

Both in float32, so that only the seams differ. Pixels nearer to the image's edge than half a window do not count. By
default the overlap is what the model's card says that it needs (measured on its training imagery), or as measured on
the raster; with either, fewer than 0.1 % should differ. `work` is how many pixels of windows a pixel of the map costs.
Without a model of your own, a small one is trained on the demo's scene first (random weights see further than any
trained ones).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from common import BUILD, TILE

if TYPE_CHECKING:
    from engine.inference import Backend

GOAL = 0.001
CLASSES = ("roof", "road", "water")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model package with segmentation")
    parser.add_argument("--raster", help="default: a generated scene")
    parser.add_argument("--side", type=int, default=1536, help="side of the image, in pixels, divisible by 32")
    parser.add_argument("--steps", type=int, default=400, help="training steps, without --model")
    parser.add_argument("--overlaps", type=float, nargs="+", default=[0.0, 0.125, 0.25, 0.5])
    options = parser.parse_args()
    import torch

    from engine.inference import OnnxBackend
    from engine.inference.checks import open_raster
    from engine.packages import load_package

    model, raster = options.model or trained(options.steps), options.raster or str(scene(options.side) / "scene.tif")
    network, card = load_package(model)
    image, valid = open_raster(raster, card).read(0, 0, options.side, options.side)
    image = np.where(valid, image, np.reshape(card.mean, (-1, 1, 1)).astype(image.dtype))
    with torch.inference_mode():
        whole = network(torch.from_numpy(image[None].astype(np.float32))).segmentation[0].argmax(dim=0).numpy()
    backend = OnnxBackend(model, card, "cpu")
    for overlap in options.overlaps:
        compare(backend, raster, whole, valid, overlap)
    shares = []
    for context in {card.context, None}:
        backend.card = card.model_copy(update={"context": context})
        shares.append(compare(backend, raster, whole, valid, None))
    return int(max(shares) >= GOAL)


def compare(backend: Backend, raster: str, whole: np.ndarray, valid: np.ndarray, overlap: float | None) -> float:
    """The share of pixels that get another class, printed."""
    import shutil

    from engine.inference import Options, predict
    from engine.inference.checks import open_raster
    from engine.inference.context import enough_overlap
    from engine.inference.windows import in_phase

    tile = backend.card.tile_size
    used = enough_overlap(backend, open_raster(raster, backend.card), tile) if overlap is None else overlap
    used = in_phase(tile, used)
    output = BUILD / "seams"
    shutil.rmtree(output, ignore_errors=True)
    results = predict(backend, raster, output, Options(overlap=overlap))
    margin, side = tile // 2, len(whole)
    inside = np.s_[margin : side - margin, margin : side - margin]
    with rasterio.open(results.classes) as file:
        tiled = file.read(1, window=((0, side), (0, side))).astype(int) - backend.card.first_class_value()
    share = float((tiled != whole)[inside][valid[inside]].mean())
    chosen = " (chosen)" if overlap is None else ""
    print(f"overlap {used}{chosen}: {share:.4%} of the pixels differ, work {(1 - used) ** -2:.2f}", flush=True)
    return share


def scene(side: int, seed: int = 1) -> Path:
    """The folder of a generated scene: `scene.tif`, and its areas in `scene_areas.gpkg`."""
    from engine.demo import scene as write_scene

    folder = BUILD / f"scene_{side}_{seed}"
    if not folder.exists():
        write_scene(folder, side, seed=seed)
    return folder


def trained(steps: int) -> Path:
    """A package of the size small, trained for a moment on another generated scene by `train`, in windows of 512 px."""
    from engine.cli.train import train_run
    from engine.config import Run, save_run
    from engine.inference import TorchBackend
    from engine.inference.checks import open_raster
    from engine.inference.context import measured_context
    from engine.packages import load_package, write_package

    folder, place = BUILD / f"seams_model_{steps}", scene(1024, seed=0)
    if (folder / "item.json").exists():
        return folder
    source = {
        "raster": str(place / "scene.tif"),
        "role": "segmentation",
        "labels": {"path": str(place / "scene_areas.gpkg"), "field": "class"},
    }
    training = {"budget": {"steps": steps}, "batch_size": 4, "chip_size": TILE // 2, "learning_rate": 2e-3}
    run = Run(
        sources=[source],
        segmentation_classes=[{"name": name, "color": "#ff0000"} for name in CLASSES],
        recipe={"kind": "supervised"},
        training={**training, "ema_decay": 0.98, "validations": 4},
    )
    save_run(run, BUILD / f"seams_run_{steps}")
    train_run(BUILD / f"seams_run_{steps}")
    network, card = load_package(BUILD / f"seams_run_{steps}" / "model")
    card = card.model_copy(update={"tile_size": TILE})
    rasters = [open_raster(str(place / "scene.tif"), card)]
    context = measured_context(TorchBackend(network, card, "cpu"), rasters, TILE)
    return write_package(folder, network, card.model_copy(update={"context": context}))


if __name__ == "__main__":
    sys.exit(main())
