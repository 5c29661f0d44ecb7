import json
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from safetensors.torch import load_file, save_file

from engine.cli.train import _object_size, train_run
from engine.config import load_run
from engine.data import training_loader
from engine.distillation import Targets, soft_centerness
from engine.errors import ConfigError
from engine.events import EventLog, read_events
from engine.packages import load_card
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import fingerprint
from engine.training.optimizer import averaged
from tests.damage.logs import LINES
from tests.engine.planning import first_batches, planned
from tests.networks import NARROW, TEACHER

STUDENT = NARROW
GSD, MEAN, STD = 0.5, [100.0, 90.0, 90.0], [50.0, 40.0, 40.0]


@pytest.fixture
def make_package(make_package):
    """A function that writes a package of a teacher's network: `make_package(tasks, name, **changes of the card)`."""
    return partial(make_package, network=TEACHER, tile_size=128, score_threshold=0.17)


@pytest.fixture
def make_distil(make_run, make_package):
    """A function that writes a run folder which distils a package, by default on unlabelled ground alone."""

    def make(roles=("unlabelled",), package=None, name="run", change=None, training=None, **recipe):
        package = package or make_package()
        folder = make_run({"kind": "distil", "package": str(package), "student": STUDENT, **recipe}, name, roles,
                          **(training or {}))  # fmt: skip
        run = json.loads((folder / "run.json").read_text())
        run |= {
            "gsd": GSD,
            "detection_classes": [{"name": "car", "color": "#ff0000"}],
            "segmentation_classes": [{"name": "roof", "color": "#0000ff"}],
            **(change or {}),
        }
        (folder / "run.json").write_text(json.dumps(run))
        return folder

    return make


def losses_of(folder):
    run, prepared, plan = planned(folder)
    stage = plan.stages[0]
    plan.enter(stage)
    batches = first_batches(run, prepared, stage)
    return plan, stage.losses(plan.networks, batches, 1.0)


def test_the_teacher_is_the_package_s_network_and_answers_as_it_did(make_distil, make_package):
    package = make_package()
    _, _, plan = planned(make_distil(package=package))
    weights = load_file(package / "model.safetensors")
    assert all(torch.equal(value, weights[key]) for key, value in plan.networks["teacher"].state_dict().items())
    assert plan.networks["teacher"].tasks == plan.networks["student"].tasks == ("detection", "segmentation")
    assert [(stage.roles, stage.trainable, stage.frozen_teachers) for stage in plan.stages] == [
        (("unlabelled",), ("student",), ("teacher",))
    ]


def test_objects_are_as_large_as_the_package_says_where_no_labels_do(make_distil, make_package):
    _, prepared, plan = planned(make_distil(package=make_package(object_size=37.5)))
    assert _object_size(prepared, plan) == 37.5


@pytest.mark.parametrize("form", ["dense", "all"])
def test_centerness_is_taught_once_and_where_boxes_are(make_distil, form):
    """By a teacher that is nowhere sure enough to find something, everywhere or nowhere."""
    run, prepared, plan = planned(make_distil(soft_detection=form))
    classifier = plan.networks["teacher"].detection_head.classifier
    torch.nn.init.zeros_(classifier.weight)
    torch.nn.init.constant_(classifier.bias, -3.0)
    plan.enter(plan.stages[0])
    losses = plan.stages[0].losses(plan.networks, first_batches(run, prepared, plan.stages[0]), 1.0)
    assert (losses["unlabelled/detection soft centerness"] > 0) == (form == "all")


@pytest.mark.parametrize("kinds", [["soft"], ["feature"], ["pdf"], ["soft", "feature", "pdf"]])
def test_without_labels_every_part_of_the_student_learns_and_the_teacher_stays(make_distil, kinds):
    plan, losses = losses_of(make_distil(distillation=kinds))
    assert all(name.startswith("unlabelled/") for name in losses)
    sum(losses.values()).backward()
    student, teacher = plan.networks["student"], plan.networks["teacher"]
    assert all(parameter.grad is not None for parameter in student.neck.laterals[:-1].parameters())
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert not teacher.training
    if "soft" in kinds:
        heads = [*student.detection_head.parameters(), *student.segmentation_head.parameters()]
        assert all(parameter.grad is not None for parameter in heads)


def test_labels_are_learned_from_where_there_are_any(make_distil):
    _, losses = losses_of(make_distil(("segmentation", "unlabelled")))
    assert {"segmentation/cross_entropy", "segmentation/segmentation soft", "segmentation/detection soft"} <= set(
        losses
    )
    assert "unlabelled/cross_entropy" not in losses


