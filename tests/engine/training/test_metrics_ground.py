"""Truth and detections are counted by one rule; what has no truth has no score."""

import pytest
import torch

from engine.training.validation import DetectionScore, SegmentationScore, main_score
from engine.types import Objects


@pytest.mark.parametrize("seed", range(6))
def test_perfect_detections_score_one_whatever_ground_counts(seed):
    draw = torch.Generator().manual_seed(seed)
    corners = torch.rand(40, 2, generator=draw) * 110
    boxes = torch.cat([corners, corners + 4 + torch.rand(40, 2, generator=draw) * 20], dim=1)
    labels = torch.randint(0, 2, (40,), generator=draw)
    valid = torch.rand(4, 4, generator=draw).repeat_interleave(32, 0).repeat_interleave(32, 1)[None] > 0.5
    score = DetectionScore(["car", "bus"])
    score.update([Objects(boxes, labels, torch.linspace(1, 0.5, 40))], [boxes], [labels], valid)
    values = score.compute()
    assert values["detection/ap50"] == pytest.approx(1) and values["detection/f1"] == pytest.approx(1)


def test_a_class_without_objects_has_no_score_and_is_in_no_mean():
    box, label = torch.tensor([[10.0, 10, 30, 30]]), torch.zeros(1, dtype=torch.long)
    false = Objects(torch.cat([box, box + 40]), torch.tensor([0, 1]), torch.tensor([0.9, 0.8]))
    score = DetectionScore(["car", "bus"])
    score.update([false], [box], [label], torch.ones(1, 128, 128, dtype=torch.bool))
    values = score.compute()
    assert values["detection/ap50"] == values["detection/f1"] == pytest.approx(1)
    assert "detection/ap50/car" in values and "detection/ap50/bus" not in values


def test_without_any_object_there_is_no_score_of_detection():
    score = DetectionScore(["car"])
    nothing = Objects(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0))
    score.update([nothing], [torch.zeros(0, 4)], [torch.zeros(0, dtype=torch.long)], torch.ones(1, 8, 8, dtype=bool))
    assert score.compute() == {} and main_score({}) == 0


def test_an_area_class_without_truth_is_in_no_mean():
    score = SegmentationScore(["background", "roof", "water"])
    mask = torch.tensor([[[0, 0, 1, 1]]])
    logits = torch.nn.functional.one_hot(torch.tensor([[[0, 0, 1, 1]]]), 3).movedim(-1, 1).float()
    score.update(logits, mask)
    values = score.compute()
    assert values["segmentation/mean_iou"] == 1 and "segmentation/iou/water" not in values


def test_without_any_pixel_of_truth_there_is_no_score_of_areas():
    score = SegmentationScore(["background", "roof"])
    score.update(torch.zeros(1, 2, 4, 4), torch.full((1, 4, 4), 255))
    assert score.compute() == {}
