"""Teachers of a run in the same folder are used again where all that decides over them is the same."""

import json
import os
import shutil
from io import StringIO
from pathlib import Path

import pyogrio
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file

from engine.cli.check import describe, text
from engine.cli.terminal import summary
from engine.cli.train import train_run
from engine.config import Baseline, PartialMultitask, SemiSupervised, load_run, save_run
from engine.data import prepare
from engine.errors import TrainingError
from engine.events import EventLog
from engine.recipes import build_plan, teachers_identity, teachers_of
from engine.recipes.plan import PlannedRun
from engine.training import Loop, offer, settle
from engine.training.checkpoints import FREE
from tests.engine import planning
from tests.networks import NARROW, TEACHER

MULTITASK, SSLKD = ({**each, "reuse_teachers": True} for each in (planning.MULTITASK, planning.SSLKD))
NAMES = ("detection_teacher", "segmentation_teacher")
WIDER = {"student": {**NARROW, "width": 64}, "distillation": ["soft", "feature"], "temperature": 2.0}


def train(folder, listener=None):
    """As the command does, without package and report."""
    run = load_run(folder)
    prepared = prepare(run)
    torch.manual_seed(run.training.seed)
    settled = settle(folder, run, prepared, build_plan(run, prepared))
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    Loop(PlannedRun(folder, run, prepared, settled.plan), fabric, EventLog(folder, listener)).train()
    offer(folder, run, settled.plan, settled.identity)
    return settled


def looked_at(folder):
    """What a run would do, nothing written."""
    run = load_run(folder)
    prepared = prepare(run)
    return settle(folder, run, prepared, build_plan(run, prepared), keep=False)


def stages(settled):
    return [stage.name for stage in settled.plan.stages]


def weights(folder, *names):
    return [load_file(folder / f"checkpoints/{name}.safetensors") for name in names]


def same(first, second):
    pairs = zip(first, second, strict=True)
    return all(torch.equal(value, other[key]) for each, other in pairs for key, value in each.items())


@pytest.fixture(scope="module")
def trained():
    """The place of a run with teachers, which the first test that asks for it trains."""
    return {}


@pytest.fixture
def first(trained, make_run, tmp_path, tmp_path_factory):
    """A run of `MULTITASK` that has been trained, to be changed."""
    if not trained:
        trained["folder"] = tmp_path_factory.mktemp("trained") / "first"
        train(make_run(MULTITASK, "first").rename(trained["folder"]))
    return Path(shutil.copytree(trained["folder"], tmp_path / "first"))


class Interrupted(Exception):
    pass


def at_checkpoint_of(stage):
    def pull_the_plug(event):
        if event.kind == "checkpoint" and event.stage == stage:
            raise Interrupted

    return pull_the_plug


def test_another_student_learns_from_the_teachers_that_are_there(make_run, first, events):
    assert [event["name"] for event in events(first, "stage")] == [*NAMES, "student"]
    second = make_run({**MULTITASK, **WIDER}, "second")
    settled = looked_at(second)
    assert stages(settled) == ["student"] and settled.plan.stages[0].share == 1
    assert "teachers of the run first are used again" in settled.note and not settled.warnings
    assert not (second / "checkpoints").exists()
    with pytest.raises(Interrupted):
        train(second, at_checkpoint_of("student"))
    assert same(weights(first, *NAMES), weights(second, *NAMES))
    shutil.rmtree(first)  # what was decided is decided
    settled = train(second)
    assert stages(settled) == ["student"] and "run first" in settled.note
    third = make_run(MULTITASK, "third")  # they are not the second's own
    assert stages(looked_at(third)) == [*NAMES, "student"]


def test_only_the_same_teachers_are_used_again(make_run, tmp_path):
    """Whatever else a run has of its own, it trains its teachers itself."""
    train(make_run(MULTITASK, "first", budget={"steps": 10}))

    def reuses(recipe=MULTITASK, change=None, **training):
        folder = make_run(recipe, "other", **{"budget": {"steps": 10}, **training})
        if change:
            run = load_run(folder)
            change(run)
            save_run(run, folder)
        return stages(looked_at(folder)) == ["student"]

    def labels_of(run):
        return run.sources[0].labels

    def copied(run):
        """The same labels in a file of their own, as the wizard copies them."""
        found = pyogrio.raw.read(labels_of(run).path)
        labels_of(run).path = str(tmp_path / "copy.gpkg")
        pyogrio.raw.write(
            labels_of(run).path, found[2], found[3], ["kind"], geometry_type="Polygon", crs="EPSG:32632", driver="GPKG"
        )

    def one_less(run):
        copied(run)
        labels_of(run).where = "fid > 1"

    def touched(run):
        path = tmp_path / "image.tif"
        shutil.copy(run.sources[0].raster, path)
        os.utime(path, (1, 1))
        run.sources[0].raster = str(path)

    assert reuses()
    assert reuses(change=copied)
    assert reuses(budget={"steps": 8})
    assert not reuses(budget={"steps": 12})
    assert not reuses(budget={"epochs": 1})
    assert not reuses(change=one_less)
    assert not reuses(change=touched)
    assert not reuses(seed=1)
    assert not reuses(batch_size=2)
    assert not reuses(pretraining=0.2)
    assert not reuses({**MULTITASK, "detection_teacher": {**TEACHER, "width": 32}})
    assert not reuses({**MULTITASK, "strong_views": True})
    assert not reuses({**MULTITASK, "teacher_share": 0.2})
    assert not reuses(change=lambda run: setattr(run.split, "seed", 3))
    assert not reuses(change=lambda run: setattr(run.segmentation_classes[0], "values", ["roof", "house"]))
    assert not reuses(change=lambda run: setattr(run, "gsd", 0.6))
    assert not reuses({**MULTITASK, "reuse_teachers": False})
    assert not reuses({**MULTITASK, "reuse_teachers": None})  # steps are done as they are asked for


