"""Agreement of several answers, and losses weighed by it, against loops over plain numbers."""

import math

import pytest
import torch

from engine import distillation as D

VALID = torch.tensor([[[True, True, False], [True, True, True]]])
"""(1, 2, 3)"""


def logits(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * 3


def softmax(row):
    powers = [math.exp(each - max(row)) for each in row]
    return [each / sum(powers) for each in powers]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def entropy(shares):
    return -sum(share * math.log(share) for share in shares if share > 0)


@pytest.mark.parametrize("members, classes", [(2, 3), (5, 3), (3, 2)])
def test_areas_agree_by_the_divergence_of_their_probabilities(members, classes):
    answers = [logits(1, classes, 2, 3, seed=seed) for seed in range(members)]
    found = D.segmentation_agreement(answers)
    for row in range(2):
        for column in range(3):
            shares = [softmax(each[0, :, row, column].tolist()) for each in answers]
            mean = [sum(values) / members for values in zip(*shares, strict=True)]
            divergence = entropy(mean) - sum(map(entropy, shares)) / members
            expected = 1 - divergence / math.log(min(members, classes))
            assert found[0, row, column].item() == pytest.approx(expected, abs=1e-5)


def test_areas_agree_wholly_in_equal_answers_and_not_at_all_in_contrary_ones():
    one, other = torch.zeros(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)
    one[0, 0], other[0, 1] = 50, 50
    third = torch.zeros(1, 3, 1, 1).index_fill(1, torch.tensor([2]), 50)
    assert D.segmentation_agreement([one, one]).item() == pytest.approx(1)
    assert D.segmentation_agreement([one, other]).item() == pytest.approx(0, abs=1e-6)
    assert D.segmentation_agreement([one, other, third] * 2).item() == pytest.approx(0, abs=1e-6)
    assert 0 < D.segmentation_agreement([one, one, other]).item() < 1
    assert D.segmentation_agreement([one]).item() == 1
    assert D.segmentation_agreement([one[:, :1], other[:, :1]]).item() == 1, "of one class nobody can doubt"


def test_scores_agree_by_the_deviation_of_the_class_that_deviates_most():
    answers = [logits(1, 4, 2, seed=seed) for seed in range(3)]
    found = D.detection_agreement(answers)
    for place in range(4):
        deviations = []
        for which in range(2):
            scores = [sigmoid(each[0, place, which].item()) for each in answers]
            mean = sum(scores) / 3
            deviations.append(math.sqrt(sum((score - mean) ** 2 for score in scores) / 3))
        assert found[0, place].item() == pytest.approx(1 - 2 * max(deviations), abs=1e-5)
    sure, not_there = torch.full((1, 1, 1), 50.0), torch.full((1, 1, 1), -50.0)
    assert D.detection_agreement([sure, not_there]).item() == pytest.approx(0)
    assert D.detection_agreement([not_there] * 2).item() == pytest.approx(1)


@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 0.0]])
def test_a_pixel_s_divergence_is_multiplied_by_its_place_s_weight(weights):
    student, teacher, places = logits(1, 3, 2, 3), logits(1, 3, 2, 3, seed=1), torch.rand(1, 2, 3)
    total, count = 0.0, 0
    for row in range(2):
        for column in range(3):
            if VALID[0, row, column]:
                mine, theirs = (softmax((each[0, :, row, column] / 2).tolist()) for each in (student, teacher))
                divergence = sum(t * math.log(t / m) for m, t in zip(mine, theirs, strict=True))
                heard = sum(t * w for t, w in zip(theirs, weights or [1] * 3, strict=True))
                total, count = total + places[0, row, column].item() * heard * divergence, count + 1
    classes = None if weights is None else torch.tensor(weights)
    found = D.soft_segmentation(student, teacher, VALID, 2.0, D.Emphasis(classes, places))
    assert found.item() == pytest.approx(4 * total / count, rel=1e-4)


def anchors():
    """Student and teacher logits (1, 5, 2), boxes (1, 5, 4) of each, centerness (1, 5), which count, places."""
    corners = torch.rand(2, 1, 5, 2, generator=torch.Generator().manual_seed(2)) * 20
    boxes = [torch.cat([each, each + 10], dim=-1) for each in corners]
    valid = torch.tensor([[True, True, False, True, True]])
    places = torch.tensor([[1.0, 0.5, 0.3, 0.0, 0.25]])
    return logits(1, 5, 2), logits(1, 5, 2, seed=1), boxes, logits(2, 1, 5, seed=3), valid, places


def cross_entropy(score, wanted):
    return -(wanted * math.log(score) + (1 - wanted) * math.log(1 - score))


def smooth_l1(first, second, beta=1 / 9):
    distance = abs(first - second)
    return distance - beta / 2 if distance >= beta else distance**2 / 2 / beta


def overlap_loss(first, second):
    """1 - GIoU of two boxes."""
    width = max(0, min(first[2], second[2]) - max(first[0], second[0]))
    height = max(0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    union = sum(areas) - width * height
    hull = (max(first[2], second[2]) - min(first[0], second[0])) * (max(first[3], second[3]) - min(first[1], second[1]))
    return 1 - (width * height / union - (hull - union) / hull)


@pytest.mark.parametrize("found", [0.0, 0.1])
def test_an_anchor_s_summands_are_multiplied_by_its_place_s_weight(found):
    """`found` 0 is the form of all anchors, 0.1 the dense one."""
    student, teacher, (mine, theirs), (center, wanted), valid, places = anchors()
    scores = boxes = inside = smooth = divisor = 0.0
    for place in range(5):
        if not valid[0, place]:
            continue
        weight = places[0, place].item()
        said = [sigmoid(each.item()) for each in teacher[0, place]]
        confidence = max(said)
        for which, score in enumerate(said):
            target, own = score if score >= found else 0.0, sigmoid(student[0, place, which].item())
            scores += weight * abs(target - own) ** 2 * cross_entropy(own, target)
        if confidence >= found:
            divisor += confidence
            first, second = mine[0, place].tolist(), theirs[0, place].tolist()
            boxes += weight * confidence * overlap_loss(first, second)
            smooth += weight * confidence * sum(map(smooth_l1, first, second)) / 4
            own = sigmoid(center[0, place].item())
            inside += weight * confidence * cross_entropy(own, sigmoid(wanted[0, place].item()))
    divisor = max(1, divisor)
    emphasis = D.Emphasis(places=places)
    centerness = D.soft_centerness(center, D.Targets(wanted, teacher), valid, found, places)
    assert centerness.item() == pytest.approx(inside / divisor, rel=1e-4)
    if found:
        classes = D.dense_classification(student, teacher, valid, found, emphasis)
        found_boxes = D.dense_boxes(mine, D.Targets(theirs, teacher), valid, found, emphasis)
        assert found_boxes.item() == pytest.approx(boxes / divisor, rel=1e-4)
    else:
        classes = D.soft_detection_classification(student, teacher, valid, emphasis=emphasis)
        found_boxes = D.soft_detection_regression(mine, D.Targets(theirs, teacher), valid, emphasis=emphasis)
        assert found_boxes.item() == pytest.approx(smooth / divisor, rel=1e-4)
    assert classes.item() == pytest.approx(scores / divisor, rel=1e-4)
