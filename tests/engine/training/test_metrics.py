import pytest
import torch

from engine.training.metrics import DetectionScore, SegmentationScore, main_score
from engine.types import IGNORE_INDEX, Objects


def naive_iou_and_f1(predicted, mask, channel):
    hits = wrong = missed = 0
    for guess, truth in zip(predicted.flatten().tolist(), mask.flatten().tolist(), strict=True):
        if truth == IGNORE_INDEX:
            continue
        hits += guess == channel and truth == channel
        wrong += guess == channel and truth != channel
        missed += guess != channel and truth == channel
    return hits / (hits + wrong + missed), 2 * hits / (2 * hits + wrong + missed)


def test_iou_and_f1_equal_counting_pixels_one_by_one():
    torch.manual_seed(1)
    score = SegmentationScore(["background", "roof", "road"])
    logits, masks = torch.randn(2, 3, 9, 11), torch.randint(0, 3, (2, 9, 11))
    masks[torch.rand(masks.shape) < 0.2] = IGNORE_INDEX
    for index in range(2):
        score.update(logits[index : index + 1], masks[index : index + 1])
    values = score.compute()
    for channel, name in enumerate(score.names):
        iou, f1 = naive_iou_and_f1(logits.argmax(1), masks, channel)
        assert values[f"segmentation/iou/{name}"] == pytest.approx(iou)
        assert values[f"segmentation/f1/{name}"] == pytest.approx(f1)
    ious = [values[f"segmentation/iou/{name}"] for name in score.names]
    assert values["segmentation/mean_iou"] == pytest.approx(sum(ious) / 3)


def test_a_class_that_occurs_nowhere_does_not_count_in_the_mean():
    score = SegmentationScore(["background", "roof", "water"])
    logits = torch.zeros(1, 3, 2, 2)
    logits[0, 0] = 1
    score.update(logits, torch.zeros(1, 2, 2, dtype=torch.long))
    assert score.compute()["segmentation/mean_iou"] == 1.0
    assert "segmentation/iou/water" not in score.compute()


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    inter = max(0, width) * max(0, height)
    return inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)


def naive_ap50(found, truth):
    """COCO's 101-point AP at IoU 0.5 of one class: found (score, image, box), truth {image: [box]}."""
    taken, hits = {image: set() for image in truth}, []
    for _, image, box in sorted(found, key=lambda item: -item[0]):
        overlaps = [(iou(box, other), k) for k, other in enumerate(truth[image]) if k not in taken[image]]
        best = max(overlaps, default=(0, None))
        hits.append(best[0] >= 0.5)
        if best[0] >= 0.5:
            taken[image].add(best[1])
    total, points, right = sum(map(len, truth.values())), [], 0
    for rank, hit in enumerate(hits, 1):
        right += hit
        points.append((right / total, right / rank))
    at = [max((p for r, p in points if r >= level / 100 - 1e-12), default=0.0) for level in range(101)]
    return sum(at) / 101


def random_boxes(generator, count):
    corner = torch.rand(count, 2, generator=generator) * 80
    return torch.cat([corner, corner + 5 + torch.rand(count, 2, generator=generator) * 20], 1)


def test_ap50_equals_a_naive_restatement():
    generator = torch.Generator().manual_seed(3)
    score, found, truth = DetectionScore(["car"]), [], {}
    for image in range(4):
        boxes = random_boxes(generator, 6)
        jitter = torch.randn(5, 4, generator=generator) * 2
        guesses = torch.cat([boxes[:5] + jitter, random_boxes(generator, 4)])
        scores = torch.rand(9, generator=generator)
        objects = Objects(guesses, torch.zeros(9, dtype=torch.long), scores)
        score.update([objects], [boxes], [torch.zeros(6, dtype=torch.long)], torch.ones(1, 128, 128, dtype=torch.bool))
        truth[image] = boxes.tolist()
        found += [(s, image, b) for s, b in zip(scores.tolist(), guesses.tolist(), strict=True)]
    assert score.compute()["detection/ap50"] == pytest.approx(naive_ap50(found, truth), abs=1e-6)


def test_detections_on_ground_that_does_not_count_are_left_out():
    boxes = torch.tensor([[10.0, 10, 20, 20]])
    wrong = torch.tensor([[40.0, 40, 50, 50]])
    objects = Objects(torch.cat([wrong, boxes]), torch.zeros(2, dtype=torch.long), torch.tensor([0.9, 0.8]))
    valid = torch.ones(1, 64, 64, dtype=torch.bool)
    values = []
    for hidden in (False, True):
        valid[:, 32:] = not hidden
        score = DetectionScore(["car"])
        score.update([objects], [boxes], [torch.zeros(1, dtype=torch.long)], valid)
        values.append(score.compute()["detection/ap50"])
    assert values == pytest.approx([0.5, 1.0])


def test_the_reported_threshold_separates_right_from_wrong():
    boxes = torch.tensor([[10.0, 10, 20, 20], [30, 10, 40, 20]])
    wrong = torch.tensor([[10.0, 40, 20, 50], [30, 40, 40, 50]])
    objects = Objects(torch.cat([boxes, wrong]), torch.zeros(4, dtype=torch.long), torch.tensor([0.9, 0.6, 0.4, 0.2]))
    score = DetectionScore(["car"])
    score.update([objects], [boxes], [torch.zeros(2, dtype=torch.long)], torch.ones(1, 64, 64, dtype=torch.bool))
    values = score.compute()
    assert values["detection/f1"] == pytest.approx(1.0)
    assert 0.4 < values["detection/threshold"] <= 0.6 + 1e-6


def test_nothing_found_and_nothing_there_is_a_score_and_not_a_crash():
    score = DetectionScore(["car", "bus"])
    empty = torch.zeros(0, 4)
    none = torch.zeros(0, dtype=torch.long)
    score.update([Objects(empty, none, torch.zeros(0))], [empty], [none], torch.ones(1, 8, 8, dtype=torch.bool))
    assert score.compute() == {}, "nothing was there to be found"


def test_the_main_score_is_the_mean_over_tasks():
    assert main_score({"segmentation/mean_iou": 0.4, "detection/ap50": 0.8, "detection/ap": 0.1}) == pytest.approx(0.6)
    assert main_score({"detection/ap50": 0.8}) == 0.8
