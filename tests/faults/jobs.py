"""The jobs that are disturbed: tiny ones of every kind, each with its command and what must come out of it."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import Run, save_run
from tests.engine.conftest import write_world
from tests.networks import NARROW

Digests = dict[str, str]
"""File to the SHA-256 of its content."""
TRAINING = {"batch_size": 4, "chip_size": 64, "workers": 0, "validations": 3, "device": "cpu", "seed": 3}


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Args:
        make: (folder for the job, the ground's folder) to the engine's arguments.
        outcome: of the job's folder, all that must be the same bytes however often it was disturbed.
        begins: the kind of event, or the stage, with which disturbances begin; empty: from its start on.
    """

    make: Callable[[Path, Path], list[str]]
    outcome: Callable[[Path], Digests]
    begins: str = ""


def make_ground(folder: Path) -> None:
    """Two labelled rasters, one to predict, and a trained run."""
    if (folder / "trained" / "model").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    for index in range(2):
        write_world(folder / str(index), 500_000 + 1000 * index, index)
    _wide(folder / "0" / "image.tif", folder / "wide.tif")
    save_run(run_of(folder, {"kind": "supervised", "network": NARROW}, {"budget": {"steps": 4}}), folder / "trained")
    from engine.cli.train import train_run

    train_run(folder / "trained")


def _wide(source: Path, target: Path, repeats: int = 8) -> None:
    """A raster large enough that predicting it takes a while."""
    import numpy as np
    import rasterio

    with rasterio.open(source) as raster:
        profile, image = raster.profile, raster.read()
    image = np.tile(image, (1, repeats, repeats))
    with rasterio.open(target, "w", **profile | {"width": image.shape[2], "height": image.shape[1]}) as raster:
        raster.write(image)


def run_of(ground: Path, recipe: dict[str, Any], training: dict[str, Any]) -> Run:
    roles = {"detection": ("0", "cars"), "segmentation": ("1", "roofs")}
    return Run(
        sources=[
            {
                "raster": str(ground / place / "image.tif"),
                "role": role,
                "labels": {"path": str(ground / place / f"{labels}.gpkg"), "field": "kind"},
            }
            for role, (place, labels) in roles.items()
        ],
        detection_classes=[{"name": "car", "color": "#ff0000"}],
        segmentation_classes=[{"name": "roof", "color": "#0000ff"}],
        recipe=recipe,
        training=TRAINING | training,
    )


def _train(recipe: dict[str, Any], **training: Any) -> Callable[[Path, Path], list[str]]:
    def make(folder: Path, ground: Path) -> list[str]:
        save_run(run_of(ground, recipe, training), folder / "run")
        return ["train", str(folder / "run")]

    return make


def _predict(folder: Path, ground: Path) -> list[str]:
    options = ["--output", str(folder / "out"), "--device", "cpu"]
    return ["predict", str(ground / "trained" / "model"), str(ground / "wide.tif"), *options]


def _predict_shared(folder: Path, ground: Path) -> list[str]:
    return [*_predict(folder, ground), "--workers", "2"]


def _export(folder: Path, ground: Path) -> list[str]:
    shutil.copytree(ground / "trained", folder / "run")
    return ["export", str(folder / "run"), "--output", str(folder / "town.zip")]


def _weights(folder: Path) -> Digests:
    """Of everything that training decides."""
    paths = [*folder.glob("run/model/*.safetensors"), *folder.glob("run/checkpoints/*.safetensors")]
    return {path.relative_to(folder).as_posix(): _digest(path.read_bytes()) for path in sorted(paths)}


def _maps(folder: Path) -> Digests:
    return {path.name: _digest(path.read_bytes()) for path in sorted((folder / "out").glob("*.tif"))}


def _zipped(folder: Path) -> Digests:
    """Of the zip's network; its description has the time in it."""
    with zipfile.ZipFile(folder / "town.zip") as archive:
        assert archive.testzip() is None
        return {name: _digest(archive.read(name)) for name in archive.namelist() if name.endswith(".safetensors")}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


SUPERVISED = {"kind": "supervised", "network": NARROW}
_STAGES = {
    "kind": "partial_multitask",
    "student": NARROW,
    "detection_teacher": NARROW,
    "segmentation_teacher": NARROW,
    "distillation": ["soft"],
}
KINDS = {
    "training": Kind(_train(SUPERVISED, budget={"steps": 24}, validations=6), _weights),
    "training in stages, 2 workers": Kind(_train(_STAGES, budget={"steps": 24}, workers=2), _weights),
    "packaging": Kind(_train(SUPERVISED, budget={"steps": 2}, validations=1), _weights, begins="packaging"),
    "prediction": Kind(_predict, _maps),
    "prediction, 2 workers": Kind(_predict_shared, _maps),
    "export": Kind(_export, _zipped),
}
"""By name; what is killed at random moments."""
