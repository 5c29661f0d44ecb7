"""Two processes train as one does that has the whole batch: every recipe, from the data to the weights."""

import pytest
import torch

from engine import ranks
from tests.engine.planning import MULTITASK, NARROW, SSLKD, TEACHER

from .launching import start
from .train import alone, train

BOTH, SEMI = ("detection", "segmentation"), ("segmentation", "unlabelled")
RECIPES = {
    "supervised": ({"kind": "supervised", "network": NARROW}, BOTH),
    "partial_multitask": (
        {**MULTITASK, "distillation": ["soft", "feature"], "co_training": True, "unlabelled": True}
        | {"weak_labels": True, "weak_classes": {"car": "roof"}, "strong_views": True},
        (*BOTH, "unlabelled"),
    ),
    "semi_supervised": (
        {**SSLKD, "cutmix": 0.5, "strong_views": True, "thresholds": "adaptive", "complementary_dropout": True}
        | {"dice": 1.0},
        SEMI,
    ),
    "baseline": ({"kind": "baseline", "method": "unimatch", "student": NARROW, "cutmix": 0.5}, SEMI),
    "plain": ({"kind": "baseline", "method": "plain", "student": NARROW, "teacher": TEACHER}, SEMI[:1]),
}
SETTINGS = {
    **{"budget": {"steps": 20}, "batch_size": 5, "validations": 1, "device": "cpu", "precision": "32-true"},
    **{"optimizer": "sgd", "learning_rate": 0.002, "warmup": 0.0, "ema_decay": 0.5},
}
"""Five chips: processes have different numbers of them. SGD: Adam makes whole steps of gradients that are noise."""
LAST_BITS = 1e-6
"""Relative change of weights after which one process's training shows what rounding comes to in so many steps."""
MOST = 20.0


def apart(found, expected):
    """How far networks are apart, beside how large their weights are; sums over all of a network."""
    worst = 0.0
    for name, weights in expected.items():
        pairs = [(found[name][key], value) for key, value in weights.items() if value.is_floating_point()]
        distance = sum((mine.double() - theirs.double()).square().sum() for mine, theirs in pairs)
        size = sum(theirs.double().square().sum() for _, theirs in pairs)
        worst = max(worst, (distance / size.clamp(min=1e-12)).sqrt().item())
    return worst


@pytest.fixture
def shared(make_run, family):
    """Run folders of all recipes, and what two processes made of them, each in turn."""
    folders = {name: make_run(recipe, name, roles, **SETTINGS) for name, (recipe, roles) in RECIPES.items()}
    processes = start(family, ["-m", "tests.engine.ranks.train", *folders.values()])
    said = [each.communicate(timeout=1500) for each in processes]
    assert [each.returncode for each in processes] == [0, 0], said
    return {name: torch.load(folder / "weights.pt", weights_only=True) for name, folder in folders.items()}


def test_two_processes_train_every_recipe_as_one_does(shared, make_run):
    assert ranks.alone()
    found = {}
    for name, (recipe, roles) in RECIPES.items():
        first, changed = (make_run(recipe, f"{name} {which}", roles, **SETTINGS) for which in ("alone", "changed"))
        expected, scores = train(first, alone())
        rounding = apart(train(changed, alone(), noise=LAST_BITS)[0], expected)
        moved = apart(shared[name]["networks"], expected)
        found[name] = moved, rounding
        assert shared[name]["scores"].keys() == scores.keys()
        for network, values in scores.items():
            assert shared[name]["scores"][network] == pytest.approx(values, abs=0.02), name
    print({name: f"{moved:.2g}, rounding {rounding:.2g}" for name, (moved, rounding) in found.items()})
    assert all(moved < max(1e-5, MOST * rounding) and moved < 1e-2 for moved, rounding in found.values()), found
