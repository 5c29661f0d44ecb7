"""Budgets in minutes are divided by what steps take; those in steps as ever."""

import dataclasses

import pytest
import torch
from lightning_fabric import Fabric

from engine.cli.check import describe, text
from engine.config import load_run, save_run
from engine.data import prepare
from engine.events import EventLog
from engine.recipes import Stage, build_plan
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import fingerprint, load_last, save_last
from engine.training.clock import measured_time_budget, shares_of_time
from tests.engine.planning import MULTITASK
from tests.engine.training.fingerprints import as_first
from tests.networks import TEACHER

SHORT = {"minutes": 0.1}


def stages(*given, teachers=1, timed=True):
    """Stages by share; the last one is the student's."""
    last = len(given) - 1
    return [
        Stage(str(index), (), (), share, dict, tuple(map(str, range(1 if index == last else teachers))), timed=timed)
        for index, share in enumerate(given)
    ]


def loop_of(folder, listener=None):
    run = load_run(folder)
    prepared = prepare(run)
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    torch.manual_seed(run.training.seed)
    return Loop(PlannedRun(folder, run, prepared, build_plan(run, prepared)), fabric, EventLog(folder, listener))


def steps_in(shares, seconds):
    return [share / each for share, each in zip(shares, seconds, strict=True)]


def test_stages_get_their_shares_of_steps_whatever_a_step_takes():
    seconds = [0.4, 0.6, 0.5]
    shares = shares_of_time(stages(0.3, 0.3, 0.4), seconds)
    assert sum(shares) == pytest.approx(1)
    first, second, student = steps_in(shares, seconds)
    assert first == pytest.approx(second) == pytest.approx(student * 0.3 / 0.4)
    assert shares_of_time(stages(0.3, 0.3, 0.4), [0.2, 0.2, 0.2]) == pytest.approx([0.3, 0.3, 0.4])


@pytest.mark.parametrize(
    "given, teachers, seconds, expected",
    [
        ((0.3, 0.3, 0.4), 1, [2.0, 2.0, 0.01], [0.4, 0.4, 0.2]),
        ((0.3, 0.3, 0.4), 1, [0.01, 0.01, 2.0], [0.15, 0.15, 0.7]),
        ((0.5, 0.5), 2, [9.0, 0.1], [0.8, 0.2]),
        ((0.5, 0.5), 2, [0.1, 9.0], [0.3, 0.7]),
    ],
)
def test_no_network_starves_beside_a_slow_one(given, teachers, seconds, expected):
    assert shares_of_time(stages(*given, teachers=teachers), seconds) == pytest.approx(expected)


def test_what_has_its_share_of_the_budget_keeps_it():
    first = Stage("pretraining", (), (), 0.2, dict, ())
    rest = [dataclasses.replace(each, share=0.8 * each.share) for each in stages(0.3, 0.3, 0.4)]
    shares = shares_of_time([first, *rest], [7.0, 1.0, 1.0, 2.0])
    assert shares[0] == 0.2 and sum(shares) == pytest.approx(1)
    assert shares[1:] == pytest.approx([0.8 * 0.3 / 1.4, 0.8 * 0.3 / 1.4, 0.8 * 0.8 / 1.4])
    told = stages(0.45, 0.45, 0.1, timed=False)
    assert shares_of_time(told, [9.0, 1.0, 1.0]) == [0.45, 0.45, 0.1]


def test_measuring_leaves_everything_as_it_was(make_run):
    """Batch norms' statistics, counters and the random state included; dropout and perturbations draw from it."""
    folder = make_run({**MULTITASK, "strong_views": True}, budget=SHORT)
    run = load_run(folder)
    prepared = prepare(run)
    plan = build_plan(run, prepared)
    before = {name: {k: v.clone() for k, v in net.state_dict().items()} for name, net in plan.networks.items()}
    random = torch.get_rng_state()
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    found, sentence = measured_time_budget(PlannedRun(folder, run, prepared, plan), fabric)
    assert torch.equal(random, torch.get_rng_state())
    for name, network in plan.networks.items():
        assert all(torch.equal(value, before[name][key]) for key, value in network.state_dict().items()), name
        assert all(parameter.grad is None for parameter in network.parameters())
    assert sum(found.shares) == pytest.approx(1) and found.spent > 0
    assert "(detection teacher)" in sentence and "(student)" in sentence and sentence.endswith("minutes.")


