"""Line scores against a naive restatement, and what they say of gaps that IoU does not see."""

import math

import numpy as np
import pytest

from engine.config import Area, ClassDefinition, Labels
from engine.errors import ConfigError
from engine.evaluation import Truth, evaluate_lines, pooled_lines
from engine.evaluation.centre_lines import LineCounts, line_counts
from engine.inference.vectors.lines import thin


def networks(points):
    """Which network each pixel belongs to, by flooding."""
    label, places = {}, set(points)
    for start in points:
        todo = [start] if start not in label else []
        while todo:
            y, x = todo.pop()
            if (y, x) in places and (y, x) not in label:
                label[y, x] = start
                todo += [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return label


def naive(predicted, truth, tolerance):
    mine, theirs = ([tuple(p) for p in np.argwhere(thin(mask, 64)).tolist()] for mask in (predicted, truth))

    def near(point, others):
        return [other for other in others if math.dist(point, other) <= tolerance]

    own, network = networks(mine), networks(theirs)
    reached = {point: {own[other] for other in near(point, mine)} for point in theirs}
    pairs = joined = 0
    for first in theirs:
        for second in theirs:
            if network[first] == network[second]:
                pairs += 1
                reached = [
                    min(near(p, mine), key=lambda o, p=p: math.dist(p, o), default=None) for p in (first, second)
                ]
                joined += None not in reached and own[reached[0]] == own[reached[1]]
    return LineCounts(
        len(theirs), sum(bool(near(p, mine)) for p in theirs), len(mine), sum(bool(near(p, theirs)) for p in mine),
        pairs, joined,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_line_counts_equal_their_naive_restatement(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = np.zeros((2, 28, 36), bool)
    for mask in (truth, predicted):
        for _ in range(3):
            row, column = rng.integers(2, 24), rng.integers(2, 32)
            mask[row : row + 3, rng.integers(0, 9) : rng.integers(20, 36)] = True
            mask[rng.integers(0, 9) : rng.integers(15, 28), column : column + 3] = True
    predicted[:, 14:17] = False
    counts, expected = line_counts(predicted, truth, 1.2), naive(predicted, truth, 1.2)
    assert 0 < expected.joined < expected.pairs
    assert (counts.true, counts.found, counts.predicted, counts.correct, counts.pairs) == (
        expected.true, expected.found, expected.predicted, expected.correct, expected.pairs,
    )  # fmt: skip
    # a point may be near two networks, of which the nearest is taken
    assert counts.joined == pytest.approx(expected.joined, rel=0.02)


def test_a_gap_of_a_few_pixels_halves_connectivity_and_hardly_anything_else():
    truth = np.zeros((40, 400), bool)
    truth[18:25] = True
    cut = truth.copy()
    cut[:, 198:204] = False
    whole, broken = (line_counts(mask, truth, 3.0).scores() for mask in (truth, cut))
    assert [whole[key] for key in ("completeness", "correctness", "f1", "connectivity")] == [1.0] * 4
    assert broken["f1"] > 0.97
    assert broken["connectivity"] == pytest.approx(0.5, abs=0.03)


def test_nothing_found_scores_zero_and_nothing_there_scores_nothing():
    road, nothing = np.zeros((20, 60), bool), np.zeros((20, 60), bool)
    road[8:13] = True
    missed = line_counts(nothing, road, 3.0).scores()
    assert (missed["completeness"], missed["correctness"], missed["connectivity"]) == (0.0, None, 0.0)
    assert line_counts(road, nothing, 3.0).scores()["connectivity"] is None


def test_a_class_of_a_map_is_scored_and_maps_are_pooled(write_map):
    values = np.zeros((64, 64), np.uint8)
    values[30:35] = 1
    path = write_map(values)
    truth = write_map(values, name="truth.tif")
    classes = [ClassDefinition(name="road", values=["1"])]
    scores = evaluate_lines(path, Truth(Labels(path=str(truth)), classes, Area(kind="raster")), "road")
    assert scores["f1"] == scores["connectivity"] == 1.0
    assert pooled_lines([scores, scores])["counts"] == [2 * count for count in scores["counts"]]
    with pytest.raises(ConfigError, match="river"):
        evaluate_lines(path, Truth(Labels(path=str(truth)), classes, Area(kind="raster")), "river")
