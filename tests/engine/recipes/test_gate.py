"""Teachers that are no better than their student are not listened to."""

import pytest
import torch
from lightning_fabric import Fabric

from engine.config import load_run
from engine.data import prepare
from engine.events import EventLog
from engine.recipes import build_plan
from engine.recipes.plan import PlannedRun
from engine.recipes.terms import GATE, Gate
from engine.training import Loop
from engine.training.checkpoints import fingerprint
from tests import networks
from tests.engine.planning import first_batches

NARROW = {**networks.NARROW, "weights": "none"}
KINDS = ["soft", "feature", "pdf", "pdf_plus", "pkd", "crosskd"]
TAUGHT = {
    "kind": "partial_multitask",
    "student": NARROW,
    "detection_teacher": NARROW,
    "segmentation_teacher": NARROW,
    "ramp_up": 0,
    "distillation": ["soft"],
}
VALUES = {
    "teacher": {"detection/ap50": 0.8, "detection/ap50/car": 0.9, "detection/ap50/bus": 0.7, "detection/ap50/van": 0.5},
    "student": {"detection/ap50": 0.7, "detection/ap50/car": 0.8, "detection/ap50/bus": 0.8},
}


def gate(margin=0.2):
    return Gate({"detection": "teacher"}, {"detection": ["car", "bus", "van", "tram"]}, margin)


def test_a_class_weighs_by_how_much_better_its_teacher_is():
    listening = gate()
    assert listening.weigh({"teacher": VALUES["teacher"]}) == [] and listening.of("detection").tolist() == [1, 1, 1, 1]
    assert listening.weigh(VALUES) == []
    torch.testing.assert_close(listening.of("detection"), torch.tensor([0.5, 0.0, 1.0, 1.0]))
    generous = gate(0.05)
    generous.weigh(VALUES)
    assert generous.of("detection").tolist() == [1, 0, 1, 1]


def test_a_teacher_that_is_better_in_nothing_is_named_with_both_scores():
    listening = Gate({"detection": "detection_teacher"}, {"detection": ["car"]}, 0.05)
    values = {name: {"detection/ap50": score, "detection/ap50/car": score} for name, score in (("student", 0.71234),)}
    (sentence,) = listening.weigh(values | {"detection_teacher": values["student"]})
    assert sentence.startswith("The detection teacher is no better") and "AP50 0.712" in sentence
    assert not listening.of("detection").any()


class Scene:
    """The last stage of a run with one batch of each of its roles; the gate's weights as given."""

    def __init__(self, folder, weights=None):
        run = load_run(folder)
        prepared = prepare(run)
        torch.manual_seed(0)
        self.plan = build_plan(run, prepared)
        stage = self.plan.stages[-1]
        self.plan.enter(stage)
        for task, values in (weights or {}).items():
            self.plan.networks[GATE].of(task).copy_(torch.tensor(values))
        batches = first_batches(run, prepared, stage)
        self.losses = stage.losses(self.plan.networks, batches, 1.0)


def test_an_open_gate_is_the_step_without_one_and_a_closed_one_that_without_teachers(make_run):
    kinds = {"distillation": KINDS}
    bare = Scene(make_run(TAUGHT | kinds, "bare")).losses
    wide = Scene(make_run(TAUGHT | kinds | {"gate": 0.05}, "wide")).losses
    assert bare.keys() == wide.keys()
    for name, value in bare.items():
        torch.testing.assert_close(value, wide[name], msg=name)
    closed = {"detection": [0.0], "segmentation": [0.0, 0.0]}
    shut = Scene(make_run(TAUGHT | kinds | {"gate": 0.05}, "shut"), closed).losses
    vanilla = Scene(make_run({**TAUGHT, "distillation": []}, "vanilla")).losses
    assert shut.keys() == vanilla.keys()
    assert all(torch.equal(value, shut[name]) for name, value in vanilla.items())


def test_one_task_may_be_listened_to_and_the_other_not(make_run):
    weights = {"detection": [0.0], "segmentation": [0.5, 0.5]}
    whole = Scene(make_run(TAUGHT, "whole")).losses
    half = Scene(make_run(TAUGHT | {"gate": 0.05}, "half"), weights).losses
    assert not any("/detection soft" in name for name in half)
    for name in ("detection/segmentation soft", "segmentation/segmentation soft"):
        torch.testing.assert_close(half[name], 0.5 * whole[name])


def test_a_package_s_teacher_passes_the_gate_too(make_run, make_package):
    recipe = {"kind": "distil", "package": str(make_package()), "student": NARROW}
    whole = Scene(make_run(recipe, "whole")).losses
    half = Scene(make_run(recipe | {"gate": 0.1}, "half"), {"detection": [0.5], "segmentation": [0.0, 0.0]}).losses
    names = {name for name in whole if "detection soft" in name}
    assert names and not any("segmentation soft" in name for name in half)
    for name in names:
        torch.testing.assert_close(half[name], 0.5 * whole[name])


def trained_by(folder, listener=None):
    run = load_run(folder)
    prepared = prepare(run)
    plan = build_plan(run, prepared)
    Loop(
        PlannedRun(folder, run, prepared, plan), Fabric(accelerator="cpu", devices=1), EventLog(folder, listener)
    ).train()
    return plan


class Interrupted(Exception):
    pass


def test_a_run_measures_reused_teachers_once_and_goes_on_with_the_same_weights(make_run, events):
    teachers = make_run({**TAUGHT, "teacher_share": 0.2}, "teachers", budget={"steps": 5})
    trained_by(teachers)
    taught = {**TAUGHT, "gate": 0.5, "teachers_from": str(teachers)}
    folder = make_run(taught, "taught", budget={"steps": 4}, validations=2)

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.step == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        trained_by(folder, pull_the_plug)
    before = events(folder, "metrics")
    plan = trained_by(folder)
    measured = [each["network"] for each in events(folder, "metrics")]
    assert {"detection_teacher", "segmentation_teacher"} <= {each["network"] for each in before}
    assert measured.count("detection_teacher") == measured.count("segmentation_teacher") == 1
    values = {each["network"]: each["values"] for each in events(folder, "metrics") if "teacher" in each["network"]}
    best = max((e["values"] for e in events(folder, "metrics") if e["network"] == "student"), key=main)
    expected = (values["detection_teacher"]["detection/ap50"] - best["detection/ap50"]) / 0.5
    assert plan.networks[GATE].of("detection").item() == pytest.approx(min(1, max(0, expected)), abs=1e-5)


def main(values):
    return (values["detection/ap50"] + values["segmentation/mean_iou"]) / 2


def test_a_run_without_a_gate_is_what_it_was(make_run):
    folder = make_run(TAUGHT, "bare")
    run = load_run(folder)
    assert GATE not in build_plan(run, prepare(run)).networks
    assert fingerprint(run) == fingerprint(load_run(make_run(TAUGHT | {"gate": 0.0}, "zero")))
    assert fingerprint(run) != fingerprint(load_run(make_run(TAUGHT | {"gate": 0.1}, "on")))
