import itertools

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from engine.config import Labels, Training
from engine.data import prepare
from engine.data.loading import TrainingChips
from engine.data.masks import Points
from engine.data.sampling import balanced_shares, shown_at


def naive_shares(shown, steps=60):
    """Every choice of shares on a fine lattice."""
    lattice = [
        np.array([*cuts, steps - sum(cuts)]) / steps
        for cuts in itertools.product(range(steps + 1), repeat=len(shown) - 1)
        if sum(cuts) <= steps
    ]
    return max(lattice, key=lambda shares: harmonic(shares @ shown))


def harmonic(values):
    return len(values) / sum(1 / max(value, 1e-300) for value in values)


@pytest.mark.parametrize("seed", range(6))
def test_shares_are_the_best_of_all(seed):
    shown = np.random.default_rng(seed).exponential(1, (3, 3)) ** 2 + np.diag([3, 0.5, 0.1])
    found, best = balanced_shares(shown), naive_shares(shown)
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert harmonic(found @ shown) >= harmonic(best @ shown) * (1 - 2e-4)
    assert np.abs(found - best).max() < 0.05


def test_classes_of_which_chips_show_as_much_are_drawn_alike_and_larger_ones_less():
    np.testing.assert_allclose(balanced_shares(np.diag([3.0, 3.0, 3.0])), 1 / 3, atol=1e-4)
    np.testing.assert_allclose(balanced_shares(np.diag([400.0, 25.0])), [1 / 5, 4 / 5], atol=1e-3)


def test_what_lies_in_chips_is_counted_where_it_is():
    rng, side = np.random.default_rng(0), 40
    points = []
    for number in (150, 90):
        columns, rows, weights = rng.uniform(0, 300, number), rng.uniform(0, 300, number), rng.uniform(0.5, 4, number)
        kinds = rng.choice([0, 1, 3], number, p=[0.6, 0.3, 0.1])
        points.append(Points(kinds, columns, rows, weights, weights, weights))
    places = np.column_stack([rng.integers(2, size=60), rng.uniform(0, 300, (60, 2))])
    expected = np.zeros((60, 3))
    for index, (source, column, row) in enumerate(places):
        each = points[int(source)]
        for other in range(len(each)):
            if abs(each.columns[other] - column) <= side / 2 and abs(each.rows[other] - row) <= side / 2:
                expected[index, (0, 1, 3).index(each.classes[other])] += each.weights[other]
    np.testing.assert_allclose(shown_at(places, points, [0, 1, 3], side), expected)


@pytest.fixture
def world(raster, layer, tools):
    """A function: a run of squares in a grid, each of the class that `kind` gives its number."""

    def make(
        names=("car", "van", "bus"),
        kind=lambda k: "bus" if k % 97 == 5 else "van" if k % 41 == 9 else "car",
        **training,
    ):
        shapes, kinds = [], []
        for column in range(4, 380, 12):
            for row in range(4, 380, 12):
                kinds.append(kind(len(shapes)))
                shapes.append(tools.square(column, row, 6))
        path = layer("a.gpkg", shapes, kind=kinds)
        run = tools.run(
            tools.source(raster("a.tif", (3, 384, 384)), "detection", Labels(path=path, field="kind")),
            names=names,
            augmentation={"scale": 0},
            **training,
        )
        return prepare(run), run

    return make


def seen(prepared, run, count=150):
    """How many objects of each class (K,) a chip shows on average."""
    chips = TrainingChips(prepared, run, "detection")
    labels = torch.cat([chips.chip(index).labels for index in range(count)])
    return torch.bincount(labels, minlength=len(run.detection_classes)).numpy() / count


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_the_more_balance_the_more_chips_show_of_a_class_that_others_outnumber(world, share):
    """Five classes are everywhere, and every chip shows them; a sixth is rare."""
    names, shown = ["bus", *"abcde"], []
    for balance in (0.0, 0.5, 1.0):
        prepared, run = world(
            names, lambda k: "bus" if k % 97 == 5 else "abcde"[k % 5], rare_class_share=share, class_balance=balance
        )
        shown.append(seen(prepared, run))
    buses = [each[0] for each in shown]
    assert buses[0] < buses[1] < buses[2] and buses[2] > 1.4 * buses[0], shown
    assert harmonic(shown[2]) > 1.15 * harmonic(shown[0]), shown
    assert min(shown[2][1:]) > 0.8 * min(shown[0][1:])  # nor are the others lost


def test_the_option_reaches_the_chips(world):
    prepared, run = world(rare_class_share=1.0)
    chips = TrainingChips(prepared, run, "detection")
    run.training.class_balance = 1.0
    balanced = TrainingChips(prepared, run, "detection")
    assert [chips.chip(k).origin for k in range(20)] != [balanced.chip(k).origin for k in range(20)]


def test_without_balance_chips_are_drawn_where_they_always_were(world):
    """Places that version 0.1 drew."""
    prepared, run = world()
    chips = TrainingChips(prepared, run, "detection")
    assert [chips.chip(index).origin for index in range(12)] == GOLDEN


def test_balance_without_chips_around_labels_is_refused():
    with pytest.raises(ValidationError, match="rare_class_share 0 draws none"):
        Training(class_balance=0.5, rare_class_share=0.0)


GOLDEN = [
    (26, 0), (255, 114), (320, 102), (234, 0), (193, 111), (243, 94),
    (151, 242), (197, 130), (278, 220), (320, 302), (194, 268), (58, 83),
]  # fmt: skip