def test_a_teacher_of_one_task_makes_a_student_of_that_task(make_distil, make_package):
    package = make_package(("segmentation",))
    plan, losses = losses_of(make_distil(package=package))
    assert plan.networks["student"].tasks == ("segmentation",)
    assert set(losses) == {"unlabelled/segmentation soft"}


def test_any_architecture_learns_the_soft_answers_of_a_segmentation_teacher(make_distil, make_package):
    student = {"architecture": "unet", "encoder": "tu-test_efficientnet"}
    _, losses = losses_of(make_distil(package=make_package(("segmentation",)), student=student))
    assert torch.isfinite(losses["unlabelled/segmentation soft"])


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"change": {"gsd": 0.8}}, r"0\.5 m per pixel, and this run at 0\.8"),
        ({"change": {"bands": [1, 2, 2]}}, "list of bands"),
        ({"change": {"bands": [1, 2]}}, "list of bands"),
        ({"change": {"segmentation_classes": [{"name": "water"}]}}, r"segmentation_classes .*roof.*water"),
        ({"change": {"detection_classes": [{"name": "car"}, {"name": "bus"}]}}, r"detection_classes .*bus"),
        ({"change": {"background": False}}, "background"),
        ({"student": {**STUDENT, "detection_strides": [4, 8]}}, "detection_strides"),
        ({"student": {**STUDENT, "detection_head": "retinanet"}}, "fcos"),
        ({"weights": {"soft_segmentation": 0, "soft_detection": 0}}, "weights"),
    ],
)
def test_a_run_that_does_not_fit_the_package_says_what_differs(make_distil, changes, words):
    with pytest.raises(ConfigError, match=words):
        planned(make_distil(**changes))


def test_labels_of_a_task_the_package_lacks_are_refused(make_distil, make_package):
    with pytest.raises(ConfigError, match="no detection"):
        planned(make_distil(("detection",), make_package(("segmentation",))))


def test_features_of_an_architecture_without_a_pyramid_are_refused(make_distil, make_package):
    student = {"architecture": "unet", "encoder": "tu-test_efficientnet"}
    with pytest.raises(ConfigError, match="pyramid"):
        planned(make_distil(package=make_package(("segmentation",)), student=student, distillation=["feature"]))


def test_an_unreadable_package_is_named(make_distil, make_package, tmp_path):
    (tmp_path / "model.zip").write_text("")
    with pytest.raises(ConfigError, match="unpack it"):
        planned(make_distil(package=tmp_path / "model.zip", name="a"))
    with pytest.raises(ConfigError, match=r"no item\.json"):
        planned(make_distil(package=tmp_path / "gone", name="b"))
    damaged = make_package(name="damaged")
    (damaged / "model.safetensors").write_bytes(b"garbage")
    with pytest.raises(ConfigError, match="cannot be read"):
        planned(make_distil(package=damaged, name="c"))
    other = make_package(name="other")
    save_file({"nothing": torch.zeros(1)}, other / "model.safetensors")
    with pytest.raises(ConfigError, match="do not fit its card"):
        planned(make_distil(package=other, name="d"))
    (other / "item.json").write_text("{}")
    with pytest.raises(ConfigError, match="no GeoDistil card"):
        planned(make_distil(package=other, name="e"))


def test_a_package_inside_the_run_folder_moves_with_it(make_distil, make_package, tmp_path):
    folder = make_distil(package=make_package(name="teacher"))
    (tmp_path / "teacher").rename(folder / "teacher")
    run = json.loads((folder / "run.json").read_text())
    run["recipe"]["package"] = "teacher"
    (folder / "run.json").write_text(json.dumps(run))
    before = fingerprint(load_run(folder))
    moved = folder.rename(tmp_path / "elsewhere")
    assert fingerprint(load_run(moved)) == before
    assert "teacher" in planned(moved)[2].networks


