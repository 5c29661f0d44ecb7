"""Two processes train as one does that has the whole batch: every recipe, from the data to the weights."""

import pytest
import torch

from engine import ranks
from tests.networks import TEACHER

from .launching import start
from .train import alone, train

STUDENT = {**TEACHER, "width": 32}
"""Residual networks, and few steps: in untrained ones without shortcuts rounding grows from step to step."""
UNET = {"architecture": "unet", "encoder": "tu-resnet10t"}
BOTH, SEMI = ("detection", "segmentation"), ("segmentation", "unlabelled")
RECIPES = {
    "supervised": ({"kind": "supervised", "network": STUDENT}, BOTH),
    "partial_multitask": (
        {
            **{"kind": "partial_multitask", "student": STUDENT},
            **{"detection_teacher": TEACHER, "segmentation_teacher": TEACHER, "distillation": ["soft", "feature"]},
            **{"co_training": True, "unlabelled": True, "strong_views": True},
            **{"weak_labels": True, "weak_classes": {"car": "roof"}},
        },
        (*BOTH, "unlabelled"),
    ),
    "semi_supervised": (
        {
            **{"kind": "semi_supervised", "student": STUDENT, "first_teacher": TEACHER, "second_teacher": UNET},
            **{"cutmix": 0.5, "strong_views": True, "thresholds": "adaptive", "complementary_dropout": True, "dice": 1},
        },
        SEMI,
    ),
    "baseline": ({"kind": "baseline", "method": "unimatch", "student": STUDENT, "cutmix": 0.5}, SEMI),
    "plain": ({"kind": "baseline", "method": "plain", "student": STUDENT, "teacher": TEACHER}, SEMI[:1]),
}
SETTINGS = {
    **{"budget": {"steps": 8}, "batch_size": 5, "validations": 1, "device": "cpu", "precision": "32-true"},
    **{"optimizer": "sgd", "learning_rate": 0.01, "warmup": 0.0, "ema_decay": 0.5},
}
"""Five chips: processes have different numbers of them. SGD: Adam makes whole steps of gradients that are noise."""
MOST = 0.02
"""How far apart the weights may be, of the way that training went: rounding makes at most some thousandths of it."""


def apart(found, expected):
    """How far each network's weights are apart, all of them together."""
    return {
        name: sum((found[name][key].double() - value.double()).square().sum().item() for key, value in weights.items())
        for name, weights in expected.items()
    }


@pytest.fixture
def shared(make_run, family):
    """What two processes made of all recipes, each in turn."""
    folders = {name: make_run(recipe, name, roles, **SETTINGS) for name, (recipe, roles) in RECIPES.items()}
    processes = start(family, ["-m", "tests.engine.ranks.train", *folders.values()])
    said = [each.communicate(timeout=1500) for each in processes]
    assert [each.returncode for each in processes] == [0, 0], said
    return {name: torch.load(folder / "weights.pt", weights_only=True) for name, folder in folders.items()}


def test_two_processes_train_every_recipe_as_one_does(shared, make_run):
    assert ranks.alone()
    found = {}
    for name, (recipe, roles) in RECIPES.items():
        single = train(make_run(recipe, f"{name} alone", roles, **SETTINGS), alone())
        moved, way = (apart(each, single["networks"]) for each in (shared[name]["networks"], single["begun"]))
        found |= {f"{name} {each}": (moved[each] / way[each]) ** 0.5 for each in moved if way[each]}
        together, after = shared[name]["validated"]
        assert together == after and together, f"{name}: validation is not the same shared and alone"
        assert shared[name]["scores"].keys() == single["scores"].keys()
    print({name: f"{value:.1g}" for name, value in found.items()})
    assert len(found) > 10 and max(found.values()) < MOST, found
