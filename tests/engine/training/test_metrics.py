import pytest
import torch

from engine.training.validation import DetectionScore, SegmentationScore, main_score
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


def scattered(objects, hits, wrong, generator):
    """Boxes of a class in a row of their own, scores of those that are found, and of as many false ones elsewhere."""
    truth = torch.stack([torch.tensor([20.0 * k, 0, 20.0 * k + 10, 10]) for k in range(objects)])
    found = truth[: int(0.9 * objects)]
    scores = hits[0] + (hits[1] - hits[0]) * torch.rand(len(found), generator=generator)
    false = wrong[0] + (wrong[1] - wrong[0]) * torch.rand(objects, generator=generator)
    return truth, torch.cat([found, truth + torch.tensor([0.0, 30, 0, 30])]), torch.cat([scores, false])


def naive_f1(scores, found, objects, threshold):
    hits = sum(score >= threshold for score in scores[:found])
    return 2 * hits / (sum(score >= threshold for score in scores) + objects)


def test_each_class_has_its_own_best_threshold_where_enough_objects_choose_it():
    """Sure cars, unsure trucks, and three buses: what is good for one class is bad for another."""
    generator = torch.Generator().manual_seed(0)
    drawn = {
        "car": (40, (0.5, 0.9), (0.2, 0.55)),
        "truck": (30, (0.15, 0.45), (0.05, 0.2)),
        "bus": (3, (0.6, 0.7), (0, 0.1)),
    }
    names, score, seen = list(drawn), DetectionScore(list(drawn)), {}
    for label, (name, (objects, hits, wrong)) in enumerate(drawn.items()):
        truth, boxes, scores = scattered(objects, hits, wrong, generator)
        labels = [torch.full((count,), label, dtype=torch.long) for count in (len(boxes), objects)]
        score.update(
            [Objects(boxes, labels[0], scores)], [truth], [labels[1]], torch.ones(1, 64, 900, dtype=torch.bool)
        )
        seen[name] = scores.tolist(), int(0.9 * objects), objects
    values = score.compute()
    own = {name: values[f"detection/threshold/{name}"] for name in names if f"detection/threshold/{name}" in values}
    assert set(own) == {"car", "truck"}, "three buses choose by chance"
    for name, threshold in own.items():
        best = max(naive_f1(*seen[name], each) for each in seen[name][0])
        assert naive_f1(*seen[name], threshold) == pytest.approx(best, abs=0.01)
    common = values["detection/threshold"]
    before = [naive_f1(*seen[name], common) for name in own]
    after = [naive_f1(*seen[name], threshold) for name, threshold in own.items()]
    assert sum(after) > sum(before) + 0.2


def test_the_only_class_has_the_common_threshold():
    truth, boxes, scores = scattered(30, (0.5, 0.9), (0.1, 0.3), torch.Generator().manual_seed(0))
    labels = [torch.zeros(len(each), dtype=torch.long) for each in (boxes, truth)]
    score = DetectionScore(["car"])
    score.update([Objects(boxes, labels[0], scores)], [truth], [labels[1]], torch.ones(1, 64, 900, dtype=torch.bool))
    assert not any(key.startswith("detection/threshold/") for key in score.compute())


def test_nothing_found_and_nothing_there_is_a_score_and_not_a_crash():
    score = DetectionScore(["car", "bus"])
    empty = torch.zeros(0, 4)
    none = torch.zeros(0, dtype=torch.long)
    score.update([Objects(empty, none, torch.zeros(0))], [empty], [none], torch.ones(1, 8, 8, dtype=torch.bool))
    assert score.compute() == {}, "nothing was there to be found"


def test_the_main_score_is_the_mean_over_tasks():
    assert main_score({"segmentation/mean_iou": 0.4, "detection/ap50": 0.8, "detection/ap": 0.1}) == pytest.approx(0.6)
    assert main_score({"detection/ap50": 0.8}) == 0.8
