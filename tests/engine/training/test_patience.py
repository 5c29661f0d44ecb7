import ast
import random
import time
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from engine.cli.check import describe
from engine.config import load_run
from engine.data import prepare
from engine.errors import ConfigError
from engine.events import EventLog
from engine.recipes import Plan, Stage, build_plan
from engine.recipes.plan import PlannedRun
from engine.report import write_report
from engine.training import Loop
from engine.training.checkpoint_files import LAST
from engine.training.checkpoints import FREE, fingerprint
from engine.training.clock import Patience
from tests.networks import NARROW

SUPERVISED = {"kind": "supervised", "network": NARROW}
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("seed", range(20))
def test_patience_ends_after_so_many_validations_without_a_better_score(seed):
    rng, most = random.Random(seed), 1 + seed % 4
    scores = [round(rng.random(), 1) for _ in range(30)]
    patience, best, ended = Patience(most), {}, None
    for index, score in enumerate(scores):
        patience.take(dict(best), {"student": score})
        best["student"] = max(score, best.get("student", -1.0))
        if patience.over:
            ended = index
            break
    naive = next(
        (
            index
            for index in range(most, len(scores))
            if max(scores[index - most + 1 : index + 1]) <= max(scores[: index - most + 1])
        ),
        None,
    )
    assert ended == naive


def test_a_stage_goes_on_while_any_of_its_networks_gets_better():
    patience = Patience(1)
    patience.take({"first": 0.5, "second": 0.5}, {"first": 0.5, "second": 0.6})
    assert not patience.over
    patience.take({"first": 0.5, "second": 0.6}, {"first": 0.5, "second": 0.6})
    assert patience.over


def test_without_patience_no_stage_ends_early():
    patience = Patience(0)
    for _ in range(100):
        patience.take({"student": 1.0}, {"student": 0.0})
    assert not patience.over


class Interrupted(Exception):
    pass


class Idle:
    """A run of stages that learn nothing, so that all validations of a network score alike."""

    def __init__(self, folder, listener=None, share=0.5, plan_of=None):
        self.folder, self.steps = folder, {"first": 0, "second": 0}
        run = load_run(folder)
        prepared = prepare(run)
        torch.manual_seed(0)
        taught = plan_of or (run, prepared)
        plan = build_plan(*taught)
        role = run.sources[0].role

        def losses_of(name):
            def losses(networks, batches, progress):
                self.steps[name] += 1
                return {"nothing": next(networks["student"].parameters()).sum() * 0}

            return losses

        stages = [Stage("first", ("student",), (role,), share, losses_of("first"), validated=("student",))]
        if share < 1:
            stages.append(Stage("second", ("student",), (role,), 1 - share, losses_of("second"), validated=()))
        plan = Plan(plan.networks, stages, "student", plan.specs)
        fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
        self.loop = Loop(PlannedRun(folder, run, prepared, plan), fabric, EventLog(folder, listener))


IDLE = {"weight_decay": 0, "batch_size": 1, "statistics_noise": 0.0}


def test_a_stage_ends_early_says_so_and_leaves_later_ones_their_budget(make_run, events):
    folder = make_run(SUPERVISED, budget={"steps": 40}, validations=10, patience=2, **IDLE)
    idle = Idle(folder)
    idle.loop.train()
    assert idle.steps == {"first": 6, "second": 20}  # validated after 2, 4 and 6 steps; the first score is the best
    (note,) = events(folder, "note")
    assert note["stage"] == "first" and "ended after 6 of about 20 steps" in note["message"]
    assert "in the last 2 validations" in note["message"]
    progress = events(folder, "progress")
    last = [event for event in progress if event["stage"] == "first"][-1]
    assert (last["step"], last["of"], last["fraction"]) == (6, 6, 0.5) and last["eta_seconds"] > 0
    fractions = [event["fraction"] for event in progress]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert note["message"] in write_report(folder).read_text()


