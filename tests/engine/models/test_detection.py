"""Detection heads: assignment and losses against loops, decoding by hand."""

from __future__ import annotations

import math

import pytest
import torch

from engine.models import anchors_valid, decide
from engine.models.heads import FcosHead, HeadShape, RetinaHead, centers
from engine.models.heads.fcos import level_ranges
from engine.types import Detections

STRIDES = [4, 8, 16, 32]
BOXES = torch.tensor(
    [
        [3.0, 5.0, 18.0, 11.0],  # a car
        [0.0, 0.0, 40.0, 40.0],  # a roof around it
        [30.0, 20.0, 128.0, 128.0],  # a large roof
        [100.0, 1.0, 102.0, 3.5],  # hardly a pixel
    ]
)


def detections(head, classes=2, side=128, batch=2):
    """A head's detections with random values (its own convolutions start near constant)."""
    generator = torch.Generator().manual_seed(3)
    features = [torch.randn(batch, 32, side // stride, side // stride, generator=generator) for stride in head.strides]
    dense = head(features)
    dense.logits = torch.randn(dense.logits.shape, generator=generator)
    dense.regression = torch.rand(dense.regression.shape, generator=generator)
    if dense.centerness is not None:
        dense.centerness = torch.randn(dense.centerness.shape, generator=generator)
    return dense


@pytest.fixture(params=[FcosHead, RetinaHead])
def head(request):
    return request.param(HeadShape(32, 2, STRIDES, 1))


def naive_fcos(anchors, shapes, boxes):
    """FCOS's rule, one location and one object at a time."""
    matches, n = [], 0
    for level, (height, width) in enumerate(shapes):
        stride = STRIDES[level]
        low = 0 if level == 0 else 8 * STRIDES[level - 1]
        high = math.inf if level == len(shapes) - 1 else 8 * stride
        for row in range(height):
            for column in range(width):
                x, y = (column + 0.5) * stride, (row + 0.5) * stride
                assert centers(anchors)[n].tolist() == [x, y]
                best, area = -1, math.inf
                for index, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
                    sides = (x - x0, y - y0, x1 - x, y1 - y)
                    central = max(abs(x - (x0 + x1) / 2), abs(y - (y0 + y1) / 2)) < 1.5 * stride
                    fits = min(sides) > 0 and low < max(sides) <= high and central
                    if fits and (x1 - x0) * (y1 - y0) < area:
                        best, area = index, (x1 - x0) * (y1 - y0)
                matches.append(best)
                n += 1
    return torch.tensor(naive_rescue(matches, anchors, shapes, boxes.tolist()))


def naive_rescue(matches, anchors, shapes, boxes):
    """An object that holds no location gets the nearest free one of its level, the smallest object first."""
    points = [tuple(point) for point in centers(anchors).tolist()]
    strides = [stride for stride, (height, width) in zip(STRIDES, shapes, strict=True) for _ in range(height * width)]
    taken = set()
    for index in sorted(range(len(boxes)), key=lambda i: (boxes[i][2] - boxes[i][0]) * (boxes[i][3] - boxes[i][1])):
        x0, y0, x1, y1 = boxes[index]
        if index in matches or x1 <= x0 or y1 <= y0:
            continue
        reach = max(x1 - x0, y1 - y0) / 2
        own = next((stride for stride in STRIDES[:-1] if reach <= 8 * stride), STRIDES[-1])
        away = [max(abs(x - (x0 + x1) / 2), abs(y - (y0 + y1) / 2)) for x, y in points]
        free = [n for n in range(len(points)) if strides[n] == own and n not in taken and away[n] < 1.5 * own]
        free = [n for n in free if matches[n] < 0 or matches.count(matches[n]) > 1]
        best = min(free, key=away.__getitem__)
        matches[best] = index
        taken.add(best)
        for n in range(len(points)):
            if strides[n] == own and away[n] < own and matches[n] == -1:
                matches[n] = -2
    return matches


def test_fcos_assigns_as_the_papers_rule_says():
    head = FcosHead(HeadShape(32, 2, STRIDES, 1))
    dense = detections(head)
    everywhere = torch.ones(len(dense.anchors), dtype=torch.bool)
    matches = head.assign(dense, BOXES, everywhere)
    expected = naive_fcos(dense.anchors, dense.shapes, BOXES)
    assert torch.equal(matches, expected)
    assert {0, 1, 2} <= set(expected.tolist())


def test_levels_share_the_reach_without_gaps():
    assert level_ranges(STRIDES) == [(0, 32), (32, 64), (64, 128), (128, math.inf)]
    assert level_ranges([8, 16]) == [(0, 64), (64, math.inf)]


def test_retinanet_gives_every_object_its_best_anchor_and_the_overlapping_ones():
    head = RetinaHead(HeadShape(32, 2, STRIDES, 1))
    dense = detections(head)
    matches = head.assign(dense, BOXES, torch.ones(len(dense.anchors), dtype=torch.bool))
    anchors = dense.anchors.tolist()
    overlaps = torch.tensor([[overlap(box, anchor) for anchor in anchors] for box in BOXES.tolist()])
    assert [matches[row.argmax()].item() for row in overlaps] == [0, 1, 2, 3]
    nearly_best = (overlaps > overlaps.amax(dim=1, keepdim=True) - 1e-4).any(dim=0)
    for n in (~nearly_best).nonzero().flatten().tolist():
        column = overlaps[:, n]
        expected = column.argmax().item() if column.max() >= 0.5 else -1 if column.max() < 0.4 else -2
        assert matches[n] == expected


def test_an_object_without_extent_claims_nothing(head):
    dense = detections(head)
    matches = head.assign(
        dense, torch.tensor([[50.0, 50.0, 50.0, 50.0]]), torch.ones(len(dense.anchors), dtype=torch.bool)
    )
    assert (matches == -1).all()


def overlap(a, b):
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (areas - width * height)


def test_anchors_count_by_the_pixel_under_their_centre():
    valid = torch.zeros(1, 8, 8, dtype=torch.bool)
    valid[0, 2, 5] = True
    anchors = torch.tensor([[5.0, 2.0, 6.0, 3.0], [4.0, 1.0, 7.9, 4.9], [5.0, 3.0, 6.0, 4.0], [9.0, 2.0, 11.0, 3.0]])
    assert anchors_valid(anchors, valid).tolist() == [[True, True, False, False]]


def test_objects_where_nothing_counts_leave_the_anchors_ignored(head):
    dense = detections(head)
    counted = centers(dense.anchors)[:, 0] < 64
    matches = head.assign(dense, torch.tensor([[100.0, 90.0, 120.0, 120.0]]), counted)
    assert ((matches == -2) == ~counted).all()
    assert (matches[counted] == -1).all()


def naive_focal(logits, matches, labels):
    total = 0.0
    for image, rows in enumerate(logits.tolist()):
        for row, match in zip(rows, matches[image].tolist(), strict=True):
            for c, z in enumerate(row):
                positive = match >= 0 and labels[image][match] == c
                p = 1 / (1 + math.exp(-z))
                p, alpha = (p, 0.25) if positive else (1 - p, 0.75)
                total += 0.0 if match == -2 else -alpha * (1 - p) ** 2 * math.log(p)
    return total


def test_losses_equal_their_formulas_over_the_positives(head):
    dense = detections(head)
    boxes, labels = [BOXES, BOXES[:0]], [torch.tensor([0, 1, 1, 0]), torch.zeros(0, dtype=torch.long)]
    valid = torch.ones(2, 128, 128, dtype=torch.bool)
    valid[:, :, 64:] = False
    counted = anchors_valid(dense.anchors, valid)
    matches = torch.stack([head.assign(dense, each, mask) for each, mask in zip(boxes, counted, strict=True)])
    rows = (matches[0] >= 0).nonzero().flatten().tolist()

    losses = head.loss(dense, boxes, labels, valid)
    assert losses["classification"].item() == pytest.approx(
        naive_focal(dense.logits, matches, labels) / len(rows), rel=1e-4
    )
    box = centerness = 0.0
    for n in rows:
        anchor, target, regression = (
            dense.anchors[n].tolist(),
            BOXES[matches[0, n]].tolist(),
            dense.regression[0, n].tolist(),
        )
        if isinstance(head, FcosHead):
            box += 1 - generalised_overlap(fcos_box(anchor, regression), target)
            centerness += binary_cross_entropy(dense.centerness[0, n].item(), naive_centerness(anchor, target))
        else:
            box += sum(smooth_l1(r - t) for r, t in zip(regression, retina_code(anchor, target), strict=True))
    assert losses["box"].item() == pytest.approx(box / len(rows), rel=1e-4)
    if isinstance(head, FcosHead):
        assert losses["centerness"].item() == pytest.approx(centerness / len(rows), rel=1e-4)


def fcos_box(anchor, regression):
    x, y, stride = (anchor[0] + anchor[2]) / 2, (anchor[1] + anchor[3]) / 2, anchor[2] - anchor[0]
    left, top, right, bottom = (stride * value for value in regression)
    return x - left, y - top, x + right, y + bottom


def generalised_overlap(a, b):
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    both = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / union - (hull - union) / hull


def naive_centerness(anchor, box):
    x, y = (anchor[0] + anchor[2]) / 2, (anchor[1] + anchor[3]) / 2
    left, top, right, bottom = x - box[0], y - box[1], box[2] - x, box[3] - y
    return math.sqrt(min(left, right) / max(left, right) * min(top, bottom) / max(top, bottom))


def binary_cross_entropy(z, p):
    return -(p * math.log(1 / (1 + math.exp(-z))) + (1 - p) * math.log(1 / (1 + math.exp(z))))


def retina_code(anchor, box):
    width, height = anchor[2] - anchor[0], anchor[3] - anchor[1]
    return (
        ((box[0] + box[2]) - (anchor[0] + anchor[2])) / 2 / width,
        ((box[1] + box[3]) - (anchor[1] + anchor[3])) / 2 / height,
        math.log((box[2] - box[0]) / width),
        math.log((box[3] - box[1]) / height),
    )


def smooth_l1(difference, beta=1 / 9):
    difference = abs(difference)
    return difference**2 / (2 * beta) if difference < beta else difference - beta / 2


def test_garbage_at_ignored_anchors_changes_nothing(head):
    boxes, labels = [BOXES, BOXES[:1]], [torch.tensor([0, 1, 1, 0]), torch.tensor([1])]
    valid = torch.rand(2, 128, 128, generator=torch.Generator().manual_seed(0)) > 0.4
    clean, spoiled = detections(head), detections(head)
    ignored = ~anchors_valid(clean.anchors, valid)
    for values in (spoiled.logits, spoiled.regression, spoiled.centerness):
        if values is not None:
            values[ignored] = float("nan")
    expected, losses = (head.loss(each, boxes, labels, valid) for each in (clean, spoiled))
    assert expected.keys() == losses.keys()
    assert all(torch.equal(losses[name], expected[name]) for name in losses)


@pytest.mark.parametrize("counts", [True, False])
def test_a_batch_without_boxes_gives_finite_gradients_and_no_box_loss(head, counts):
    dense = detections(head)
    tensors = [each.requires_grad_() for each in (dense.logits, dense.regression)]
    valid = torch.full((2, 128, 128), counts)
    nothing = [torch.zeros(0, 4)] * 2, [torch.zeros(0, dtype=torch.long)] * 2
    losses = head.loss(dense, *nothing, valid)
    sum(losses.values()).backward()
    assert losses["box"].item() == 0.0 and (losses["classification"].item() > 0) is counts
    assert all(each.grad is not None and each.grad.isfinite().all() for each in tensors)


def test_fcos_decodes_a_case_done_by_hand():
    head = FcosHead(HeadShape(32, 2, [4], 1))
    dense = Detections(
        logits=torch.full((1, 16, 2), -20.0),
        regression=torch.ones(1, 16, 4),
        centerness=torch.full((1, 16), 20.0),
        anchors=head([torch.zeros(1, 32, 4, 4)]).anchors,
        shapes=[(4, 4)],
    )
    # Location (row 1, column 2) lies at (10, 6); distances 2, 1, 3, 0.5 strides.
    dense.logits[0, 6, 1] = 0.0
    dense.regression[0, 6] = torch.tensor([2.0, 1.0, 3.0, 0.5])
    # Its neighbour to the left at (6, 6) finds the same box with less confidence, and another class too.
    dense.logits[0, 5] = torch.tensor([-1.0, -0.5])
    dense.regression[0, 5] = torch.tensor([1.0, 1.0, 4.0, 0.5])
    [objects] = head.decode(dense, score_threshold=0.3, iou_threshold=0.5)
    # Clipped at the right border, 16; best first; the weaker duplicate of class 1 is gone.
    torch.testing.assert_close(objects.boxes, torch.tensor([[2.0, 2.0, 16.0, 8.0]] * 2))
    assert objects.labels.tolist() == [1, 0]
    expected = [math.sqrt(0.5), math.sqrt(1 / (1 + math.e))]
    torch.testing.assert_close(objects.scores, torch.tensor(expected), rtol=1e-5, atol=1e-5)


def test_boxes_that_code_an_object_decode_to_it(head):
    dense = detections(head)
    for n in (0, 100, len(dense.anchors) - 1):
        x, y = centers(dense.anchors)[n].tolist()
        box = [x - 7.0, y - 5.0, x + 9.0, y + 6.0]
        anchor = dense.anchors[n].tolist()
        stride = anchor[2] - anchor[0]
        code = (
            [7 / stride, 5 / stride, 9 / stride, 6 / stride] if isinstance(head, FcosHead) else retina_code(anchor, box)
        )
        dense.regression[1, n] = torch.tensor(code)
        torch.testing.assert_close(head.boxes(dense)[1, n], torch.tensor(box), rtol=1e-4, atol=1e-3)


def test_decide_keeps_the_best_within_the_limit():
    scores = torch.tensor([[0.9, 0.0], [0.8, 0.0], [0.0, 0.7], [0.2, 0.0]])
    boxes = torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30], [0, 0, 10, 10], [40, 40, 50, 50]])
    assert decide(scores, boxes, 0.3, 0.5).labels.tolist() == [0, 0, 1]
    assert decide(scores, boxes, 0.3, 0.5, limit=1).scores.tolist() == pytest.approx([0.9])
    assert len(decide(scores, boxes, 0.95, 0.5).boxes) == 0


def test_classes_that_labels_do_not_know_count_nowhere(make, scene):
    network = make()
    head, detections = network.detection_head, network(scene.image).detections
    few = scene.labels[0] == 0
    boxes, labels = [scene.boxes[0][few]], [scene.labels[0][few]]
    value = head.loss(detections, boxes, labels, scene.valid, classes=[0])["classification"]
    detections.logits[..., 1] = 50.0
    assert torch.equal(head.loss(detections, boxes, labels, scene.valid, classes=[0])["classification"], value)
    assert head.loss(detections, boxes, labels, scene.valid)["classification"] > value
