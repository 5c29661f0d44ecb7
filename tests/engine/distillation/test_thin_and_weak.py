"""Losses of thin structures and of weak labels equal their formulas, written as loops over plain numbers."""

from __future__ import annotations

import math

import pytest
import torch

from engine import distillation as D


def softmax(values):
    exponentials = [math.exp(v) for v in values]
    return [e / sum(exponentials) for e in exponentials]


def counted_pixels(valid):
    return [tuple(index) for index in valid.nonzero().tolist()]


def close(value):
    return pytest.approx(value, rel=1e-9)


def naive_skeleton(image, iterations):
    """Erosion by a cross, opening with a square, as repeated minima and maxima over plain lists."""
    height, width = len(image), len(image[0])

    def around(values, y, x, offsets):
        places = [(y + i, x + j) for i, j in offsets]
        return [values[i][j] for i, j in places if 0 <= i < height and 0 <= j < width]

    def each(values, choose, offsets):
        return [[choose(around(values, y, x, offsets)) for x in range(width)] for y in range(height)]

    cross = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]
    square = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    skeleton = [[0.0] * width for _ in range(height)]
    for index in range(iterations + 1):
        image = each(image, min, cross) if index else image
        opened = each(each(image, min, cross), max, square)
        for y in range(height):
            for x in range(width):
                delta = max(0.0, image[y][x] - opened[y][x])
                skeleton[y][x] += max(0.0, delta - skeleton[y][x] * delta) if index else delta
    return skeleton


def test_cldice_is_the_harmonic_mean_of_the_skeletons_shares(case):
    losses = []
    for k in (1, 3):
        on_truth = predicted = on_prediction = true = 0.0
        for b in range(2):
            probability, truth = [[0.0] * 24 for _ in range(16)], [[0.0] * 24 for _ in range(16)]
            for y in range(16):
                for x in range(24):
                    if case.valid[b, y, x]:
                        probability[y][x] = softmax(case.segmentation[b, :, y, x].tolist())[k]
                        truth[y][x] = float(case.mask[b, y, x] == k)
            mine, theirs = naive_skeleton(probability, 3), naive_skeleton(truth, 3)
            for y in range(16):
                for x in range(24):
                    on_truth, predicted = on_truth + mine[y][x] * truth[y][x], predicted + mine[y][x]
                    on_prediction, true = on_prediction + theirs[y][x] * probability[y][x], true + theirs[y][x]
        precision, sensitivity = (on_truth + 1) / (predicted + 1), (on_prediction + 1) / (true + 1)
        losses.append(1 - 2 * precision * sensitivity / (precision + sensitivity))
    assert D.cldice_loss(case.segmentation, case.mask, [1, 3], 3).item() == close(sum(losses) / 2)
    only = torch.where(case.mask == 3, 0, case.mask)  # a class that the mask lacks says nothing
    assert D.cldice_loss(case.segmentation, only, [1, 3], 3).item() == close(
        D.cldice_loss(case.segmentation, only, [1], 3).item()
    )


def test_bounded_areas_punish_probability_outside_the_boxes_of_a_class(case):
    boxes = [torch.tensor([[2.0, 3.0, 9.5, 8.0], [12.0, 0.0, 15.0, 4.0]]), torch.zeros(0, 4)]
    labels = [torch.tensor([0, 1]), torch.zeros(0, dtype=torch.long)]
    forbidden = D.outside_boxes(boxes, labels, {0: 2, 1: 3}, 4, (16, 24))
    total = count = 0.0
    for b, y, x in counted_pixels(case.valid):
        probabilities = softmax(case.segmentation[b, :, y, x].tolist())
        closed = [2, 3] if b == 1 else [k for k in (2, 3) if not naive_inside(boxes[0][k - 2].tolist(), x, y)]
        assert forbidden[b, :, y, x].nonzero().flatten().tolist() == closed
        if closed:
            total, count = total - math.log(1 - sum(probabilities[k] for k in closed)), count + 1
    assert D.bounded_areas(case.segmentation, forbidden, case.valid).item() == close(total / count)


def naive_inside(box, x, y):
    return box[0] < x + 1 and x < box[2] and box[1] < y + 1 and y < box[3]
