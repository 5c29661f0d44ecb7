"""Unlabelled chips chosen by what teachers disagree on: what is measured, when, and that restarts change nothing."""

import math

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from engine.config import load_run
from engine.data import prepare
from engine.data.sampling import Cells, window_around
from engine.errors import ConfigError
from engine.events import EventLog
from engine.models import anchors_valid
from engine.recipes import TABLE, build_plan
from engine.recipes.disagreement import ChipChoice, DisagreementTable
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import load_last
from engine.training.choosing import Chooser
from tests.engine.planning import MULTITASK, SSLKD, planned
from tests.networks import NARROW

AREAS, ALL = ("segmentation", "unlabelled"), ("detection", "segmentation", "unlabelled")
TEACHERS = {"detection_teacher": NARROW, "segmentation_teacher": NARROW}
CHOSEN = {"unlabelled_chips": "disagreement"}
RECIPES = {
    "semi_supervised": ({**SSLKD, **CHOSEN, "first_teacher": NARROW, "teacher_share": 0.3}, AREAS),
    "partial_multitask": ({**MULTITASK, **TEACHERS, **CHOSEN, "unlabelled": True, "co_training": True}, ALL),
}


class Interrupted(Exception):
    pass


def trained(folder, listener=None):
    run = load_run(folder)
    prepared = prepare(run)
    torch.manual_seed(run.training.seed)
    plan = build_plan(run, prepared)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    Loop(PlannedRun(folder, run, prepared, plan), fabric, EventLog(folder, listener)).train()
    return run


def chips_of(run, prepared, key=0):
    """A chip of each cell, (n, C, H, W) float32, all of which counts."""
    (source,), side = prepared.of_role("unlabelled"), run.training.chip_size
    cells, found = Cells([source], side), []
    for cell in range(len(cells)):
        _, column, row = cells.place(cell, np.random.default_rng([run.training.seed, key, cell]))
        found.append(source.reader.read(*window_around(source.reader.grid, column, row, side))[0])
    return torch.from_numpy(np.stack(found)).float()


def test_frozen_teachers_are_asked_once_about_a_chip_of_every_cell(make_run):
    """With the divergence of their answers as plain numbers, each in relation to its mean."""
    run, prepared, plan = planned(make_run({**RECIPES["semi_supervised"][0], "co_training": False}, "run", AREAS))
    stage, before = plan.stages[-1], torch.get_rng_state()
    plan.enter(stage)
    chooser = Chooser(stage, run, prepared, Fabric(accelerator="cpu", devices=1, precision="32-true"))
    assert chooser.measured(plan.networks) is None
    sentence = chooser.renew(plan.networks, 0.0)
    assert "50 % are drawn anywhere" in sentence and "16 cells" in sentence
    assert chooser.renew(plan.networks, 0.9) == "" and torch.equal(before, torch.get_rng_state())
    said = []
    for name in ("first_teacher", "second_teacher"):
        with torch.no_grad():
            answers = plan.networks[name].eval()(chips_of(run, prepared))
        said.append(answers.segmentation.softmax(dim=1).double().numpy())
    expected = []
    for p, q in zip(*said, strict=True):
        middle = (p + q) / 2
        pixels = [(p * np.log(p / middle)).sum(axis=0) / 2, (q * np.log(q / middle)).sum(axis=0) / 2]
        expected.append(sum(each.mean() for each in pixels) / math.log(2))
    np.testing.assert_allclose(chooser.measured(plan.networks), np.array(expected) / np.mean(expected), rtol=1e-3)


