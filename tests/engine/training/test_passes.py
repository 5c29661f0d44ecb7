"""Batches that do not fit the memory: a real network that has none for more than a few chips at once."""

import pytest
import torch

from engine.config import load_run
from engine.errors import DeviceError
from engine.recipes import Stage
from engine.training.checkpoints import load_last
from engine.training.optimizer import Passes
from engine.types import Batch

from .test_durable import assert_same, shipped
from .tiny import FABRIC, RECIPE, SETTINGS, Tiny, cross_entropy, plan_of, stages, train

ROLES = ("segmentation",)
EIGHT = {**SETTINGS, "batch_size": 8, "budget": {"steps": 6}}


class Small(Tiny):
    """Has memory for so many chips; batch norm apart, chips do not see each other."""

    def __init__(self, seed, room):
        super().__init__(seed)
        self.room, self.sizes = room, []
        self.layers[1] = torch.nn.GroupNorm(2, 4)

    def forward(self, image, tasks=None):
        if len(image) > self.room:
            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {len(image)} GiB")
        self.sizes.append(len(image))
        return super().forward(image)


def plan(room):
    def losses(networks, batches, progress):
        return {"loss": cross_entropy(networks["student"], batches["segmentation"], noise=0)}

    made = plan_of([Stage("student", ("student",), ROLES, 1.0, losses, validated=("student",))])
    made.networks["student"] = Small(2, room)
    return made


def batch(chips):
    image = torch.rand(chips, 3, 8, 8) * 255
    mask = torch.randint(0, 2, (chips, 8, 8))
    return Batch("segmentation", image, torch.ones(chips, 8, 8, dtype=torch.bool), mask)


@pytest.mark.parametrize(("chips", "room", "at_once"), [(8, 3, 2), (5, 4, 3), (7, 1, 1), (6, 6, 6)])
def test_gradients_of_parts_are_those_of_the_whole(chips, room, at_once):
    whole, some = plan(chips), plan(room)
    some.networks["student"].load_state_dict(whole.networks["student"].state_dict())
    batches, told = {"segmentation": batch(chips)}, []
    expected = Passes(FABRIC, chips).gradients(whole.stages[0], whole.networks, batches, 0.5)
    passes = Passes(FABRIC, chips, told.append)
    found = passes.gradients(some.stages[0], some.networks, batches, 0.5)
    assert passes.at_once == at_once and told == [*dict.fromkeys(told)] and bool(told) == (room < chips)
    assert torch.allclose(found["loss"], expected["loss"], rtol=1e-5)
    for mine, theirs in zip(*(each.networks["student"].parameters() for each in (some, whole)), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_a_step_that_is_tried_again_draws_the_same_numbers():
    some = plan(4)
    stage = Stage(
        "student", ("student",), ROLES, 1.0, validated=(),
        losses=lambda networks, batches, progress: {
            "loss": torch.rand(()) + 0 * cross_entropy(networks["student"], batches["segmentation"], noise=0)
        },
    )  # fmt: skip
    batches = {"segmentation": batch(8)}
    torch.manual_seed(3)
    expected = Passes(FABRIC, 4).gradients(stage, some.networks, batches, 0.5)
    torch.manual_seed(3)
    found = Passes(FABRIC, 8).gradients(stage, some.networks, batches, 0.5)
    assert torch.equal(found["loss"], expected["loss"])


def test_a_training_halves_its_batch_says_so_and_remembers(make_run, events):
    folder, whole = (make_run(RECIPE, name, ROLES, **EIGHT) for name in ("run", "whole"))
    expected = shipped(train(whole, plan=plan(8)))
    small = plan(3)
    train(folder, ("student", 2), plan=small)
    (warning,) = events(folder, "warning")[1:] or events(folder, "warning")
    sentence = "cpu ran out of memory in stage student: from step 0 on its batches of 8 chips pass 2 at a time"
    assert warning["message"].startswith(sentence)
    assert load_last(folder, load_run(folder)).at_once == 2
    again = plan(3)
    found = shipped(train(folder, plan=again))
    assert set(again.networks["student"].sizes) <= {1, 2} and len(events(folder, "warning")) == 2, "no new try"
    begun = plan(3).networks["student"].state_dict()
    for name, value in begun.items():  # chips without much labelled ground count for a little more
        assert (found[name] - expected[name]).abs().max() < 0.05 * (value - expected[name]).abs().max(), name


def test_a_single_chip_that_does_not_fit_is_a_sentence(make_run):
    folder = make_run(RECIPE, "run", ROLES, **EIGHT)
    with pytest.raises(DeviceError, match=r"ran out of memory with a batch of 8 chips of 64 px; lower"):
        train(folder, plan=plan(0))


def test_other_errors_are_what_they_were():
    def losses(networks, batches, progress):
        raise RuntimeError("Expected all tensors to be on the same device")

    stage = Stage("student", ("student",), ROLES, 1.0, losses, validated=())
    with pytest.raises(RuntimeError, match="same device"):
        Passes(FABRIC, 8).gradients(stage, plan(8).networks, {"segmentation": batch(8)}, 0.5)


def test_stages_of_two_networks_pass_in_parts_too(make_run):
    folder = make_run(RECIPE, "run", ROLES, **EIGHT)
    made = plan_of(stages())
    made.networks["student"] = Small(2, 4)
    trained = train(folder, plan=made)
    assert max(made.networks["student"].sizes) <= 4 and trained.values
    assert_same(trained.network.state_dict(), dict(made.networks["student"].state_dict()))