def test_minutes_are_well_spent_without_being_asked(make_run):
    recipe = {**MULTITASK, "reuse_teachers": None}
    train(make_run(recipe, "first", budget={"minutes": 0.05}, validations=1))
    again = {**recipe, **WIDER}
    assert stages(looked_at(make_run(again, "again", budget={"minutes": 0.05}, validations=1))) == ["student"]
    assert len(stages(looked_at(make_run(again, "longer", budget={"minutes": 0.1}, validations=1)))) == 3


def test_a_run_in_progress_offers_nothing(make_run):
    first = make_run(MULTITASK, "first")
    with pytest.raises(Interrupted):
        train(first, at_checkpoint_of("student"))
    second = make_run(MULTITASK, "second")
    assert len(stages(looked_at(second))) == 3
    train(first)
    assert stages(looked_at(second)) == ["student"]


def test_a_run_whose_labels_changed_on_the_way_offers_nothing(make_run, tmp_path):
    first = make_run(MULTITASK, "first")
    labels = tmp_path / "cars.gpkg"
    run = load_run(first)
    shutil.copy(run.sources[0].labels.path, labels)
    run.sources[0].labels.path = str(labels)
    save_run(run, first)
    with pytest.raises(Interrupted):
        train(first, at_checkpoint_of("student"))
    run.sources[0].labels.where = "fid > 1"
    save_run(run, first)
    with pytest.raises(TrainingError, match=r"sources\.0\.labels\.where was not set and is 'fid > 1'"):
        train(first)
    second = make_run(MULTITASK, "second")
    assert len(stages(looked_at(second))) == 3
    save_run(run, second)
    assert len(stages(looked_at(second))) == 3


def test_damaged_teachers_are_left_out_with_a_sentence(make_run, first):
    second = make_run(MULTITASK, "second")
    path = first / "checkpoints/segmentation_teacher.safetensors"
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], content[:-5] + bytes([content[-5] ^ 0xFF]) + content[-4:], None):
        path.unlink() if damaged is None else path.write_bytes(damaged)
        settled = looked_at(second)
        assert stages(settled) == [*NAMES, "student"] and not settled.note
        (sentence,) = settled.warnings
        assert "run first would fit" in sentence and "segmentation_teacher" in sentence


def test_neighbours_that_cannot_be_read_disturb_nothing(make_run, first, tmp_path):
    record = json.loads((first / "checkpoints/teachers.json").read_text())
    given = {
        "binary": b"\xff\xfe\x00",
        "cut": b'{"identity": ',
        "list": b"[1, 2]",
        "odd": json.dumps({**record, "budget": 7, "teachers": ["x"]}).encode(),
        "odder": json.dumps({**record, "budget": {"steps": "many"}}).encode(),
        "strange": json.dumps({**record, "teachers": ["x"]}).encode(),
    }
    for name, content in given.items():
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "checkpoints/teachers.json").write_bytes(content)
    (tmp_path / "folder/checkpoints/teachers.json").mkdir(parents=True)
    second = make_run(MULTITASK, "second")
    settled = looked_at(second)
    assert stages(settled) == ["student"] and "run first" in settled.note
    (first / "run.json").write_bytes(b"\xff\xfe")
    settled = looked_at(second)
    assert stages(settled) == [*NAMES, "student"]
    assert any("run first are not used again" in sentence for sentence in settled.warnings)


