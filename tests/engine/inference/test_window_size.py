"""Windows are twice a chip's side only where the network is as good there."""

import numpy as np
import pytest
import torch
from torch import nn

from engine.config import load_run
from engine.data import prepare
from engine.inference.window_size import window_size
from engine.types import Outputs

CHIP = 64


class Bright(nn.Module):
    """Knows roofs by their light, in windows of the sides given; elsewhere it says the opposite."""

    tasks = ("segmentation",)

    def __init__(self, *sides):
        super().__init__()
        self.sides = sides

    def forward(self, image, tasks=None):
        roof = image.float().mean(1) - 150
        sign = 1 if image.shape[-1] in self.sides else -1
        return Outputs(segmentation=torch.stack([-roof, roof], 1) * sign)


@pytest.mark.parametrize(
    ("sides", "expected"), [((CHIP,), CHIP), ((CHIP, 2 * CHIP), 2 * CHIP), ((2 * CHIP,), 2 * CHIP)]
)
def test_the_validation_ground_decides(make_run, sides, expected):
    run = load_run(make_run({"kind": "supervised"}, roles=("segmentation",), chip_size=CHIP))
    assert window_size(Bright(*sides), prepare(run), run) == expected


def test_without_any_truth_in_the_chips_the_larger_ones_are_taken(make_run, monkeypatch):
    """The chips are a choice of the ground, so they may hold none of its labels."""
    run = load_run(make_run({"kind": "supervised"}, roles=("segmentation",), chip_size=CHIP))
    prepared = prepare(run)
    for source in prepared.sources:
        monkeypatch.setattr(source.labels, "mask", lambda window: np.full((window.height, window.width), 255, np.uint8))
    assert window_size(Bright(CHIP), prepared, run) == 2 * CHIP


def test_boxes_are_found_in_the_larger_ones(make_run):
    run = load_run(make_run({"kind": "supervised"}, roles=("detection",), chip_size=CHIP))
    network = Bright(CHIP)
    network.tasks = ("detection",)
    assert window_size(network, prepare(run), run) == 2 * CHIP
