import numpy as np
import pytest
import torch

from engine.evaluation.confusion import BINS, DetectionCurves, PixelCurves
from engine.evaluation.detections import Boxes


def probabilities_and_mask(seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, 3, 16, 16, generator=generator)
    return logits.softmax(1), torch.randint(0, 3, (2, 16, 16), generator=generator)


def naive_ece(confidence, correct):
    total = 0.0
    for number in range(BINS):
        inside = (confidence >= number / BINS) & (confidence < (number + 1) / BINS)
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
    return total


def test_precision_recall_and_calibration_of_pixels_are_those_of_their_definitions():
    probabilities, mask = probabilities_and_mask()
    curves = PixelCurves(["a", "b", "c"])
    for one, other in zip(probabilities.split(1), mask.split(1), strict=True):
        curves.update(one, other)
    found = curves.compute()
    share, truth = probabilities[:, 1].flatten().numpy(), (mask == 1).flatten().numpy()
    points = set(zip(found["curves"]["b"]["recall"], found["curves"]["b"]["precision"], strict=True))
    for threshold in (0.2, 0.5, 0.8):
        said = share >= threshold
        assert (round((said & truth).sum() / truth.sum(), 4), round((said & truth).sum() / said.sum(), 4)) in points
    confidence, winner = probabilities.max(1)
    expected = naive_ece(confidence.flatten().numpy(), (winner == mask).flatten().numpy())
    assert found["calibration"]["ece"] == pytest.approx(expected, abs=1e-6)


def test_ignored_pixels_change_neither_curves_nor_calibration():
    probabilities, mask = probabilities_and_mask()
    mask[:, :5] = 255
    answers = []
    for seed in (1, 2):
        garbage, _ = probabilities_and_mask(seed)
        curves = PixelCurves(["a", "b", "c"])
        curves.update(torch.where((mask == 255)[:, None], garbage, probabilities), mask)
        answers.append(curves.compute())
    assert answers[0] == answers[1]


def test_detections_count_hits_down_the_ranking_and_objects_at_the_threshold():
    curves = DetectionCurves(["car", "bus"])
    truth = Boxes(np.zeros((4, 4)), np.array([0, 0, 0, 1]))
    found = Boxes(np.zeros((4, 4)), np.array([0, 0, 0, 0]), np.array([0.9, 0.3, 0.8, 0.6]))
    curves.update(found, np.array([True, True, False, False]), truth)
    values = curves.compute(0.5)
    assert values["curves"] == {"car": {"precision": [1.0, 0.5], "recall": [0.3333, 0.6667]}}
    assert values["objects"] == {"car": 3, "bus": 1} and values["detections"] == {"car": 3, "bus": 0}


def test_a_detector_that_finds_nothing_has_no_calibration_error():
    values = DetectionCurves(["car"]).compute(0.5)
    assert values["calibration"]["ece"] is None and values["curves"] == {}