def test_without_labels_the_last_average_ships_under_the_teacher_s_threshold(make_distil, events):
    folder = make_distil(training={"budget": {"steps": 5}, "validations": 2})
    run, prepared, plan = planned(folder)
    averages = []

    def remember(network, decay, warm_started=False):
        averages.append(averaged(network, decay, warm_started))
        return averages[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.training.loop.averaged", remember)
        trained = Loop(
            PlannedRun(folder, run, prepared, plan), Fabric(accelerator="cpu", devices=1), EventLog(folder)
        ).train()
    last = averages[0].module.state_dict()
    assert trained.values == {}
    assert all(torch.equal(value, last[key]) for key, value in trained.network.state_dict().items())
    assert not events(folder, "metrics")


def test_labels_decide_which_weights_are_best_where_there_are_any(make_distil, events):
    folder = make_distil(("segmentation", "unlabelled"))
    run, prepared, plan = planned(folder)
    fabric = Fabric(accelerator="cpu", devices=1)
    trained = Loop(PlannedRun(folder, run, prepared, plan), fabric, EventLog(folder)).train()
    assert "segmentation/mean_iou" in trained.values
    assert not any(key.startswith("detection/") for key in trained.values)
    assert len(events(folder, "metrics")) == 2


def test_a_student_of_unlabelled_ground_becomes_a_package(make_distil, make_package):
    folder = make_distil(package=make_package(("segmentation",)), training={"budget": {"steps": 2}, "validations": 1})
    result = train_run(folder)
    card = load_card(result["model"])
    assert (card.tasks, card.score_threshold, card.gsd) == (["segmentation"], 0.17, GSD)
    assert "distillation of a model package" in (folder / "report.html").read_text()


def test_a_student_of_unlabelled_ground_reports_each_class_from_the_teacher_s_score(make_distil, make_package, capsys):
    package = make_package(("detection",), score_thresholds={"car": 0.23})
    folder = make_distil(package=package, training={"budget": {"steps": 2}, "validations": 1})
    # Neither a damaged log, nor a report that cannot be written, nor a neighbour costs the model.
    (folder / "events.jsonl").write_bytes(b"\n".join([*LINES.values(), LINES["torn"]]))
    (folder / "report.html").mkdir()
    (folder.parent / "other").mkdir()
    for name in ("run.json", "events.jsonl", "validation.json"):
        (folder.parent / "other" / name).write_bytes(LINES["torn"])
    told = []
    card = load_card(train_run(folder, told.append)["model"])
    assert (card.score_threshold, card.score_thresholds, card.thresholds()) == (0.17, {"car": 0.23}, [0.23])
    (warning,) = (event.message for event in told if "The report is left out" in getattr(event, "message", ""))
    assert "report.html cannot be written" in warning and f"python -m engine report {folder}" in warning
    assert "The report is left out" in capsys.readouterr().err
    assert (folder / "events.jsonl").read_bytes().split(b"\n").count(LINES["torn"]) == 2
    assert [event["kind"] for event in read_events(folder)] == [event.kind for event in told]


def test_a_student_comes_close_to_its_teacher_s_answers(make_distil, make_package):
    folder = make_distil(
        package=make_package(("segmentation",)),
        training={"budget": {"steps": 140}, "validations": 1, "learning_rate": 3e-3, "ema_decay": 0.9},
    )
    run, prepared, plan = planned(folder)
    batch = next(iter(training_loader(prepared, run, "unlabelled"))).to("cpu")

    def distance(student):
        with torch.no_grad():
            mine, theirs = (net.eval()(batch.image).segmentation for net in (student, plan.networks["teacher"]))
        return F.kl_div(mine.log_softmax(1), theirs.log_softmax(1), log_target=True, reduction="sum").item()

    before = distance(plan.networks["student"])
    trained = Loop(
        PlannedRun(folder, run, prepared, plan), Fabric(accelerator="cpu", devices=1), EventLog(folder)
    ).train()
    assert distance(trained.network) < 0.7 * before, distance(trained.network) / before


@pytest.mark.parametrize("found", [0.0, 0.75])
def test_soft_centerness_is_its_formula(found):
    rng = np.random.default_rng(0)
    student, teacher = rng.normal(size=(2, 7)), rng.normal(size=(2, 7))
    logits, valid = rng.normal(size=(2, 7, 3)), rng.random((2, 7)) < 0.6
    total = weight_sum = 0.0
    for b, n in np.argwhere(valid):
        weight = max(1 / (1 + np.exp(-z)) for z in logits[b, n])
        weight = weight if weight >= found else 0.0
        wanted, mine = (1 / (1 + np.exp(-c[b, n])) for c in (teacher, student))
        total -= weight * (wanted * np.log(mine) + (1 - wanted) * np.log(1 - mine))
        weight_sum += weight
    mine, theirs, logits, valid = (torch.tensor(each) for each in (student, teacher, logits, valid))
    value = soft_centerness(mine, Targets(theirs, logits), valid, found)
    assert value.item() == pytest.approx(total / max(weight_sum, 1)) and total > 0
    assert soft_centerness(mine, Targets(theirs, logits), torch.zeros(2, 7, dtype=torch.bool)).item() == 0
