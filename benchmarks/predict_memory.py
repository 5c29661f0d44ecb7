"""Peak memory and speed of `predict` on a small and a large raster; the large one may take 1.15 times the memory.

    python benchmarks/predict_memory.py [--size 4096 16384] [--encoder thin]

Each raster is predicted in a fresh process by a network with random weights for both tasks. `thin` is a patch embedding
under both heads that costs next to nothing, so that the speed is that of reading, blending, merging and writing; any
encoder of segmentation-models-pytorch gives the speed of a real network.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from engine.config import Card

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "predict_memory"
LIMIT = 1.15
BLOCK = 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs="+", default=[4096, 16384], help="sides of the rasters, in pixels")
    parser.add_argument("--encoder", default="thin", help="thin, or an encoder by name")
    parser.add_argument("--tile-size", type=int, default=512)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measure(options.size[0], options.encoder, options.tile_size)))
        return 0
    rows = [in_fresh_process(size, options) for size in options.size]
    for row in rows:
        print("{side:>6} x {side}: peak {peak_mb:.0f} MB, {seconds:.0f} s, {mpix_s:.2f} MPix/s, "
              "{detections} detections".format(**row))  # fmt: skip
    ratio = rows[-1]["peak_mb"] / rows[0]["peak_mb"]
    print(f"ratio {ratio:.3f} (at most {LIMIT})")
    return int(ratio > LIMIT)


def in_fresh_process(size: int, options: argparse.Namespace) -> dict:
    make_raster(size)
    arguments = ["--alone", "--size", str(size), "--encoder", options.encoder, "--tile-size", str(options.tile_size)]
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def make_raster(size: int) -> Path:
    """A tiled, compressed raster of three bands: smooth noise, another in every block."""
    import numpy as np
    import rasterio
    from rasterio.windows import Window

    path = BUILD / f"{size}.tif"
    if path.exists():
        return path
    BUILD.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(size)
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 3, "width": size, "height": size, "crs": "EPSG:32632"}
    transform = rasterio.transform.from_origin(691000, 5335000, 0.1, 0.1)
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
    with rasterio.open(path, "w", **profile, **tiles, transform=transform) as raster:
        for row in range(0, size, BLOCK):
            for column in range(0, size, BLOCK):
                coarse = generator.integers(0, 256, (3, BLOCK // 16, BLOCK // 16), dtype=np.uint8)
                window = Window(column, row, min(BLOCK, size - column), min(BLOCK, size - row))
                block = coarse.repeat(16, axis=1).repeat(16, axis=2)
                raster.write(block[:, : window.height, : window.width], window=window)
    return path


def measure(size: int, encoder: str, tile_size: int) -> dict:
    """Predict one raster here, and say what it took."""
    sys.path.insert(0, str(ROOT))
    import pyogrio

    from engine.events import EventLog
    from engine.inference import Options, TorchBackend, predict

    card = make_card(encoder, tile_size)
    network = make_network(card, encoder)
    card.score_threshold = some_objects(network, tile_size)
    events = EventLog(None, lambda event: print(json.dumps(event), file=sys.stderr))
    started = time.monotonic()
    options = Options(confidence=True)
    results = predict(TorchBackend(network, card), str(BUILD / f"{size}.tif"), BUILD / str(size), options, events)
    seconds = time.monotonic() - started
    return {
        "side": size,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seconds": seconds,
        "mpix_s": size**2 / 1e6 / seconds,
        "detections": pyogrio.read_info(results.detections, layer="detections")["features"],
    }


def make_card(encoder: str, tile_size: int) -> Card:
    from engine.config import Card, CardClass, Network

    return Card(
        name="benchmark",
        tasks=["detection", "segmentation"],
        gsd=0.1,
        bands=[1, 2, 3],
        dtype="uint8",
        mean=[127.0] * 3,
        std=[74.0] * 3,
        tile_size=tile_size,
        segmentation_classes=[CardClass(name=f"class {n}", color="#ff0000") for n in range(3)],
        detection_classes=[CardClass(name="object", color="#00ff00")],
        network=Network(encoder=None if encoder == "thin" else encoder, width=32, detection_strides=[16]),
    )


def make_network(card: Card, encoder: str) -> nn.Module:
    from engine.models import build

    if encoder == "thin":
        return thin_network()
    return build(card.network, card.tasks, 3, card.mean, card.std, 1, 4, seed=0)


def thin_network() -> nn.Module:
    import torch
    from torch import nn

    from engine.models.heads.fcos import FcosHead
    from engine.types import Outputs

    class Thin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Conv2d(3, 32, 16, stride=16)
            self.classify = nn.ConvTranspose2d(32, 4, 16, stride=16)
            self.detection_head = FcosHead(32, 1, [16], 1)

        def forward(self, image: torch.Tensor) -> Outputs:
            features = self.embed(image / 255)
            return Outputs(self.classify(features), self.detection_head([features]))

    torch.manual_seed(0)
    return Thin()


def some_objects(network: nn.Module, tile_size: int) -> float:
    """A score that one candidate in a hundred reaches."""
    import torch

    with torch.inference_mode():
        image = torch.rand(1, 3, tile_size // 16, tile_size // 16).repeat_interleave(16, 2).repeat_interleave(16, 3)
        scores, _ = network.eval().detection_head.scores_and_boxes(network(image * 255).detections)
    return float(scores.quantile(0.99))


if __name__ == "__main__":
    sys.exit(main())
