"""Going on from a finished model: what is taken, what is new, what is refused."""

import json

import numpy as np
import pyogrio
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file

from engine.cli.check import describe
from engine.config import Card, Network, Run, load_run, save_run
from engine.data import prepare
from engine.errors import ConfigError
from engine.events import EventLog
from engine.models import Purpose, build
from engine.models.storage import save_weights
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import fingerprint
from engine.training.validation import Validator, main_score
from tests.engine.planning import planned
from tests.networks import NARROW

NEW = {"weights": "none"}
MEAN, STD = [100.0, 90.0, 90.0], [50.0, 40.0, 40.0]
BOTH = ("detection", "segmentation")
ROOF, CAR, TREE, BUS = ({"name": name, "color": "#0000ff"} for name in ("roof", "car", "tree", "bus"))


def trained_by(folder):
    run, prepared, plan = planned(folder)
    fabric = Fabric(accelerator="cpu", devices=1)
    torch.manual_seed(run.training.seed)
    return Loop(PlannedRun(folder, run, prepared, plan), fabric, EventLog(folder)).train(), Validator(
        run, prepared, fabric
    )


def test_all_weights_and_the_statistics_are_the_package_s(make_start, make_package):
    package = make_package(network={**NARROW, "width": 64, "detection_head": "retinanet"})
    _, _, plan = planned(make_start(package))
    weights, student = load_file(package / "model.safetensors"), plan.networks["student"].state_dict()
    assert student.keys() == weights.keys()
    assert all(torch.equal(value, weights[key]) for key, value in student.items())
    assert plan.specs["student"].width == 64 and plan.specs["student"].detection_head == "retinanet"


@pytest.mark.parametrize(
    ("kind", "roles", "shipped"),
    [("partial_multitask", BOTH, "student"), ("semi_supervised", ("segmentation", "unlabelled"), "student")],
)
def test_recipes_with_teachers_go_on_with_their_student(make_start, make_package, kind, roles, shipped):
    tasks = [role for role in roles if role != "unlabelled"]
    package = make_package(tasks)
    small = {**NARROW, "weights": "none"}
    teachers = {"first_teacher": {**small, "width": 64}, "second_teacher": small} if "unlabelled" in roles else {}
    teachers = teachers or {"detection_teacher": small | {"detection_strides": None}, "segmentation_teacher": small}
    _, _, plan = planned(make_start(package, roles, kind, **teachers))
    weights = load_file(package / "model.safetensors")
    assert all(torch.equal(value, weights[key]) for key, value in plan.networks[shipped].state_dict().items())
    assert [stage.begins for stage in plan.stages][-1] == ("student",)
    if "detection_teacher" in teachers:
        assert plan.networks["detection_teacher"].detection_head.strides == [8]


@pytest.mark.parametrize("head", [{}, {"detection_head": "retinanet"}, {"design": 1}, {"design": 1, "light": True}])
def test_classes_of_the_same_name_answer_as_they_did_wherever_they_stand(make_start, make_package, head):
    package = make_package(
        network={**NARROW, **head}, detection_classes=[BUS, CAR], segmentation_classes=[TREE, ROOF], name="old"
    )
    change = {"detection_classes": [CAR, ROOF, BUS], "segmentation_classes": [ROOF, CAR, TREE]}
    _, _, plan = planned(make_start(package, change=change))
    old = build(Network(**NARROW, **head, weights="none"), Purpose(BOTH, MEAN, STD, 2, 3), seed=0)
    old.load_state_dict(load_file(package / "model.safetensors"))
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
    with torch.inference_mode():
        mine, theirs = plan.networks["student"].eval()(image), old.eval()(image)
    found, known = mine.detections, theirs.detections
    torch.testing.assert_close(found.logits[..., [2, 0]], known.logits)
    torch.testing.assert_close(found.regression, known.regression)
    torch.testing.assert_close(mine.segmentation[:, [0, 3, 1]], theirs.segmentation)
    assert (found.logits[..., 1].sigmoid() < 0.05).all()
    assert torch.equal(mine.segmentation.argmax(1), torch.tensor([0, 3, 1])[theirs.segmentation.argmax(1)])


def test_any_architecture_goes_on(make_start, make_package):
    package = make_package(("segmentation",), network={"architecture": "unet", "encoder": "tu-test_efficientnet"})
    change = {"segmentation_classes": [TREE, ROOF], "background": False}
    folder = make_start(package, ("segmentation",), change=change)
    _, _, plan = planned(folder)
    weights, student = load_file(package / "model.safetensors"), plan.networks["student"].state_dict()
    assert torch.equal(
        student["network.segmentation_head.0.weight"][1], weights["network.segmentation_head.0.weight"][1]
    )
    assert "new segmentation classes: tree" in describe(folder)["networks"]["student"]
    assert "left out: background" in describe(folder)["networks"]["student"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"change": {"gsd": 0.8}}, r"0\.5 m per pixel, and this run at 0\.8"),
        ({"change": {"bands": [1, 2, 2]}}, "list of bands"),
        ({"roles": ("detection",)}, "does detection and segmentation, and this run trains detection"),
        ({"network": {**NARROW, "width": 64}}, r"recipe\.network\.width is 64, and the model town .* has 32"),
        ({"network": {"detection_strides": [4, 8]}}, r"detection_strides is \[4, 8\]"),
        ({"training": {"source_statistics": True}}, "without training.source_statistics"),
        ({"training": {"pretraining": 0.2}}, "forget"),
        ({"card": {"dtype": "uint16"}}, "made for uint16 values, and this run has uint8"),
        ({"package": "gone"}, r"no item\.json"),
    ],
)
def test_a_run_that_does_not_fit_the_model_says_what_differs(make_start, make_package, tmp_path, changes, words):
    changes = dict(changes)
    package = make_package(**changes.pop("card", {}))
    with pytest.raises(ConfigError, match=words):
        planned(make_start(**{"package": package, **changes}))


