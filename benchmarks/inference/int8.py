"""A network in eight bits against the same in its own precision: rates turn by turn, and scores on generated truth.

    python benchmarks/inference/int8.py [--backends openvino onnxruntime] [--repeats 3] [--steps 400]

The network is the one of `seams.py`; each line leaves more of it in 32 bits, as `export --int8` does in turn.
The first whose mean IoU falls by less than 0.005 should be faster in each backend.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import seams
from common import BACKENDS, median

from engine.cli.quantize import FIRST
from engine.packages.onnx import Spared

LOSS = 0.005
SIDE = 1536
VARIANTS = {
    "all in 8 bits": Spared(),
    f"but the first {FIRST} convolutions": Spared(FIRST),
    "and neck and heads": Spared(FIRST, decoder=True),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backends", nargs="+", choices=BACKENDS[:2], default=BACKENDS[:2])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=400, help="training steps")
    options = parser.parse_args()
    model = seams.trained(options.steps)
    plain = scored(model)
    for what, spared in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            print(what, flush=True)
            light = lighter(model, Path(folder), spared)
            gains = [gain(name, model, light, options.repeats) for name in options.backends]
            if plain - scored(light) <= LOSS:
                return int(min(gains) <= 1)
    return 1


def lighter(model: Path, folder: Path, spared: Spared) -> Path:
    """The package's graph in eight bits, their ranges found on another scene than those of training and scoring."""
    from engine.cli.quantize import CALIBRATING, images
    from engine.inference.checks import open_raster
    from engine.packages import load_card
    from engine.packages.onnx import quantise

    card = load_card(model)
    windows = images([open_raster(str(seams.scene(SIDE, seed=2) / "scene.tif"), card)], card, CALIBRATING)
    quantise(model / "model.onnx", folder / "model.onnx", card, windows, spared)
    (folder / "item.json").write_bytes((model / "item.json").read_bytes())
    return folder


def gain(name: str, model: Path, light: Path, repeats: int) -> float:
    """How many times as fast eight bits are."""
    from engine import inference
    from engine.inference.backends.choice import rate
    from engine.packages import load_card

    kind = {"openvino": inference.OpenVinoBackend, "onnxruntime": inference.OnnxBackend}[name]
    card = load_card(model)
    backends = [kind(folder, card, "cpu") for folder in (model, light)]
    turns = [[rate(backend, card) for backend in backends] for _ in range(repeats)]
    plain, small = (median([turn[index] for turn in turns]) for index in (0, 1))
    ratio = median([turn[1] / turn[0] for turn in turns])
    print(f"{name:>12}: {plain:.2f} -> {small:.2f} MPix/s of windows, {ratio:.2f} times as fast", flush=True)
    return ratio


def scored(model: Path) -> float:
    """Mean IoU on a generated scene."""
    import numpy as np
    import torch
    from rasterio.features import rasterize

    from engine.demo import NORTH, paint
    from engine.inference import OnnxBackend
    from engine.packages import load_card
    from engine.training.validation import SegmentationScore

    painting, card = paint(NORTH, SIDE, seed=1), load_card(model)
    shapes = [(painting.areas[name], value) for value, name in enumerate(seams.CLASSES, 1)]
    mask = rasterize(shapes, (SIDE, SIDE), dtype="uint8").astype(np.int64)
    image, backend = painting.image.transpose(2, 0, 1), OnnxBackend(model, card, "cpu")
    score = SegmentationScore([channel.name for channel in card.segmentation_channels()])
    tile = card.tile_size
    for row in range(0, SIDE, tile):
        for column in range(0, SIDE, tile):
            place = np.s_[row : row + tile, column : column + tile]
            answer = backend.run(np.ascontiguousarray(image[(slice(None), *place)])[None]).segmentation
            score.update(torch.from_numpy(answer), torch.from_numpy(mask[place])[None])
    value = score.compute()["segmentation/mean_iou"]
    print(f"mean IoU {value:.4f}", flush=True)
    return value


if __name__ == "__main__":
    sys.exit(main())
