import numpy as np
import pytest

from engine.evaluation import detections as module
from engine.evaluation.detections import Boxes, average_precision, detection_scores, matched


def iou(first, second):
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    common = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return common / (sum(areas) - common)


def naive_ap(found, truth, threshold):
    """COCO's AP of one class: greedy matching by score, precision's envelope at 101 recalls."""
    order = np.argsort(-found.scores, kind="stable")
    taken, hits = set(), []
    for index in order:
        overlaps = [(iou(found.corners[index], box), k) for k, box in enumerate(truth.corners) if k not in taken]
        best = max(overlaps, default=(0, None))
        hits.append(best[0] >= threshold)
        if hits[-1]:
            taken.add(best[1])
    true = np.cumsum(hits)
    recall, precision = true / len(truth), true / np.arange(1, len(hits) + 1)
    return np.mean([max(precision[recall >= level - 1e-9], default=0) for level in np.linspace(0, 1, 101)])


def scene(count, seed=0, classes=2, spread=1500.0):
    """Objects, and detections of most of them with jitter, duplicates and inventions."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, spread, (count, 2))
    truth = Boxes(
        np.concatenate([places, places + rng.uniform(10, 30, (count, 2))], 1), rng.integers(0, classes, count)
    )
    seen = np.concatenate([np.flatnonzero(rng.random(count) < 0.8), rng.integers(0, count, count // 5)])
    corners = np.concatenate(
        [truth.corners[seen] + rng.normal(0, 2, (len(seen), 4)), truth.corners[: count // 4] + spread]
    )
    labels = np.concatenate([truth.labels[seen], truth.labels[: count // 4]])
    return Boxes(corners, labels, rng.permutation(len(corners)) / len(corners)), truth


@pytest.mark.parametrize("count", [1, 40, 250])
def test_average_precision_equals_its_naive_definition(count):
    found, truth = scene(count, seed=count)
    scores = average_precision(found, truth)
    for label in np.unique(truth.labels):
        mine, objects = found[found.labels == label], truth[truth.labels == label]
        per_threshold = [naive_ap(mine, objects, level) for level in np.linspace(0.5, 0.95, 10)]
        assert scores[label]["ap50"] == pytest.approx(per_threshold[0], abs=1e-5)
        assert scores[label]["ap"] == pytest.approx(np.mean(per_threshold), abs=1e-5)


def test_more_than_a_hundred_detections_count():
    """COCO looks at the best 100 of an image, which would cap recall on a map."""
    corners = np.array([[20.0 * k, 0, 20 * k + 10, 10] for k in range(400)])
    truth = Boxes(corners, np.zeros(400, int))
    scores = average_precision(Boxes(corners, truth.labels, np.linspace(1, 0.1, 400)), truth)
    assert scores[0] == pytest.approx({"ap": 1.0, "ap50": 1.0})


def test_dividing_a_map_into_parts_changes_nothing(monkeypatch):
    found, truth = scene(300, seed=3, spread=900.0)
    whole = average_precision(found, truth)
    monkeypatch.setattr(module, "IMAGE_BOXES", 20)
    parts = module._images(np.concatenate([found.corners, truth.corners]))
    assert len(parts) > 10 and sorted(np.concatenate(parts)) == list(range(len(found) + len(truth)))
    divided = average_precision(found, truth)
    assert {k: v["ap"] for k, v in divided.items()} == pytest.approx({k: v["ap"] for k, v in whole.items()}, abs=1e-6)


def test_map_coordinates_of_any_size_give_the_same_scores():
    found, truth = scene(60)
    far = [Boxes(box.corners * 1e-2 + 5e6, box.labels, box.scores) for box in (found, truth)]
    near, distant = average_precision(found, truth), average_precision(*far)
    assert [v["ap50"] for v in distant.values()] == pytest.approx([v["ap50"] for v in near.values()], abs=1e-3)


def test_each_object_is_hit_once_and_only_by_its_class():
    truth = Boxes(np.array([[0.0, 0, 10, 10], [100, 0, 110, 10]]), np.array([0, 1]))
    found = Boxes(
        np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [100, 0, 110, 10], [0, 0, 10, 10]]),
        np.array([0, 0, 0, 0]),
        np.array([0.5, 0.9, 0.8, 0.1]),
    )
    assert matched(found, truth, 0.5, 0.0).tolist() == [False, True, False, False]
    assert matched(found, truth, 0.95, 0.0).tolist() == [True, False, False, False]
    assert matched(found, truth, 0.95, 0.6).tolist() == [False] * 4


def test_precision_recall_and_f1_are_counted_over_the_threshold():
    corners = np.array([[20.0 * k, 0, 20 * k + 10, 10] for k in range(10)])
    truth = Boxes(corners[:8], np.zeros(8, int))
    found = Boxes(corners[4:], np.zeros(6, int), np.array([0.9, 0.8, 0.7, 0.2, 0.6, 0.1]))
    scores = detection_scores(found, truth, ["car", "bus"], threshold=0.5)
    assert (scores["detections"], scores["objects"]) == (4, 8)
    assert (scores["precision"], scores["recall"], scores["f1"]) == pytest.approx((3 / 4, 3 / 8, 6 / 12))
    assert scores["classes"]["car"]["f1"] == scores["f1"] and scores["ap50"] == scores["classes"]["car"]["ap50"]
    assert scores["classes"]["bus"]["ap50"] is None and scores["classes"]["bus"]["recall"] is None


@pytest.mark.parametrize("objects", [0, 3])
def test_no_detections_and_no_objects_are_scores_and_not_errors(objects):
    corners = np.array([[20.0 * k, 0, 20 * k + 10, 10] for k in range(objects)]).reshape(-1, 4)
    nothing = Boxes(np.zeros((0, 4)), np.zeros(0, int))
    truth = Boxes(corners, np.zeros(objects, int))
    scores = detection_scores(nothing, truth, ["car"], 0.3)
    assert scores["ap50"] == (0.0 if objects else None) and scores["precision"] is None
    assert detection_scores(Boxes(corners, truth.labels, np.ones(objects)), nothing, ["car"], 0.3)["ap"] is None


def test_each_class_counts_from_its_own_threshold():
    corners = np.array([[20.0 * k, 0, 20 * k + 10, 10] for k in range(6)])
    labels = np.array([0, 0, 0, 1, 1, 1])
    truth, found = Boxes(corners, labels), Boxes(corners, labels, np.array([0.9, 0.6, 0.4, 0.9, 0.6, 0.4]))
    scores = detection_scores(found, truth, ["car", "bus"], [0.7, 0.5])
    assert {name: (each["detections"], each["score_threshold"]) for name, each in scores["classes"].items()} == {
        "car": (1, 0.7),
        "bus": (2, 0.5),
    }
    assert scores["detections"] == 3 and scores["recall"] == 3 / 6 and scores["score_threshold"] is None
    assert detection_scores(found, truth, ["car", "bus"], [0.5, 0.5]) == detection_scores(
        found, truth, ["car", "bus"], 0.5
    )
    assert matched(found, truth, 0.5, [0.7, 0.5]).tolist() == [True, False, False, True, True, False]