class Interrupted(Exception):
    pass


def test_a_run_of_minutes_is_divided_once_and_says_so(make_run, events):
    folder = make_run(MULTITASK, budget=SHORT, batch_size=2, validations=1)

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.stage == "segmentation_teacher":
            raise Interrupted

    with pytest.raises(Interrupted):
        loop_of(folder, pull_the_plug).train()
    before = load_last(folder, load_run(folder)).division
    assert len(before["shares"]) == 3 and before["spent"] > 0
    loop = loop_of(folder)
    loop.train()
    assert [stage.share for stage in loop.plan.stages] == before["shares"]
    assert load_last(folder, load_run(folder)).division == before
    assert len(events(folder, "note")) == 1
    found = events(folder, "progress")
    fractions = [event["fraction"] for event in found]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    ends = {event["stage"]: event["fraction"] for event in found}
    assert ends["detection_teacher"] == pytest.approx(before["shares"][0], abs=1e-3)
    left = 6 - before["spent"]
    assert found[0]["eta_seconds"] < left + 0.5


def test_a_run_that_began_before_steps_were_timed_goes_on_with_its_shares(make_run, events):
    folder = make_run(MULTITASK, budget=SHORT, batch_size=2, validations=1)

    def pull_the_plug(event):
        if event.kind == "checkpoint":
            raise Interrupted

    with pytest.raises(Interrupted):
        loop_of(folder, pull_the_plug).train()
    save_last(folder, dataclasses.replace(load_last(folder, load_run(folder)), division={}))
    told = len(events(folder, "note"))
    loop = loop_of(folder)
    loop.train()
    assert [stage.share for stage in loop.plan.stages] == pytest.approx([0.3, 0.3, 0.4])
    assert len(events(folder, "note")) == told


@pytest.mark.parametrize(
    "recipe, budget", [(MULTITASK, {"steps": 10}), ({**MULTITASK, "teacher_share": 0.3}, {"minutes": 0.05})]
)
def test_steps_and_shares_that_a_run_names_are_not_measured(make_run, events, recipe, budget):
    folder = make_run(recipe, budget=budget, batch_size=1, validations=1)
    loop = loop_of(folder)
    loop.train()
    assert loop.time_budget is None and not events(folder, "note")
    assert [stage.share for stage in loop.plan.stages] == pytest.approx([0.3, 0.3, 0.4])
    if "steps" in budget:
        last = {event["stage"]: event["step"] for event in events(folder, "progress")}
        assert last == {"detection_teacher": 3, "segmentation_teacher": 3, "student": 4}


def test_checkpoints_from_before_these_settings_go_on(make_run):
    """Restated as engines hashed it that knew neither an open share nor the reuse of teachers."""
    run = load_run(make_run(MULTITASK, statistics_noise=0))
    before = as_first(run, teacher_share=0.3)
    assert fingerprint(run) == before
    run.recipe.reuse_teachers = True
    assert fingerprint(run) == before
    run.recipe.teacher_share = 0.2
    assert fingerprint(run) != before


def test_a_check_says_whether_shares_are_of_steps(make_run):
    open_share, told = make_run(MULTITASK, "open"), make_run({**MULTITASK, "teacher_share": 0.2}, "told")
    assert "stage detection_teacher: 30 % of the steps" in text(describe(open_share))
    assert "stage detection_teacher: 20 % of the budget" in text(describe(told))


def test_a_probe_tells_the_shares_of_minutes(make_run):
    recipe = {**MULTITASK, "detection_teacher": {**TEACHER, "width": 256}}
    found = describe(make_run(recipe, batch_size=2), probe=True)["estimate"]["stages"]
    assert [stage["share"] for stage in found] == pytest.approx([0.3, 0.3, 0.4])
    seconds = [stage["seconds_per_step"] for stage in found]
    assert [stage["share_of_minutes"] for stage in found] == pytest.approx(
        shares_of_time(stages(0.3, 0.3, 0.4), seconds), abs=0.01
    )


def test_a_run_file_keeps_an_open_share_open(make_run, tmp_path):
    run = load_run(make_run(MULTITASK))
    save_run(run, tmp_path / "again")
    assert load_run(tmp_path / "again").recipe.teacher_share is None
