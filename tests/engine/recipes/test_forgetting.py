"""Learning without forgetting: what labels judge, and what the old model teaches instead."""

import numpy as np
import pytest
import shapely
import torch

from engine.data import training_loader
from engine.errors import ConfigError
from engine.recipes.starting import OLD
from tests.engine.planning import first_batches, planned
from tests.networks import NARROW

BOTH = ("detection", "segmentation")
ROOF, CAR, TREE, BUS = ({"name": name, "color": "#0000ff"} for name in ("roof", "car", "tree", "bus"))
TAUGHT = {"learning_without_forgetting": 1.0}


def step(folder, stage=-1):
    """The plan of a run, the last stage's first batches and its losses on them."""
    run, prepared, plan = planned(folder)
    stage = plan.stages[stage]
    plan.enter(stage)
    batches = first_batches(run, prepared, stage)
    return plan, batches, stage.losses(plan.networks, batches, 1.0)


def test_labels_do_not_judge_classes_that_they_say_nothing_of(make_start, make_package):
    package = make_package(("segmentation",), segmentation_classes=[TREE, ROOF])
    change = {"segmentation_classes": [ROOF, TREE]}
    plan, batches, losses = step(make_start(package, ("segmentation",), change=change, **TAUGHT))
    batch = batches["segmentation"]
    with torch.no_grad():
        found = plan.networks["student"](batch.image).segmentation.softmax(1)
    background, roof = found[:, 0] + found[:, 2], found[:, 1]  # a tree may be where there is no roof
    wanted = -torch.where(batch.mask == 1, roof, background).log()[batch.valid].mean()
    torch.testing.assert_close(losses["segmentation/cross_entropy"], wanted, rtol=1e-4, atol=1e-5)


def test_a_label_of_such_a_class_pasted_in_from_another_source_counts(make_start, make_package):
    package = make_package(("segmentation",), segmentation_classes=[TREE, ROOF])
    change = {"segmentation_classes": [ROOF, TREE]}
    plan, batches, _ = step(make_start(package, ("segmentation",), change=change, cutmix=0.5, **TAUGHT))
    batch = batches["segmentation"]
    batch.mask[:, :8] = 2
    outputs = plan.networks["student"](batch.image)
    heard = plan.heard(outputs, batch).segmentation
    assert torch.equal(heard[:, :, :8], outputs.segmentation[:, :, :8])
    assert (heard.softmax(1)[:, 2][batch.valid & (batch.mask != 2)] == 0).all()


def test_boxes_do_not_judge_classes_that_they_say_nothing_of(make_start, make_package):
    package = make_package(("detection",), detection_classes=[BUS, CAR])
    folder = make_start(package, ("detection",), change={"detection_classes": [CAR, BUS]}, **TAUGHT)
    plan, batches, losses = step(folder)
    outputs = plan.networks["student"](batches["detection"].image)
    heard = plan.heard(outputs, batches["detection"]).detections.logits
    assert torch.equal(heard[..., 0], outputs.detections.logits[..., 0])
    assert (heard[..., 1].sigmoid() == 0).all()
    terms = {f"detection/detection old {key}" for key in ("soft", "soft box", "soft centerness")}
    assert terms <= set(losses) and all(torch.isfinite(value) for value in losses.values())


def test_the_old_model_teaches_on_chips_of_the_other_task_and_without_labels(make_start, make_package):
    roles = (*BOTH, "unlabelled")
    change = {"segmentation_classes": [ROOF, TREE]}
    plan, _, losses = step(make_start(make_package(), roles, change=change, **TAUGHT))
    old = {name for name in losses if " old " in name}
    assert {name.split(" old")[0] for name in old} == {
        "detection/segmentation",
        "segmentation/detection",
        "unlabelled/detection",
        "unlabelled/segmentation",
    }
    sum(losses.values()).backward()
    assert all(parameter.grad is None for parameter in plan.networks[OLD].parameters())
    assert not plan.networks[OLD].training


def test_a_student_that_is_still_the_old_model_has_nothing_to_learn_of_it(make_start, make_package):
    change = {"segmentation_classes": [CAR, ROOF, TREE], "detection_classes": [BUS, CAR]}
    run, prepared, plan = planned(make_start(make_package(), (*BOTH, "unlabelled"), change=change, **TAUGHT))
    for network in plan.networks.values():
        network.eval()
    batches = {role: next(iter(training_loader(prepared, run, role))).to("cpu") for role in plan.stages[0].roles}
    losses = plan.stages[0].losses(plan.networks, batches, 1.0)
    terms = {name: value.item() for name, value in losses.items() if " old " in name and "centerness" not in name}
    assert len(terms) == 6 and max(terms.values()) < 1e-3, terms


@pytest.mark.parametrize(
    ("kind", "roles"), [("partial_multitask", BOTH), ("semi_supervised", ("segmentation", "unlabelled"))]
)
def test_teachers_are_taught_what_their_labels_do_not_say(make_start, make_package, kind, roles):
    tasks = tuple(role for role in roles if role != "unlabelled")
    small = {**NARROW, "weights": "none"}
    names = ("first_teacher", "second_teacher") if kind == "semi_supervised" else ("segmentation_teacher",)
    teachers = dict(zip(names, ({**small, "width": 64}, small), strict=False))
    package = make_package(tasks, segmentation_classes=[ROOF, TREE])
    folder = make_start(package, roles, kind, change={"segmentation_classes": [TREE, ROOF]}, **teachers, **TAUGHT)
    plan, _, losses = step(folder, stage=len(names) == 1)
    assert all(OLD in stage.frozen_teachers for stage in plan.stages)
    assert any("segmentation old soft" in name for name in losses)
    _, _, losses = step(folder)
    assert {name for name in losses if name.startswith("unlabelled" if len(tasks) == 1 else "detection")} >= {
        "unlabelled/student segmentation old soft" if len(tasks) == 1 else "detection/segmentation old soft"
    }


def test_without_a_model_or_a_class_to_teach_it_says_so(make_start, make_package, make_run):
    with pytest.raises(ConfigError, match="needs a model to start_from"):
        planned(make_run({"kind": "supervised", **TAUGHT}, "none"))
    with pytest.raises(ConfigError, match="every source has labels of all classes"):
        planned(make_start(make_package(("segmentation",)), ("segmentation",), **TAUGHT))


def test_imagery_of_the_old_model_s_ground_is_asked_for(make_start, make_package):
    change = {"segmentation_classes": [ROOF, TREE]}
    roles = ("segmentation", "unlabelled")

    def notes(name, lesson, geometry):
        package = make_package(("segmentation",), f"package of {name}", geometry=geometry)
        return planned(make_start(package, roles, name=name, change=change, **lesson))

    _, prepared, plan = notes("nowhere", TAUGHT, None)
    assert plan.notes == ()
    here = shapely.geometry.shape(prepared.geometry)
    width = here.bounds[2] - here.bounds[0]
    for east, said in ((0.0, False), (0.3 * width, False), (10 * width, True)):
        moved = shapely.geometry.mapping(shapely.transform(here, lambda places, by=east: places + np.array([by, 0])))
        _, _, plan = notes(f"run {east}", TAUGHT, moved)
        assert [note.startswith("The model town was trained on ground") for note in plan.notes] == said * [True], east
    assert notes("silent", {}, moved)[2].notes == ()
    west, south, east, north = shapely.geometry.shape(moved).bounds
    crossed = {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, north], [east, south], [west, north], [west, south]]],
    }
    assert len(notes("crossed", TAUGHT, crossed)[2].notes) == 1
