"""Thresholds by class and over time, against loops over pixels."""

import math

import pytest
import torch

from engine import distillation as D


def softmax(logits):
    exponentials = [math.exp(value) for value in logits]
    return [value / sum(exponentials) for value in exponentials]


def opinions(answers, valid):
    """Of each counted pixel the mean of the networks' probabilities, with its place."""
    for b, y, x in valid.nonzero().tolist():
        each = [softmax(logits[b, :, y, x].tolist()) for logits in answers]
        yield (b, y, x), [sum(values) / len(each) for values in zip(*each, strict=True)]


class Naive:
    """FreeMatch's equations 5 to 8 with pixels in the place of images."""

    def __init__(self, classes, memory):
        self.tau, self.shares, self.memory = 1 / classes, [1 / classes] * classes, memory

    def step(self, answers, valid):
        found = [values for _, values in opinions(answers, valid)]
        if found:
            old, new = self.memory, (1 - self.memory) / len(found)
            self.tau = old * self.tau + new * sum(max(values) for values in found)
            columns = zip(self.shares, zip(*found, strict=True), strict=True)
            self.shares = [old * share + new * sum(values) for share, values in columns]
        return [share / max(self.shares) * self.tau for share in self.shares]


@pytest.mark.parametrize("networks", [1, 2])
def test_thresholds_follow_confidence_and_classes_over_steps(case, networks):
    thresholds, naive = D.AdaptiveThresholds(4, memory=0.7).double(), Naive(4, 0.7)
    torch.manual_seed(0)
    for step in range(4):
        answers = [torch.randn(2, 4, 16, 24, dtype=torch.float64) * (1 + step) for _ in range(networks)]
        answers[0][:, 1] += 2
        valid = case.valid if step != 2 else torch.zeros_like(case.valid)
        found, expected = thresholds(answers, valid), naive.step(answers, valid)
        assert found.tolist() == pytest.approx(expected, rel=1e-6), step
    assert max(expected) == pytest.approx(naive.tau) and len({round(value, 3) for value in expected}) == 4
    thresholds.eval()
    assert torch.equal(thresholds([torch.zeros(2, 4, 16, 24)], case.valid), found), "they follow in training mode only"


def test_they_begin_with_what_a_guess_would_be():
    thresholds = D.AdaptiveThresholds(5).eval()
    assert thresholds([], torch.zeros(1, 2, 2, dtype=torch.bool)).tolist() == pytest.approx([0.2] * 5)
    assert set(thresholds.state_dict()) == {"confidence", "shares"}


def test_labels_count_from_the_threshold_of_their_class(case):
    needed, kept = torch.tensor([0.9, 0.5, 0.3, 0.7], dtype=torch.float64), 0
    labels = D.pseudo_labels(case.segmentation, case.teacher_segmentation, case.valid, needed)
    for place, values in opinions([case.segmentation, case.teacher_segmentation], case.valid):
        best = values.index(max(values))
        counts = values[best] >= needed[best]
        assert labels[place] == (best if counts else 255)
        kept += bool(counts)
    assert 0 < kept < case.valid.sum() and (labels[~case.valid] == 255).all()


def test_in_cross_supervision_each_teacher_has_thresholds_of_its_own(case):
    pair = case.segmentation, case.teacher_segmentation
    needed = torch.tensor([0.2, 0.4, 0.6, 0.5]), torch.tensor([0.9, 0.95, 0.4, 0.8])
    total = 0.0
    for mine, other, own in ((pair[0], pair[1], needed[1]), (pair[1], pair[0], needed[0])):
        losses = []
        for (b, y, x), values in opinions([other], case.valid):
            label = values.index(max(values))
            if values[label] >= own[label]:
                losses.append(-math.log(softmax(mine[b, :, y, x].tolist())[label]))
        total += sum(losses) / len(losses)
    assert D.cross_supervision(*pair, case.valid, needed).item() == pytest.approx(total, rel=1e-6)
