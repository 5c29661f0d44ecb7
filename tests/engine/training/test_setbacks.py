"""Losses and weights that run away: back to the last good checkpoint with half the rate, twice, then a sentence."""

import pytest
import torch

from engine.config import load_run
from engine.errors import TrainingError
from engine.recipes import Stage
from engine.training import checkpoint_files, loop
from engine.training.checkpoints import load_last

from .test_durable import assert_same, shipped
from .tiny import RECIPE, SETTINGS, cross_entropy, plan_of, train

ROLES = ("segmentation",)
PLENTY = {**SETTINGS, "budget": {"steps": 12}}


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", -1.0)


def runaway(at, kind="loss", rates=None):
    """A plan of one stage, in which a loss or a weight is no number at some calls, counted from 0."""
    calls, rates = iter(range(1000)), [] if rates is None else rates

    def losses(networks, batches, progress):
        call, student = next(calls), networks["student"]
        value = cross_entropy(student, batches["segmentation"])
        if call in at and kind == "weight":
            with torch.no_grad():
                next(student.parameters()).fill_(torch.inf)
            value = value.detach().nan_to_num() + 0 * list(student.parameters())[-1].sum()
        return {"fine": value, "broken": value * (torch.nan if call in at and kind == "loss" else 0)}

    return plan_of([Stage("student", ("student",), ROLES, 1.0, losses, validated=("student",))])


def warnings(events, folder):
    return [event["message"] for event in events(folder, "warning")]


@pytest.mark.parametrize("kind", ["loss", "weight"])
def test_a_training_that_runs_away_goes_back_with_half_the_rate(make_run, events, often, kind):
    folder = make_run(RECIPE, "run", ROLES, **PLENTY)
    trained = train(folder, plan=runaway({6}, kind))
    assert all(torch.isfinite(value).all() for value in trained.network.parameters())
    (sentence,) = warnings(events, folder)
    what = "The loss of stage student is not a number after 6 steps (broken)" if kind == "loss" else "A weight of stage"
    assert sentence.startswith(what) and "goes back to step 6 of the stage, with 0.5 of the learning rate" in sentence
    assert load_last(folder, load_run(folder)).setbacks == 1


def test_before_the_first_checkpoint_it_goes_back_to_the_beginning(make_run, events):
    """As a training with half the rate from the beginning."""
    folder, half = (make_run(RECIPE, name, ROLES, **PLENTY) for name in ("run", "half"))
    found = train(folder, plan=runaway({2}))
    settings = {**PLENTY, "learning_rate": PLENTY["learning_rate"] / 2}
    make_run(RECIPE, "half", ROLES, **settings)
    assert_same(shipped(found), shipped(train(half, plan=runaway(()))))
    assert "goes back to step 0" in warnings(events, folder)[0]


def test_it_goes_back_twice_and_then_ends_with_a_sentence(make_run, events, often):
    folder = make_run(RECIPE, "run", ROLES, **PLENTY)
    sentence = r"after 7 steps \(broken\)\. Lower training\.learning_rate and train again"
    with pytest.raises(TrainingError, match=sentence):
        train(folder, plan=runaway({5, 7, 9}))  # steps 5, 6 and 7
    said = warnings(events, folder)
    assert ["with 0.5" in said[0], "with 0.25" in said[1], len(said)] == [True, True, 2]
    with pytest.raises(TrainingError, match=r"after 9 steps"):  # a restart does not make it forget
        train(folder, plan=runaway({2}))
    assert len(warnings(events, folder)) == 2


def test_the_reduced_rate_goes_on_after_a_restart(make_run, often):
    folder, whole = (make_run(RECIPE, name, ROLES, **PLENTY) for name in ("run", "whole"))
    expected = shipped(train(whole, plan=runaway({6})))
    train(folder, ("student", 9), plan=runaway({6}))
    assert_same(shipped(train(folder, plan=runaway(()))), expected)


def test_no_checkpoint_keeps_weights_that_are_no_numbers(make_run, events):
    """What loss does not show, the next validation does."""
    folder = make_run(RECIPE, "run", ROLES, **PLENTY)
    train(folder, plan=runaway({7}, "weight"))
    state = load_last(folder, load_run(folder))
    assert all(torch.isfinite(value).all() for value in state.networks["student"].values())
    assert "A weight" in warnings(events, folder)[0] and "goes back to step 4" in warnings(events, folder)[0]


def test_a_weight_that_ceases_to_be_a_number_while_it_is_written_is_not_kept(make_run, events, often, monkeypatch):
    write, written = checkpoint_files._write, iter(range(1000))

    def faulty(values, path):
        write(values, path)
        if next(written) == 6:
            values["networks"]["student"]["layers.0.weight"][0, 0, 0, 0] = torch.inf

    monkeypatch.setattr(checkpoint_files, "_write", faulty)
    folder = make_run(RECIPE, "run", ROLES, **PLENTY)
    trained = train(folder, plan=runaway(()))
    assert all(torch.isfinite(value).all() for value in trained.network.parameters())
    (sentence,) = warnings(events, folder)
    assert "A weight of stage student is not a number after 7 steps" in sentence and "goes back to step 6" in sentence
    assert not list(folder.rglob("*.partial"))
