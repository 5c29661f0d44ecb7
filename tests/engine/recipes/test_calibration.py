"""Teachers that answer as surely as they are right on validation ground."""

import math

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from engine import distillation as D
from engine.config import load_run
from engine.data import prepare
from engine.errors import ConfigError
from engine.events import EventLog
from engine.recipes import build_plan
from engine.recipes.calibration import CALIBRATION, calibrated
from engine.recipes.ensemble import Ensemble, mean_answer, opinions
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import fingerprint
from engine.training.validation import Validator
from engine.types import IGNORE_INDEX
from tests.engine.planning import first_batches, planned, save_best
from tests.networks import NARROW

BARE = {**NARROW, "weights": "none"}
TAUGHT = {
    "kind": "partial_multitask",
    "student": BARE,
    "detection_teacher": BARE,
    "segmentation_teacher": BARE,
    "ramp_up": 0,
    "on_own_task": False,
}
GRID = np.exp(np.linspace(math.log(0.25), math.log(4), 1201))
"""Temperatures that a naive search tries."""


def naive(loss):
    """The best of many temperatures, as far apart as 0.0023 of themselves."""
    return float(min(GRID, key=loss))


def log_likelihood(temperature, logits, labels):
    """Mean of -log softmax(s / T) at the labels, pixel by pixel."""
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        powers = [math.exp((each - max(row)) / temperature) for each in row]
        total -= math.log(powers[label] / sum(powers))
    return total / len(labels)


@pytest.mark.parametrize("true", [0.5, 1.0, 1.6, 3.0])
def test_areas_get_the_temperature_of_the_least_cross_entropy(true):
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(400, 3, generator=generator) * 2
    labels = torch.multinomial(honest.softmax(1), 1, generator=generator)[:, 0]
    logits = honest * true
    found = D.segmentation_temperature(logits, labels)
    rows, classes = logits.tolist(), labels.tolist()
    assert found == pytest.approx(naive(lambda t: log_likelihood(t, rows, classes)), rel=0.005)
    assert found == pytest.approx(true, rel=0.25), "labels were drawn at that temperature"


@pytest.mark.parametrize("true", [0.6, 2.0])
def test_scores_get_the_temperature_of_the_least_binary_cross_entropy(true):
    generator = torch.Generator().manual_seed(1)
    honest = torch.randn(500, 2, generator=generator) * 2 - 3
    targets = torch.bernoulli(honest.sigmoid(), generator=generator)
    logits = honest * true

    def loss(temperature):
        shares = 1 / (1 + np.exp(-logits.double().numpy() / temperature))
        return -np.where(targets.numpy() == 1, np.log(shares), np.log(1 - shares)).mean()

    assert D.detection_temperature(logits, targets) == pytest.approx(naive(loss), rel=0.005)


def test_temperatures_are_bounded():
    right = torch.tensor([[3.0, 0.0], [0.0, 3.0]])
    assert D.segmentation_temperature(right, torch.tensor([0, 1])) == pytest.approx(0.25, abs=1e-3)
    assert D.segmentation_temperature(right, torch.tensor([1, 0])) == pytest.approx(4.0, abs=1e-2)


class Scene:
    """A run's last stage with temperatures fitted on its validation ground."""

    def __init__(self, folder):
        self.run, self.prepared, self.plan = planned(folder)
        self.networks, self.stage = self.plan.networks, self.plan.stages[-1]
        self.plan.enter(self.stage)
        self.validator = Validator(self.run, self.prepared, Fabric(accelerator="cpu", devices=1), self.plan.heard)

    def fit(self):
        return self.networks[CALIBRATION].fit(self.networks, self.validator.answers)

    def losses(self):
        return self.stage.losses(self.networks, first_batches(self.run, self.prepared, self.stage), 1.0)


def test_a_run_s_teachers_are_fitted_on_the_labels_of_its_validation_ground(make_run):
    scene = Scene(make_run({**TAUGHT, "calibrated_answers": True, "mirrored_answers": True}))
    networks = scene.networks
    torch.manual_seed(0)  # most random weights contradict the labels, some do not
    torch.nn.init.normal_(networks["segmentation_teacher"].segmentation_head.classify.weight, std=3.0)
    first, second = scene.fit()
    rows, classes = [], []

    def ask(image):
        return mean_answer(opinions(networks["segmentation_teacher"], image, ("segmentation",), mirrored=True))

    for outputs, batch in scene.validator.answers(ask, "segmentation"):
        for index in range(len(batch.mask)):
            for row in range(0, batch.mask.shape[1], 4):
                for column in range(0, batch.mask.shape[2], 4):
                    if batch.mask[index, row, column] != IGNORE_INDEX:
                        rows.append(outputs.segmentation[index, :, row, column])
                        classes.append(batch.mask[index, row, column])
    logits = torch.stack(rows).double()

    def loss(temperature):
        return torch.nn.functional.cross_entropy(logits / temperature, torch.stack(classes)).item()

    found = networks[CALIBRATION].of("segmentation").item()
    assert found == pytest.approx(naive(loss), rel=0.005)
    assert "segmentation teacher was overconfident" in second and f"temperature {found:.2f}" in second
    assert first.startswith("The detection teacher") and f"{networks[CALIBRATION].of('detection').item():.2f}" in first


