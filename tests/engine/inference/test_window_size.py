"""Windows are twice a chip's side only where the network is as good there."""

import numpy as np
import pytest
import torch
from torch import nn

from engine.config import load_run
from engine.data import prepare
from engine.inference.window_size import surely_lost, window_size
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


def test_what_larger_windows_seem_to_lose_must_be_more_than_chance():
    names = ["background", "roof"]
    before = torch.tensor([[[90.0, 10.0], [10.0, 90.0]]]).repeat(8, 1, 1)
    same, worse, mixed = before.clone(), before.clone(), before.clone()
    worse += torch.tensor([[-20.0, 20.0], [20.0, -20.0]])
    mixed[0] += torch.tensor([[-80.0, 80.0], [80.0, -80.0]])  # one chip alone
    everywhere = surely_lost(before, worse, names)
    assert surely_lost(before, same, names) == 0
    assert everywhere == pytest.approx(90 / 110 - 70 / 130), "the same in each chip has no error"
    lost = [_mean_iou(each.sum(0)) for each in (before, mixed)]
    without = [_mean_iou(before[1:].sum(0)) - _mean_iou(mixed[1:].sum(0))]
    without += [_mean_iou(before[1:].sum(0)) - _mean_iou(mixed[:-1].sum(0))] * 7
    error = np.sqrt(7 / 8 * sum((each - np.mean(without)) ** 2 for each in without))
    assert surely_lost(before, mixed, names) == pytest.approx(lost[0] - lost[1] - 2 * error)
    assert surely_lost(before, mixed, names) < 0 < 0.01 < lost[0] - lost[1]


def _mean_iou(matrix):
    ious = [matrix[k, k] / (matrix[k].sum() + matrix[:, k].sum() - matrix[k, k]) for k in range(2)]
    return float(sum(ious) / 2)


def test_without_any_truth_in_the_chips_the_larger_ones_are_taken(make_run, monkeypatch):
    """The chips are a choice of the ground, so they may hold none of its labels."""
    run = load_run(make_run({"kind": "supervised"}, roles=("segmentation",), chip_size=CHIP))
    prepared = prepare(run)
    for source in prepared.sources:
        monkeypatch.setattr(source.labels, "mask", lambda window: np.full((window.height, window.width), 255, np.uint8))
    assert window_size(Bright(CHIP), prepared, run) == 2 * CHIP


def test_without_any_validation_chips_the_larger_ones_are_taken(make_run, monkeypatch):
    run = load_run(make_run({"kind": "supervised"}, roles=("segmentation",), chip_size=CHIP))
    monkeypatch.setattr("engine.inference.window_size.validation_batches", lambda *_: [])
    assert window_size(Bright(CHIP), prepare(run), run) == 2 * CHIP


def test_boxes_are_found_in_the_larger_ones(make_run):
    run = load_run(make_run({"kind": "supervised"}, roles=("detection",), chip_size=CHIP))
    network = Bright(CHIP)
    network.tasks = ("detection",)
    assert window_size(network, prepare(run), run) == 2 * CHIP
