"""What one rank finds all of them do: when time is up, and when a loss runs away."""

import pytest
import torch

from engine.config import load_run
from engine.training.checkpoints import load_last
from tests.engine.training.tiny import RECIPE, SETTINGS

from .launching import start
from .train import RUNAWAY

ROLES = ("segmentation",)


def ranks_trained(processes, folder):
    """What both ranks have trained, which must be the same."""
    for each in processes:
        _, errors = each.communicate(timeout=600)
        assert each.returncode == 0, errors
    first, second = (
        torch.load(folder / name, weights_only=True)["networks"]["student"] for name in ("weights.pt", "weights-1.pt")
    )
    assert all(torch.equal(first[key], second[key]) for key in first)
    return first


def test_a_budget_of_time_ends_for_all_after_the_same_step(make_run, family, events):
    minutes = 0.05
    folder = make_run(RECIPE, "run", ROLES, **{**SETTINGS, "budget": {"minutes": minutes}, "device": "cpu"})
    ranks_trained(start(family, ["-m", "tests.engine.ranks.train", "--tiny", folder]), folder)
    state = load_last(folder, load_run(folder))
    assert state.stage == 1 and state.step > 2
    assert state.elapsed == pytest.approx(minutes * 60 / 2, abs=1)


def test_a_loss_that_runs_away_on_one_rank_sends_all_of_them_back(make_run, family, events):
    folder = make_run(RECIPE, "run", ROLES, **{**SETTINGS, "budget": {"steps": 12}, "device": "cpu"})
    student = ranks_trained(start(family, ["-m", "tests.engine.ranks.train", "--runaway", folder]), folder)
    assert all(torch.isfinite(each).all() for each in student.values())
    (sentence,) = [event["message"] for event in events(folder, "warning")]
    assert f"not a number after {RUNAWAY} steps (broken)" in sentence and "0.5 of the learning rate" in sentence
    state = load_last(folder, load_run(folder))
    assert (state.setbacks, state.step) == (1, 12)