def test_an_answer_is_divided_by_its_temperature_and_a_temperature_of_one_changes_no_bit(make_run):
    plain = Scene(make_run(TAUGHT, "plain"))
    scene = Scene(make_run({**TAUGHT, "calibrated_answers": True}, "calibrated"))
    torch.manual_seed(0)
    mine = plain.losses()
    torch.manual_seed(0)
    theirs = scene.losses()
    assert mine.keys() == theirs.keys() and all(torch.equal(value, theirs[key]) for key, value in mine.items())
    scene.networks[CALIBRATION].of("segmentation").fill_(2.0)
    teacher, batch = scene.networks["segmentation_teacher"], first_batches(scene.run, scene.prepared, scene.stage)
    with torch.no_grad():
        raw = teacher(batch["detection"].image)
    answer = calibrated(scene.networks, raw)
    torch.testing.assert_close(answer.segmentation, raw.segmentation / 2)
    assert calibrated(plain.networks, raw) is raw
    torch.manual_seed(0)
    changed = scene.losses()
    assert {key for key in mine if not torch.equal(mine[key], changed[key])} == {"detection/segmentation soft"}


def test_without_labels_to_tell_a_temperature_is_one_and_said(make_run):
    scene = Scene(make_run({**TAUGHT, "calibrated_answers": True}))
    calibration = scene.networks[CALIBRATION]
    calibration.of("segmentation").fill_(3.0)
    sentences = calibration.fit(scene.networks, lambda ask, task: iter(()))
    assert [each.startswith("No validation ground has labels") for each in sentences] == [True, True]
    assert calibration.of("segmentation") == calibration.of("detection") == 1


def test_one_package_for_both_tasks_has_a_temperature_of_each(make_run, make_package):
    recipe = {"kind": "distil", "package": str(make_package()), "student": BARE}
    scene = Scene(make_run({**recipe, "calibrated_answers": True, "soft_detection": "all"}))
    sentences = scene.fit()
    assert "teacher's detection" in sentences[0] and "teacher's segmentation" in sentences[1]
    before = scene.losses()
    for task in ("detection", "segmentation"):
        scene.networks[CALIBRATION].of(task).fill_(1.5)
    after = scene.losses()
    changed = {key.split("/")[1] for key in before if not torch.equal(before[key], after[key])}
    assert {"segmentation soft", "detection soft", "detection soft box"} <= changed


def test_teachers_that_go_on_learning_cannot_be_calibrated(make_run):
    run = load_run(make_run({**TAUGHT, "calibrated_answers": True, "co_training": True}))
    with pytest.raises(ConfigError, match="calibrated_answers needs teachers that stand still"):
        build_plan(run, prepare(run))


def test_a_run_without_it_is_what_it_was(make_run):
    run = load_run(make_run(TAUGHT))
    assert fingerprint(run) == fingerprint(load_run(make_run(TAUGHT | {"calibrated_answers": False}, "off")))
    assert fingerprint(run) != fingerprint(load_run(make_run(TAUGHT | {"calibrated_answers": True}, "on")))


class Interrupted(Exception):
    pass


def trained_by(folder, listener=None):
    run, prepared, plan = planned(folder)
    torch.manual_seed(run.training.seed)
    Loop(
        PlannedRun(folder, run, prepared, plan), Fabric(accelerator="cpu", devices=1), EventLog(folder, listener)
    ).train()
    return plan


def test_a_run_that_goes_on_keeps_its_temperatures_and_ends_bit_by_bit_the_same(make_run, events):
    """Under ensembles, too, of which nothing is in a checkpoint."""
    teachers = {}
    for task, seeds in (("detection", (1, 2)), ("segmentation", (3,))):
        members = []
        for seed in seeds:
            member = make_run({"kind": "supervised", "network": BARE}, f"{task}{seed}", (task,), seed=seed)
            save_best(member, "student", planned(member)[2].networks["student"])
            members.append(str(member))
        teachers[f"{task}_teacher"] = members
    recipe = {**TAUGHT, "calibrated_answers": True, "agreement_weights": True, "teachers_from": teachers}
    settings = {"budget": {"steps": 2}, "validations": 2, "batch_size": 2, "validation_chips": 2}
    whole, parted = (make_run(recipe, name, **settings) for name in ("whole", "parted"))

    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.step == 1:
            raise Interrupted

    expected = trained_by(whole)
    with pytest.raises(Interrupted):
        trained_by(parted, pull_the_plug)
    found = trained_by(parted)
    assert isinstance(found.networks["detection_teacher"], Ensemble)
    for name in ("student", CALIBRATION):
        mine, theirs = (plan.networks[name].state_dict() for plan in (found, expected))
        assert all(torch.equal(value, theirs[key]) for key, value in mine.items())
    assert found.networks[CALIBRATION].of("detection") != 1
    said = [each["message"] for each in events(parted, "note") if "temperature" in each["message"]]
    assert len(said) == 2, "fitted once"


def test_places_are_judged_by_the_targets_that_heads_learn(make_run):
    scene = Scene(make_run({**TAUGHT, "calibrated_answers": True}))
    teacher = scene.networks["detection_teacher"]
    torch.nn.init.normal_(teacher.detection_head.classifier.weight, std=0.3)
    scene.fit()
    scores, truth = [], []
    for outputs, batch in scene.validator.answers(teacher, "detection"):
        found = outputs.detections
        for index, (boxes, labels) in enumerate(zip(batch.boxes, batch.labels, strict=True)):
            counted = D.anchors_valid(found.anchors, batch.valid)[index]
            for place, owner in enumerate(teacher.detection_head.assign(found, boxes, counted).tolist()):
                if owner != -2:  # ignored
                    scores.append(float(found.logits[index, place, 0]))
                    truth.append(owner >= 0 and int(labels[owner]) == 0)
    scores, truth = np.array(scores), np.array(truth)

    def loss(temperature):
        return np.logaddexp(0, np.where(truth, -scores, scores) / temperature).mean()

    assert truth.any() and not truth.all()
    assert scene.networks[CALIBRATION].of("detection").item() == pytest.approx(naive(loss), rel=0.005)
