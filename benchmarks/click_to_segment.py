"""Click to segment by MobileSAM's own graphs, with random weights, against its own predictor; and how long each takes.

    .venv/bin/python benchmarks/click_to_segment.py

Needs the package `mobile_sam` (`pip install --no-deps mobilesam-mirror`), which GeoDistil does not use. Its encoder is
exported as segment-anything's family is, with and without standardisation inside, and its decoder by its own code.
Exits with 1 where a mask's logits differ by more than `GATE` of the largest.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.inference.click_model import MEAN, STD, ClickModel  # noqa: E402

GATE = 1e-4
SIDE = 1024
PROMPTS = (
    ("a click", [[300.5, 400.5]], [1]),
    ("two clicks, one outside", [[300.5, 400.5], [700.5, 100.5]], [1, 0]),
    ("a box", [[200.5, 200.5], [800.5, 700.5]], [2, 3]),
    ("a box and a click", [[200.5, 200.5], [800.5, 700.5], [500.5, 500.5]], [2, 3, 1]),
)
"""Name, places, labels."""


class Encoder(torch.nn.Module):
    """The image encoder, of standardised planes or of pixels.

    Args:
        network: MobileSAM's.
        pixels: which.
    """

    def __init__(self, network: torch.nn.Module, pixels: bool) -> None:
        super().__init__()
        self.network, self.pixels = network, pixels
        self.mean, self.std = torch.tensor(MEAN), torch.tensor(STD)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(1, 256, 64, 64) of (1, 3, S, S) or of (S, S, 3)."""
        return self.network(((image - self.mean) / self.std).permute(2, 0, 1)[None] if self.pixels else image)


def export(sam: torch.nn.Module, folder: Path) -> dict[str, Path]:
    """Write the encoder in both ways and the decoder, with one mask and with four."""
    from mobile_sam.utils.onnx import SamOnnxModel

    files = {}
    for name, image in (("planes", torch.zeros(1, 3, SIDE, SIDE)), ("pixels", torch.zeros(SIDE, SIDE, 3))):
        files[name] = folder / f"{name}.onnx"
        _export(Encoder(sam.image_encoder, name == "pixels"), {"input_image": image}, ["image_embeddings"], files[name])
    for name in ("one", "four"):
        given = {
            "image_embeddings": torch.zeros(1, 256, 64, 64),
            "point_coords": torch.zeros(1, 5, 2),
            "point_labels": torch.ones(1, 5),
            "mask_input": torch.zeros(1, 1, 256, 256),
            "has_mask_input": torch.zeros(1),
            "orig_im_size": torch.tensor([SIDE, SIDE + 1.0]),
        }
        files[name] = folder / f"{name}.onnx"
        returned = ["masks", "iou_predictions", "low_res_masks"]
        _export(SamOnnxModel(sam, return_single_mask=name == "one"), given, returned, files[name])
    return files


def _export(module: torch.nn.Module, given: dict[str, torch.Tensor], returned: list[str], path: Path) -> None:
    axes = {name: {1: "n"} for name in given if name.startswith("point")}
    with torch.no_grad():
        torch.onnx.export(
            module.eval(), tuple(given.values()), str(path), input_names=list(given), output_names=returned,
            opset_version=17, dynamic_axes=axes, dynamo=False,
        )  # fmt: skip


def reference(predictor: Any, places: np.ndarray, labels: np.ndarray, one: bool) -> np.ndarray:
    """The logits (S, S) of the mask that MobileSAM's own predictor gives for a prompt, chosen as its graph chooses."""
    boxed = 2 in labels
    box = places[:2].ravel() - 0.5 if boxed else None
    clicks, kinds = (places[2:], labels[2:]) if boxed else (places, labels)
    given = {"point_coords": clicks - 0.5, "point_labels": kinds} if len(clicks) else {}
    found = [predictor.predict(box=box, multimask_output=many, return_logits=True, **given) for many in (False, True)]
    masks, scores = (np.concatenate([each[place] for each in found]) for place in (0, 1))
    if one:  # the first mask is for prompts of several points
        scores = scores + (len(labels) + (not boxed) - 2.5) * np.array([1000, 0, 0, 0])
    return masks[scores.argmax()]


def main() -> int:
    """Compare, and print what was measured."""
    from mobile_sam import SamPredictor, sam_model_registry

    torch.manual_seed(0)
    sam = sam_model_registry["vit_t"](checkpoint=None).eval()
    blocks = np.random.default_rng(0).integers(0, 255, (64, 64, 3))
    image = np.kron(blocks, np.ones((SIDE // 64, SIDE // 64, 1))).astype(np.uint8)
    predictor = SamPredictor(sam)
    predictor.set_image(image)
    worst, looks, answers = 0.0, [], []
    with tempfile.TemporaryDirectory() as folder:
        files = export(sam, Path(folder))
        for encoder in ("planes", "pixels"):
            for decoder in ("one", "four"):
                model = ClickModel(files[encoder], files[decoder], "cpu")
                begun = time.perf_counter()
                embedding = model.embed(image.astype(np.float32))
                looks.append(time.perf_counter() - begun)
                for name, places, labels in PROMPTS:
                    begun = time.perf_counter()
                    mask = model.decide(embedding, np.array(places), np.array(labels))
                    answers.append(time.perf_counter() - begun)
                    wanted = reference(predictor, np.array(places), np.array(labels), decoder == "one")
                    apart = float(np.abs(mask.logits - wanted).max() / np.abs(wanted).max())
                    worst = max(worst, apart)
                    print(f"{encoder}, {decoder}, {name}: logits differ by {apart:.1e} of the largest")
    print(f"look {min(looks):.2f} to {max(looks):.2f} s, answer {min(answers):.2f} to {max(answers):.2f} s")
    return int(worst > GATE)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    sys.exit(main())
