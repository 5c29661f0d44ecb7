import copy

import pytest

from engine.report.comparison import findings
from engine.report.history import read_history


def metrics(stage, network, **steps):
    return [
        {
            "time": 0, "kind": "metrics", "stage": stage, "network": network, "step": int(step[1:]),
            "values": {"segmentation/mean_iou": value},
        }
        for step, value in steps.items()
    ]  # fmt: skip


def told(events=(), validation=None, strong=False):
    return " ".join(findings(read_history(events), validation or {}, "student", strong))


@pytest.fixture
def fine(validation):
    for task in ("segmentation", "detection"):
        validation[task]["calibration"]["ece"] = 0.02
    return validation


def test_nothing_is_said_of_a_run_without_faults(fine):
    events = metrics("teacher", "teacher", s1=0.5, s2=0.7, s3=0.701) + metrics(
        "student", "student", s1=0.5, s2=0.69, s3=0.69
    )
    assert told(events, fine) == ""


def test_classes_that_are_never_predicted_or_found_are_named(fine):
    fine["segmentation"]["confusion"]["matrix"] = [[100, 0, 0], [50, 0, 0], [0, 0, 50]]
    fine["detection"]["detections"]["car"] = 0
    text = told(validation=fine)
    assert "class roof is never predicted" in text and "road" not in text
    assert "class car is never found with a score of 0.30" in text
    fine["score_thresholds"] = {"car": 0.45}
    assert "class car is never found with a score of 0.45" in told(validation=fine)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"training": 40, "validation": 0}, "class car lies on validation ground"),
        ({"training": 0, "validation": 9}, "class car lies on training ground"),
        ({"training": 4, "validation": 1}, "class car has only 4 detection labels"),
    ],
)
def test_a_side_without_positives_and_few_examples_are_told(fine, counts, sentence):
    fine["sources"][0]["labels"]["car"] = counts
    assert sentence in told(validation=fine)


def test_a_class_in_none_of_the_chips_that_stand_for_the_ground_is_told(fine):
    fine["detection"]["objects"]["car"] = 0
    matrix = fine["segmentation"]["confusion"]["matrix"]
    fine["segmentation"]["confusion"]["matrix"] = [row if index != 1 else [0] * 3 for index, row in enumerate(matrix)]
    text = told(validation=fine)
    for task, name in (("detection", "car"), ("segmentation", "roof")):
        assert f"of {task} holds the class {name}, so its score is unknown" in text
    assert "class road" not in text


def test_labels_of_all_sources_of_a_role_count_together(fine):
    fine["sources"].append(copy.deepcopy(fine["sources"][0]))
    fine["sources"][0]["labels"]["car"] = {"training": 4, "validation": 0}
    assert told(validation=fine) == ""


def test_a_teacher_weaker_than_its_student_is_named():
    events = metrics("t", "first_teacher", s1=0.6) + metrics("s", "student", s1=0.7)
    assert "first teacher is weaker than its student (0.600 against 0.700): train it longer, or" in told(events)


def test_where_views_are_strong_a_weak_teacher_may_be_for_them():
    events = metrics("t", "first_teacher", s1=0.6) + metrics("s", "student", s1=0.7)
    assert "train it longer or without strong views and CutMix, or" in told(events, strong=True)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ({"s1": 0.5, "s2": 0.7, "s3": 0.6}, "fell by 0.100 after its best step"),
        ({"s1": 0.5, "s2": 0.6, "s3": 0.7}, "was still improving at its end"),
    ],
)
def test_overfitting_and_a_training_that_ended_early_are_told(steps, sentence):
    assert sentence in told(metrics("student", "student", **steps))


def test_confidence_that_is_off_is_told(fine):
    fine["segmentation"]["calibration"]["ece"] = 0.25
    assert "confidence for areas is off by 25 percent points" in told(validation=fine)
