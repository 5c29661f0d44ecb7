import numpy as np
import pytest

from engine.evaluation.confusion import confusion_matrix, segmentation_scores


def test_scores_equal_their_definitions_counted_pixel_by_pixel():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, (40, 50)), rng.integers(0, 4, (40, 50))
    truth[:5], predicted[:, :3] = 255, 255
    scores = segmentation_scores(confusion_matrix(predicted, truth, 4), list("abcd"), background=True)
    counted = [(t, p) for t, p in zip(truth.ravel(), predicted.ravel(), strict=True) if t != 255 and p != 255]
    ious = []
    for number, name in enumerate("abcd"):
        both = sum(t == number and p == number for t, p in counted)
        either = sum(t == number or p == number for t, p in counted)
        said, there = sum(p == number for _, p in counted), sum(t == number for t, _ in counted)
        ious.append(both / either)
        expected = {"iou": both / either, "precision": both / said, "recall": both / there, "pixels": there}
        expected["f1"] = 2 / (1 / expected["precision"] + 1 / expected["recall"])
        assert scores["classes"][name] == pytest.approx(expected)
    assert scores["mean_iou"] == pytest.approx(sum(ious) / 4)
    assert scores["mean_iou_classes"] == pytest.approx(sum(ious[1:]) / 3)
    assert scores["pixel_accuracy"] == pytest.approx(sum(t == p for t, p in counted) / len(counted))
    assert scores["pixels"] == len(counted)


def test_a_class_that_is_nowhere_has_no_scores_and_does_not_lower_the_mean():
    scores = segmentation_scores(confusion_matrix(np.zeros(9, int), np.zeros(9, int), 2), ["a", "b"], background=False)
    assert scores["classes"]["b"] == {"iou": None, "f1": None, "precision": None, "recall": None, "pixels": 0}
    assert scores["mean_iou"] == scores["mean_iou_classes"] == 1.0


def test_a_class_that_is_missed_counts_as_zero():
    scores = segmentation_scores(confusion_matrix(np.zeros(4, int), np.array([0, 0, 1, 1]), 2), ["a", "b"], True)
    assert scores["classes"]["b"]["iou"] == 0.0 and scores["classes"]["b"]["precision"] is None
    assert scores["mean_iou"] == pytest.approx(0.25)


def test_nothing_counted_gives_no_numbers_instead_of_an_error():
    scores = segmentation_scores(np.zeros((2, 2), int), ["a", "b"], background=True)
    assert scores["mean_iou"] is None and scores["pixel_accuracy"] is None and scores["pixels"] == 0


def test_a_class_without_truth_has_no_score_and_is_in_no_mean_though_it_is_predicted():
    matrix = confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]), 3)
    scores = segmentation_scores(matrix, ["background", "roof", "water"], background=True)
    assert scores["classes"]["water"]["iou"] is None and scores["classes"]["water"]["f1"] is None
    assert scores["classes"]["water"]["precision"] == 0.0, "what is found where nothing is, is wrong"
    assert scores["mean_iou"] == pytest.approx((1 + 0.5) / 2) and scores["mean_iou_classes"] == pytest.approx(0.5)