@pytest.mark.parametrize("kind", ["supervised", "distil"])
def test_a_model_of_another_program_is_refused(make_run, make_package, kind):
    key = "package" if kind == "distil" else "start_from"
    folder = make_run({"kind": kind, key: str(make_package())})
    item = json.loads((make_package(name="foreign") / "item.json").read_text())
    item["properties"]["geodistil:card"]["network"] = None
    (folder.parent / "package" / "item.json").write_text(json.dumps(item))
    with pytest.raises(ConfigError, match="another program, which can only predict"):
        planned(folder)


def test_nothing_is_lost_in_the_shortest_run(make_start, make_package, events):
    folder = make_start(make_package(), training={"budget": {"steps": 1}, "validations": 1, "learning_rate": 10.0})
    run, prepared, plan = planned(folder)
    before = main_score(Validator(run, prepared, Fabric(accelerator="cpu", devices=1)).score(plan.networks["student"]))
    trained, validator = trained_by(folder)
    assert main_score(validator.score(trained.network)) >= before - 0.005
    assert events(folder, "metrics")[0]["step"] == 0


@pytest.fixture(scope="module")
def trained(worlds, tmp_path_factory):
    """A package that knows roofs, its IoU of them, and ground where roofs and cars are labelled as areas."""
    folder = tmp_path_factory.mktemp("trained")
    both = folder / "both.gpkg"
    layers = [pyogrio.raw.read(worlds[1][name]) for name in ("roofs", "cars")]
    shapes, kinds = (np.concatenate(each) for each in ([at[2] for at in layers], [at[3][0] for at in layers]))
    pyogrio.raw.write(both, shapes, [kinds], ["kind"], geometry_type="Polygon", crs="EPSG:32632", driver="GPKG")
    run = areas_of(
        worlds[1]["raster"], worlds[1]["roofs"], {"kind": "supervised", "network": NARROW | NEW}, [ROOF], 100
    )
    save_run(run, folder / "run")
    before, _ = trained_by(folder / "run")
    _, prepared, plan = planned(folder / "run")
    card = Card(
        name="town", tasks=["segmentation"], gsd=0.5, bands=[1, 2, 3], dtype="uint8", mean=prepared.mean,
        std=prepared.std, segmentation_classes=[ROOF], network=plan.specs["student"],
    )  # fmt: skip
    save_weights(before.network.state_dict(), folder / "model.safetensors")
    (folder / "item.json").write_text(json.dumps({"properties": {"geodistil:card": card.model_dump(mode="json")}}))
    return folder, before.values["segmentation/iou/roof"], {"raster": worlds[1]["raster"], "labels": both}


def areas_of(raster, labels, recipe, classes, steps):
    source = {"raster": str(raster), "role": "segmentation", "labels": {"path": str(labels), "field": "kind"}}
    training = {"budget": {"steps": steps}, "batch_size": 4, "chip_size": 64, "workers": 0, "validations": 2}
    training |= {"learning_rate": 3e-3, "ema_decay": 0.9}
    return Run(sources=[source], segmentation_classes=classes, recipe=recipe, training=training)


def iou(network, place):
    """Of roofs and cars, on the validation ground of a place where both are labelled."""
    run = areas_of(place["raster"], place["labels"], {"kind": "supervised"}, [CAR, ROOF], 1)
    scores = Validator(run, prepare(run), Fabric(accelerator="cpu", devices=1)).score(network)
    return scores["segmentation/iou/roof"], scores["segmentation/iou/car"]


def test_a_new_class_is_learned_and_the_old_one_kept(trained, tmp_path):
    package, before, place = trained
    recipe = {"kind": "supervised", "start_from": str(package)}
    save_run(areas_of(place["raster"], place["labels"], recipe, [CAR, ROOF], 120), tmp_path / "run")
    after, _ = trained_by(tmp_path / "run")
    roof, car = iou(after.network, place)
    assert car > 0.4, (before, roof, car)
    assert roof > before - 0.02, (before, roof, car)


def test_an_old_class_without_labels_is_not_forgotten(trained, worlds, tmp_path):
    package, before, place = trained
    recipe = {"kind": "supervised", "start_from": str(package), "learning_without_forgetting": 1.0}
    save_run(areas_of(worlds[0]["raster"], worlds[0]["cars"], recipe, [CAR, ROOF], 120), tmp_path / "run")
    after, _ = trained_by(tmp_path / "run")
    roof, car = iou(after.network, place)
    assert car > 0.4, (before, roof, car)
    assert roof > before - 0.02, (before, roof, car)


def test_a_checkpoint_knows_whether_a_run_goes_on_from_a_model_but_not_where_it_lies(make_start, make_run):
    started = [fingerprint(load_run(make_start(name, name=f"run {name}"))) for name in ("a", "b")]
    new = fingerprint(load_run(make_run({"kind": "supervised"}, "new")))
    assert started[0] == started[1] != new