def test_teachers_that_went_on_learning_are_taken_as_they_were_before(make_run):
    """Another student may not inherit what the first one's stage has made of them."""
    roles = ("segmentation", "unlabelled")
    first = make_run(SSLKD, "first", roles, budget={"steps": 8})
    names = [f"{each}_teacher" for each in ("first", "second")]
    alone = []

    def remember(event):
        if event.kind == "stage" and event.index == 1:
            alone.extend(weights(first, *names))

    train(first, remember)
    assert same(alone, weights(first, *(f"teachers-{name}" for name in names)))
    assert not same(alone, weights(first, *names))
    second = make_run(
        {**SSLKD, "student": WIDER["student"], "co_training": False}, "second", roles, budget={"steps": 8}
    )
    settled = train(second)
    assert stages(settled) == ["student"]
    assert same(alone, weights(second, *names))


def test_a_check_says_whose_teachers_are_used_again(make_run, first):
    second = make_run(MULTITASK, "second")
    for place in (second, second / "run.json"):
        found = describe(place)
        assert [stage["name"] for stage in found["stages"]] == ["student"]
        assert "The teachers of the run first are used again" in text(found)
    assert sorted(path.name for path in Path(second).iterdir()) == [
        "cache",
        "run.json",
    ]  # what training would read again


def test_the_command_offers_and_uses_them(make_run, events):
    """Interrupted as soon as it begins on pictures for the report."""

    def enough(event):
        told.write(f"{summary(event)}\n")
        if event.kind == "figure":
            raise Interrupted

    for name, names in (("first", [*NAMES, "student"]), ("second", ["student"])):
        told = StringIO()
        folder = make_run(MULTITASK, name, budget={"steps": 4}, batch_size=2, validations=1)
        with pytest.raises(Interrupted):
            train_run(folder, enough)
        assert [event["name"] for event in events(folder, "stage")] == names
    assert "The teachers of the run first are used again" in told.getvalue()


ALL = ("detection", "segmentation", "unlabelled")
OTHER = {
    "soft_detection": "all",
    "soft_segmentation": "dist", "temperature": 2.0, "on_own_task": False, "ramp_up": 0.5, "unlabelled": True,
    "co_training": None, "ema_teachers": False, "weak_labels": True, "weak_classes": {"car": "roof"},
    "distillation": ["soft", "pkd"], "teacher_share": 0.2, "strong_views": None, "cutmix": 0.25, "dice": 1.0,
    "cldice": 1.0, "thin_classes": ["roof"], "confidence": 0.5, "agreement": False, "weight": 2.0,
    "gate": 0.1, "mirrored_answers": None, "calibrated_answers": None, "agreement_weights": None, "all_imagery": None,
    "feature_teacher": "hub", "feature_teacher_model": "test_vit", "feature_teacher_bands": [1, 2, 3],
    "feature_teacher_weight": 2.0,
    "thresholds": "adaptive", "complementary_dropout": None, "segmentation_loss": "focal",
    "unlabelled_chips": "disagreement",
}  # fmt: skip
"""Another value of each setting; none turns a switch over."""
STUDENTS = {
    "partial_multitask": {
        "student", "distillation", "soft_detection", "soft_segmentation", "temperature", "weights", "on_own_task",
        "ramp_up", "unlabelled", "co_training", "ema_teachers", "weak_labels", "weak_classes", "gate",
        "mirrored_answers", "calibrated_answers", "agreement_weights", "unlabelled_chips",
        "feature_teacher", "feature_teacher_model", "feature_teacher_bands", "feature_teacher_weight",
    },
    "semi_supervised": {
        "student", "weights", "confidence", "agreement", "co_training", "ema_teachers", "ramp_up", "thresholds",
        "complementary_dropout", "unlabelled_chips",
    },
    "baseline": {"student", "weight", "confidence", "thresholds", "ramp_up"},
}  # fmt: skip


@pytest.mark.parametrize(
    "recipe",
    [
        PartialMultitask(**{key: value for key, value in MULTITASK.items() if key != "reuse_teachers"}),
        SemiSupervised(**{key: value for key, value in SSLKD.items() if key != "reuse_teachers"}),
        Baseline(method="plain", student=NARROW, teacher=TEACHER),
    ],
    ids=lambda recipe: recipe.kind,
)
def test_every_setting_is_the_student_s_or_decides_over_teachers(make_run, recipe):
    run = load_run(make_run(recipe, roles=ALL))
    prepared = prepare(run)
    plan = build_plan(run, prepared)
    usual = teachers_identity(run, prepared, plan, FREE)
    assert usual == teachers_identity(run, prepare(run), build_plan(run, prepared), FREE)
    networks = {"student", "network", *teachers_of(plan)}
    for name, value in recipe:
        if name in networks | {"kind", "method", "weights", "teachers_from", "reuse_teachers"} or "start" in name:
            continue
        if name == "learning_without_forgetting":
            continue
        other = OTHER[name] if OTHER[name] is not None else not value
        changed = run.model_copy(update={"recipe": recipe.model_copy(update={name: other})})
        found = teachers_identity(changed, prepared, plan, FREE)
        assert (found == usual) == (name in STUDENTS[recipe.kind]), name
