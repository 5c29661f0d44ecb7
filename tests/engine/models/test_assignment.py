"""Every object has a location that answers for it, however small it is."""

import pytest
import torch

from engine.models.heads import FcosHead, HeadShape, RetinaHead
from engine.models.heads.detection import BACKGROUND

SIDE = 128


def dense(strides, kind=FcosHead):
    head = kind(HeadShape(32, 1, strides, 1))
    features = [torch.zeros(1, 32, SIDE // stride, SIDE // stride) for stride in strides]
    return head, head(features)


@pytest.mark.parametrize("strides", [[4, 8, 16, 32], [8, 16, 32]])
@pytest.mark.parametrize(("width", "height"), [(2, 2), (3, 3), (4.5, 2), (6, 3), (40, 1)])
def test_every_object_gets_a_location_wherever_it_lies(strides, width, height):
    head, detections = dense(strides)
    everywhere = torch.ones(len(detections.anchors), dtype=torch.bool)
    draw = torch.Generator().manual_seed(0)
    for _ in range(200):
        x, y = (torch.rand(2, generator=draw) * (SIDE - torch.tensor([width, height]))).tolist()
        matches = head.assign(detections, torch.tensor([[x, y, x + width, y + height]]), everywhere)
        assert (matches == 0).any()


def test_what_sees_a_tiny_object_is_not_told_that_it_is_background():
    head, detections = dense([4, 8])
    everywhere = torch.ones(len(detections.anchors), dtype=torch.bool)
    matches = head.assign(detections, torch.tensor([[63.0, 63.0, 65.0, 65.0]]), everywhere)
    row = SIDE // 4
    around = [15 * row + 15, 15 * row + 16, 16 * row + 15, 16 * row + 16]
    assert sorted(matches[around].tolist()) == [-2, -2, -2, 0]
    assert (matches[: row * row] == BACKGROUND).sum() == row * row - 4


def test_tiny_objects_beside_each_other_each_get_one_and_take_none_away():
    head, detections = dense([4, 8])
    everywhere = torch.ones(len(detections.anchors), dtype=torch.bool)
    boxes = torch.tensor([[40.0, 40, 42, 42], [40.5, 40.5, 42, 42], [41.0, 40, 42.5, 42], [30.0, 30, 52, 52]])
    matches = head.assign(detections, boxes, everywhere)
    assert set(range(4)) <= set(matches.tolist())


def test_only_ground_that_does_not_count_leaves_an_object_without():
    head, detections = dense([4, 8])
    points = (detections.anchors[:, :2] + detections.anchors[:, 2:]) / 2
    far = (points - 64).abs().amax(dim=1) > 20
    matches = head.assign(detections, torch.tensor([[63.0, 63.0, 65.0, 65.0]]), far)
    assert not (matches == 0).any()


def test_the_loss_of_tiny_objects_is_a_number_and_teaches():
    head, _ = dense([4, 8])
    features = [torch.randn(1, 32, SIDE // stride, SIDE // stride) for stride in (4, 8)]
    box = torch.tensor([[61.0, 61.0, 62.5, 62.0]])
    losses = head.loss(head(features), [box], [torch.zeros(1, dtype=torch.long)], torch.ones(1, SIDE, SIDE, dtype=bool))
    sum(losses.values()).backward()
    assert all(value.isfinite() for value in losses.values())
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters() if parameter.grad is not None)


@pytest.mark.parametrize("kind", [FcosHead, RetinaHead])
@pytest.mark.parametrize("strides", [[4, 8, 16, 32], [8, 16, 32]])
@pytest.mark.parametrize(("width", "height"), [(2, 2), (4.5, 2), (6, 3)])
def test_neighbours_do_not_take_each_others_only_place(kind, strides, width, height):
    head, detections = dense(strides, kind)
    everywhere = torch.ones(len(detections.anchors), dtype=torch.bool)
    draw = torch.Generator().manual_seed(0)
    for _ in range(40):
        x, y = (torch.rand(2, generator=draw) * (SIDE - torch.tensor([2 * width, height]))).tolist()
        pair = torch.tensor([[x, y, x + width, y + height], [x + width, y, x + 2 * width, y + height]])
        assert {0, 1} <= set(head.assign(detections, pair, everywhere).tolist())


def test_an_anchor_that_counts_answers_where_the_best_does_not():
    head, detections = dense([4, 8], RetinaHead)
    box = torch.tensor([[63.0, 63.0, 65.0, 65.0]])
    everywhere = torch.ones(len(detections.anchors), dtype=torch.bool)
    best = head.assign(detections, box, everywhere) == 0
    matches = head.assign(detections, box, ~best)
    assert (matches == 0).any() and not (matches == 0)[best].any()