def test_a_teacher_of_one_task_is_asked_about_chips_and_their_mirror_images(make_run):
    run, prepared, plan = planned(make_run({**MULTITASK, **CHOSEN, "unlabelled": True}, "run", ALL))
    stage = plan.stages[-1]
    plan.enter(stage)
    image, valid = chips_of(run, prepared)[:2], torch.ones(2, 64, 64, dtype=torch.bool)
    batch = type("Chips", (), {"image": image, "valid": valid})
    boxes, areas = stage.chooses.measure(plan.networks, batch)
    assert stage.chooses.times == 1 and stage.chooses.ready
    with torch.no_grad():
        teacher = plan.networks["segmentation_teacher"].eval()
        p, q = (teacher(each).segmentation.softmax(dim=1) for each in (image, image.flip(-1)))
        q, middle = q.flip(-1), (p + q.flip(-1)) / 2
        divergence = ((p * (p / middle).log() + q * (q / middle).log()) / 2 / math.log(2)).sum(dim=1).mean(dim=(1, 2))
        teacher = plan.networks["detection_teacher"].eval()
        mine, theirs = (teacher(each).detections for each in (image, image.flip(-1)))
        scores = mine.logits.sigmoid().reshape(2, 8, 8, -1)
        mirrored = theirs.logits.sigmoid().reshape(2, 8, 8, -1).flip(2)
    assert anchors_valid(mine.anchors, valid).all()
    torch.testing.assert_close(areas, divergence, rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(boxes, (scores - mirrored).abs().amax(dim=-1).mean(dim=(1, 2)))


def test_an_interrupted_run_draws_what_the_whole_one_does(make_run, events):
    """With teachers that learn beside the student: measured at a third and at two thirds of six steps."""
    recipe = {**RECIPES["semi_supervised"][0], "teacher_share": 0.0}
    steps = {"budget": {"steps": 6}, "batch_size": 2, "validations": 2}
    whole, broken = (make_run(recipe, name, AREAS, **steps) for name in ("whole", "broken"))
    run = trained(whole)

    def pull_the_plug(event):
        if event.kind == "checkpoint":
            raise Interrupted

    with pytest.raises(Interrupted):
        trained(broken, pull_the_plug)
    assert load_last(broken, run).networks[TABLE]["measured"] == 1
    trained(broken)
    mine, theirs = (load_last(folder, run).networks for folder in (whole, broken))
    assert mine[TABLE]["measured"] == 2 == len(events(whole, "note"))
    for name, state in mine.items():
        assert all(torch.equal(value, theirs[name][key]) for key, value in state.items()), name


def test_without_the_option_nothing_chooses_and_no_table_is_kept(make_run):
    for recipe, roles in RECIPES.values():
        plan = planned(make_run({**recipe, "unlabelled_chips": "uniform"}, recipe["kind"], roles))[2]
        assert TABLE not in plan.networks and all(stage.chooses is None for stage in plan.stages)


def test_teachers_that_begin_with_the_student_are_asked_when_they_have_learned(make_run):
    plan = planned(make_run({**SSLKD, **CHOSEN, "teacher_share": 0.0}, "run", AREAS))[2]
    due = plan.stages[-1].chooses.due
    assert [due(progress) for progress in (0.0, 0.3, 0.4, 0.7, 0.99, 1.0)] == [0, 0, 1, 2, 2, 2]
    ready = ChipChoice(None, 3, True)
    assert [ready.due(progress) for progress in (0.0, 0.3, 0.4, 0.7, 0.99, 1.0)] == [1, 1, 2, 3, 3, 3]


def test_measures_count_alike_and_cells_that_none_looked_at_get_the_mean():
    table = DisagreementTable(5)
    table.take(torch.tensor([[1.0, 3.0, 2.0], [0.0, 0.0, 30.0]]), torch.tensor([0, 2, 4]))
    assert table.values.tolist() == pytest.approx([0.25, 1.0, 0.75, 1.0, 2.0])
    other = DisagreementTable(3)
    other.load_state_dict(table.state_dict())
    assert other.measured == 0 and other.values.tolist() == [1.0] * 3, "of other ground, so it is measured anew"


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ({"unlabelled": False}, "needs teachers that speak on unlabelled sources"),
        ({"weights": {"soft_segmentation": 0, "soft_detection": 0}}, "needs teachers that speak on unlabelled"),
        (
            {"detection_teacher": {"width": 64, "detection_strides": [32, 64]}},
            "unlabelled_chips needs chips",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(make_run, recipe, sentence):
    change = {"chip_size": 96} if "detection_teacher" in recipe else {}
    folder = make_run({**MULTITASK, **CHOSEN, "unlabelled": True, **recipe}, "run", ALL, **change)
    with pytest.raises(ConfigError, match=sentence):
        planned(folder)
