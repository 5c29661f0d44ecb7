"""The model and the rasters that the inference benchmarks share, made once in build/inference."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.windows import Window

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from engine.inference import Backend

BUILD = ROOT / "build" / "inference"
MODEL = BUILD / "model"
TILE, CLASSES, GSD = 512, 6, 0.1
OVERLAP = 0.125
BACKENDS = ("openvino", "onnxruntime", "torch")


def make_model() -> Path:
    """A package of the size small, both tasks, 6 classes, 512 pixels, random weights; made in a process of its own."""
    if not (MODEL / "item.json").exists():
        import subprocess

        code = "import sys; sys.path.insert(0, sys.argv[1]); import common; common.write_model()"
        subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent)], check=True)
    return MODEL


def write_model() -> None:
    from engine.config import Card, CardClass, Network
    from engine.models import Purpose, build
    from engine.packages import write_package

    card = Card(
        name="benchmark",
        tasks=["detection", "segmentation"],
        gsd=GSD,
        bands=[1, 2, 3],
        dtype="uint8",
        mean=[120.0] * 3,
        std=[50.0] * 3,
        tile_size=TILE,
        segmentation_classes=[CardClass(name=f"class {n}", color=f"#{40 * n:02x}80ff") for n in range(1, CLASSES)],
        detection_classes=[CardClass(name="vehicle", color="#ffe119")],
        network=Network(weights="none", detection_strides=[4, 8, 16, 32]),
    )
    write_package(MODEL, build(card.network, Purpose(card.tasks, card.mean, card.std, 1, CLASSES), seed=0), card)


def make_raster(side: int, written: float = 1.0) -> Path:
    """A tiled, DEFLATE-compressed uint8 raster of three bands: patches with a little noise.

    Args:
        side: in pixels.
        written: share of the blocks that are written; the others are sparse, and read as zeros, which are data.
    """
    path = BUILD / f"{side}_{written:g}.tif"
    if path.exists():
        return path
    BUILD.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(side)
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "width": side, "height": side, "crs": "EPSG:32632"}
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "interleave": "pixel"}
    transform = rasterio.transform.from_origin(691000, 5335000, GSD, GSD)
    partial = path.with_suffix(".partial.tif")
    with rasterio.open(partial, "w", **profile, **tiles, transform=transform, sparse_ok=True) as raster:
        for row in range(0, side, 512):
            for column in range(0, side, 512):
                if generator.random() < written:
                    raster.write(_block(generator), window=Window(column, row, 512, 512))
    return partial.rename(path)


def _block(generator: np.random.Generator) -> np.ndarray:
    patches = generator.integers(40, 200, (3, 32, 32)).repeat(16, axis=1).repeat(16, axis=2)
    return (patches + generator.normal(0, 5, (3, 512, 512))).clip(0, 255).astype(np.uint8)


def open_backend(name: str) -> Backend:
    """A backend of this repository on the benchmark's model."""
    from engine.packages import load_card, load_package

    if name == "torch":
        from engine.inference import TorchBackend

        return TorchBackend(*load_package(make_model()), device="cpu")
    from engine.inference import OnnxBackend, OpenVinoBackend

    kind = {"onnxruntime": OnnxBackend, "openvino": OpenVinoBackend}[name]
    return kind(make_model(), load_card(make_model()), "cpu")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def windows_of(side: int) -> int:
    from engine.inference.windows import window_grid

    return len(window_grid(side, side, TILE, OVERLAP))


Rate = Callable[[int], float]
"""Runs that many windows and gives MPix/s of windows, overlap counted as work."""