@pytest.mark.parametrize("patience", [0, 2])
def test_the_last_stage_ends_early_with_nothing_left(make_run, events, patience):
    folder = make_run(SUPERVISED, budget={"epochs": 2}, validations=8, patience=patience, **IDLE)
    idle = Idle(folder, share=1.0)
    idle.loop.train()
    validated = len(events(folder, "metrics"))
    assert (validated == 3 if patience else validated > 5) and len(events(folder, "note")) == (1 if patience else 0)
    last = events(folder, "progress")[-1]
    assert last["fraction"] == 1.0 and last["step"] == last["of"] == idle.steps["first"] and last["eta_seconds"] == 0


def test_a_budget_in_minutes_ends_early_too(make_run, events):
    folder = make_run(SUPERVISED, budget={"minutes": 10}, validations=300, patience=1, **IDLE)
    begun = time.monotonic()
    Idle(folder, share=1.0).loop.train()
    assert time.monotonic() - begun < 120
    assert len(events(folder, "metrics")) == 2 and events(folder, "progress")[-1]["fraction"] == 1.0


@pytest.mark.parametrize(("pulled", "left"), [(4, 2), (6, 0)])
def test_patience_survives_an_interruption(make_run, pulled, left):
    folder = make_run(SUPERVISED, budget={"steps": 40}, validations=10, patience=2, **IDLE)

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.step == pulled:
            raise Interrupted

    first = Idle(folder, pull_the_plug)
    with pytest.raises(Interrupted):
        first.loop.train()
    assert first.steps["first"] == pulled
    again = Idle(folder)
    again.loop.train()
    assert again.steps == {"first": left, "second": 20}


def test_without_validation_blocks_no_stage_ends_early(make_run, events):
    other = load_run(make_run(SUPERVISED, "labelled"))
    folder = make_run(
        SUPERVISED, "bare", ("unlabelled",), budget={"steps": 12}, validations=6, patience=1, **IDLE
    )  # fmt: skip
    idle = Idle(folder, share=1.0, plan_of=(other, prepare(other)))
    idle.loop.train()
    assert idle.steps["first"] == 12 and not events(folder, "metrics") and not events(folder, "note")


@pytest.mark.parametrize(("patience", "steps", "most"), [(8, 100, 8), (7, 26, 7)])
def test_patience_longer_than_the_run_has_its_sentence(make_run, patience, steps, most):
    folder = make_run(SUPERVISED, patience=patience, validations=8, budget={"steps": steps})
    sentence = rf"patience is {patience}, and no stage of this run has more than {most} validations"
    with pytest.raises(ConfigError, match=sentence):
        describe(folder)
    with pytest.raises(ConfigError, match=sentence):
        Idle(folder, share=1.0).loop.train()
    assert not (folder / "checkpoints").exists()


def test_checkpoints_of_engines_that_knew_none_of_this_go_on(make_run):
    folder = make_run(SUPERVISED, budget={"steps": 4}, **IDLE)
    Idle(folder).loop.train()
    last = folder / "checkpoints" / LAST
    state = torch.load(last, weights_only=True)
    del state["waited"]
    torch.save(state, last)
    again = Idle(folder)
    again.loop.train()
    assert again.steps["first"] == 0


def test_only_what_changes_chips_changes_what_a_checkpoint_belongs_to(make_run):
    before = fingerprint(load_run(make_run(SUPERVISED)))
    assert fingerprint(load_run(make_run(SUPERVISED, patience=1))) == before
    for changed in ({"class_balance": 0.5}, {"augmentation": {"mosaic": 0.5}}, {"augmentation": {"copy_paste": 0.5}}):
        assert fingerprint(load_run(make_run(SUPERVISED, **changed))) != before


def test_the_plugin_knows_which_settings_may_change():
    tree = ast.parse((ROOT / "jobs/run_folder.py").read_text())
    values = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert set(ast.literal_eval(values["FREE_TRAINING"])) == FREE
