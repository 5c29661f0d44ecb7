"""Several trained networks that teach as one: the mean of their answers."""

import json
import math
from itertools import pairwise

import pytest
import torch

from engine.cli.check import describe
from engine.config import Network, load_run, save_run
from engine.data import prepare
from engine.distillation import segmentation_agreement
from engine.errors import ConfigError
from engine.models import Purpose, build
from engine.recipes import build_plan
from engine.recipes.ensemble import Ensemble, mean_answer, opinions
from engine.recipes.partial_multitask import Course, student_losses
from engine.recipes.teachers import load_teachers
from tests.engine.planning import SSLKD, first_batches, planned, save_best
from tests.networks import NARROW, TEACHER

BARE = {**NARROW, "weights": "none"}
WIDER = {**TEACHER, "weights": "none"}
UNET = {"architecture": "unet", "encoder": "tu-test_efficientnet", "weights": "none"}
TAUGHT = {
    "kind": "partial_multitask",
    "student": BARE,
    "detection_teacher": BARE,
    "segmentation_teacher": BARE,
    "ramp_up": 0,
}
TASKS = ("detection", "segmentation")
MEAN, STD = [100.0, 90.0, 90.0], [50.0, 40.0, 40.0]


def network(seed, **changes):
    """A network whose detections differ from place to place, as random weights' hardly do."""
    made = build(Network(**{**BARE, **changes}), Purpose(TASKS, MEAN, STD, 2, 3), seed=seed).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in made.detection_head.named_parameters():
        if "boxes" in name or "classes" in name:
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=generator)
    return made


def image():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255


def logit(probability):
    return math.log(probability / (1 - probability))


def test_the_mean_answer_is_what_loops_over_the_members_find():
    """Two architectures that answer for the same places."""
    members = [network(0), network(1, width=64), network(2)]
    with torch.no_grad():
        answers = [each(image()) for each in members]
        mean = Ensemble(members, TASKS, "")(image())
    for place in [(0, 3, 5), (1, 60, 7), (1, 31, 31)]:
        batch, row, column = place
        for channel in range(3):
            shares = []
            for answer in answers:
                powers = [math.exp(float(answer.segmentation[batch, k, row, column])) for k in range(3)]
                shares.append(powers[channel] / sum(powers))
            assert float(mean.segmentation[batch, channel, row, column]) == pytest.approx(
                math.log(sum(shares) / 3), abs=1e-4
            )
    found = mean.detections
    for batch, anchor in [(0, 0), (0, 17), (1, 63)]:
        weights, inside = [], []
        for answer in answers:
            scores = [1 / (1 + math.exp(-float(z))) for z in answer.detections.logits[batch, anchor]]
            weights.append(max(scores))
            inside.append(1 / (1 + math.exp(-float(answer.detections.centerness[batch, anchor]))))
        for which in range(2):
            scores = [1 / (1 + math.exp(-float(each.detections.logits[batch, anchor, which]))) for each in answers]
            assert float(found.logits[batch, anchor, which]) == pytest.approx(logit(sum(scores) / 3), abs=1e-3)
        for side in range(4):
            sides = [float(each.detections.regression[batch, anchor, side]) for each in answers]
            expected = sum(w * s for w, s in zip(weights, sides, strict=True)) / sum(weights)
            assert float(found.regression[batch, anchor, side]) == pytest.approx(expected, abs=1e-4)
        assert float(found.centerness[batch, anchor]) == pytest.approx(logit(sum(inside) / 3), abs=1e-3)
    assert all(torch.equal(*pair) for pair in zip(mean.features, answers[0].features, strict=True))


def test_mirror_images_of_all_members_are_averaged_at_once():
    members = [network(0), network(1)]
    ensemble = Ensemble(members, TASKS, "")
    said = opinions(ensemble, image(), mirrored=True)
    assert len(said) == 8 and len(opinions(ensemble, image())) == 2
    one, other = (mean_answer(opinions(each, image(), mirrored=True)) for each in members)
    both = mean_answer(said)
    expected = (one.segmentation.softmax(1) + other.segmentation.softmax(1)) / 2
    torch.testing.assert_close(both.segmentation.softmax(1), expected, atol=1e-5, rtol=1e-4)
    weights = torch.stack([each.detections.logits.sigmoid().amax(-1, keepdim=True) for each in said])
    boxes = torch.stack([each.detections.regression for each in said])
    torch.testing.assert_close(both.detections.regression, (weights * boxes).sum(0) / weights.sum(0))


def test_a_network_beside_itself_says_what_it_says_alone():
    alone = network(0)
    with torch.no_grad():
        mine, twice = alone(image()), Ensemble([alone, alone], TASKS, "")(image())
    torch.testing.assert_close(twice.segmentation, mine.segmentation.log_softmax(1), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(twice.detections.logits, mine.detections.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(twice.detections.regression, mine.detections.regression)
    torch.testing.assert_close(twice.detections.centerness, mine.detections.centerness, atol=1e-4, rtol=1e-4)
    assert mean_answer([mine]) is mine


@pytest.fixture
def trained(make_run):
    """A function that writes a run folder with a network of random weights as its best: `trained(name, seed)`."""

    def make(name, seed, role, spec=BARE, average=None):
        folder = make_run({"kind": "supervised", "network": spec}, name, (role,), seed=seed)
        save_best(folder, "student", planned(folder)[2].networks["student"])
        if average is not None:
            state = {f"module.{key}": value for key, value in average.state_dict().items()}
            averages = {"student": {**state, "n_averaged": torch.tensor(3)}}
            torch.save({"averages": averages}, folder / "checkpoints/last.pt")
        return folder

    return make


@pytest.fixture
def cars(trained):
    return str(trained("cars", 1, "detection"))


def taught(make_run, cars, roofs, name="taught", **changes):
    teachers = {"detection_teacher": cars, "segmentation_teacher": roofs}
    return planned(make_run({**TAUGHT, "teachers_from": teachers, **changes}, name))


def test_members_are_runs_their_checkpoints_and_packages_of_any_architecture(make_run, trained, cars, make_package):
    roofs = trained(
        "roofs", 2, "segmentation", average=planned(trained("other", 7, "segmentation"))[2].networks["student"]
    )
    unet = trained("unet", 3, "segmentation", UNET)
    paths = [str(each) for each in (roofs, roofs / "checkpoints/last.pt", unet, make_package())]
    cars_too = [cars, str(trained("more cars", 4, "detection", WIDER))]
    run, prepared, plan = taught(make_run, cars_too, paths)
    areas, boxes = (plan.networks[f"{task}_teacher"] for task in ("segmentation", "detection"))
    assert [stage.name for stage in plan.stages] == ["student"]
    assert len(areas.members) == 4 and len(boxes.members) == 2 and areas.tasks == ("segmentation",)
    plan.enter(plan.stages[-1])
    assert not any(p.requires_grad for each in (areas, boxes) for p in each.parameters())
    batch = first_batches(run, prepared, plan.stages[-1])["segmentation"]
    with torch.no_grad():
        shares = [each(batch.image, tasks=("segmentation",)).segmentation.softmax(1) for each in areas.members]
        found = areas(batch.image).segmentation.softmax(1)
    torch.testing.assert_close(found, sum(shares) / 4)
    assert all((one - other).abs().max() > 1e-3 for one, other in pairwise(shares))
    losses = plan.stages[-1].losses(plan.networks, first_batches(run, prepared, plan.stages[-1]), 1.0)
    assert {"segmentation/detection soft", "detection/segmentation soft"} <= set(losses)
    assert "ensemble of 4, frozen: " in plan.described["segmentation_teacher"]
    assert "unet" in plan.described["segmentation_teacher"]
    (of_boxes, of_areas) = plan.notes
    assert "detection teacher is an ensemble of 2 frozen networks" in of_boxes and "2 passes a batch" in of_boxes
    assert "4 passes" in of_areas and " MB)" in of_areas


def test_a_list_of_one_is_the_network_alone_with_a_sentence(make_run, trained, cars, tmp_path):
    roofs = str(trained("roofs", 2, "segmentation"))
    found = []
    for name, listed in (("alone", roofs), ("listed", [roofs])):
        run, prepared, plan = taught(make_run, cars, listed, name)
        run_folder = tmp_path / name
        plan.enter(plan.stages[-1])
        torch.manual_seed(0)
        found.append((plan, plan.stages[-1].losses(plan.networks, first_batches(run, prepared, plan.stages[-1]), 1.0)))
    (alone, mine), (listed, theirs) = found
    assert describe(run_folder)["notes"] == list(listed.notes)
    assert alone.notes == () and ["ensemble of one network" in note for note in listed.notes] == [True]
    assert all(torch.equal(value, theirs[key]) for key, value in mine.items()) and mine.keys() == theirs.keys()


@pytest.mark.parametrize("kind", ["run", "package"])
def test_one_path_may_be_a_package(make_run, trained, cars, make_package, kind):
    roofs = make_package() if kind == "package" else trained("roofs", 2, "segmentation")
    plan = taught(make_run, cars, str(roofs))[2]
    assert isinstance(plan.networks["segmentation_teacher"], Ensemble) == (kind == "package") and plan.notes == ()


def test_a_finished_run_of_another_recipe_teaches_by_its_model(make_run, trained, cars, make_package):
    """Areas that SSLKD learned from few labels, for a student of both tasks."""
    run = make_run({**SSLKD, "student": UNET}, "sslkd", ("segmentation", "unlabelled"))
    with pytest.raises(ConfigError, match="sslkd trains no segmentation_teacher and has no model yet"):
        taught(make_run, cars, str(run), "too soon")
    make_package().rename(run / "model")
    plan = taught(make_run, cars, str(run))[2]
    assert isinstance(plan.networks["segmentation_teacher"], Ensemble) and [s.name for s in plan.stages] == ["student"]
    assert f"{run} (" in plan.described["segmentation_teacher"]
    both = taught(make_run, cars, [str(trained("roofs", 2, "segmentation")), str(run)], "both")[2]
    assert len(both.networks["segmentation_teacher"].members) == 2


def test_lists_that_cannot_be_are_refused(make_run, trained, cars, make_package, tmp_path):
    roofs = str(trained("roofs", 2, "segmentation"))
    coarse = str(trained("coarse", 4, "detection", {**BARE, "detection_strides": [8, 16]}))
    tree = trained("tree", 5, "segmentation")
    other = load_run(tree)
    other.segmentation_classes[0].name = "tree"
    save_run(other, tree)
    boxes_only = str(make_package(("detection",), "boxes"))
    metres = str(make_package(name="metres", gsd=1.0))
    bands = str(make_package(name="bands", bands=[3, 2, 1]))
    cases = [
        (cars, [], "list of recipe.teachers_from for segmentation_teacher is empty"),
        (cars, [roofs, roofs], "same network twice"),
        (cars, [roofs, f"{roofs}/checkpoints/student.safetensors"], "same network twice"),
        ([cars, coarse], roofs, r"coarse of the detection_teacher detects with Fcos on strides \[8, 16\], and the"),
        (cars, [roofs, str(tree)], r"tree know the segmentation_classes \['tree'\]"),
        (cars, [roofs, boxes_only], "has no segmentation"),
        (cars, [roofs, metres], "1 m per pixel"),
        (cars, [roofs, bands], r"\[3, 2, 1\]"),
        (cars, [roofs, str(tmp_path / "nowhere")], "no run file at"),
        (cars, [roofs, f"{roofs}/checkpoints/last.pt"], "no run file at|no trained"),
    ]
    run, prepared, plan = planned(make_run(TAUGHT))
    for boxes, areas, words in cases:
        teachers = {"detection_teacher": boxes, "segmentation_teacher": areas}
        with pytest.raises(ConfigError, match=words):
            load_teachers(teachers, list(teachers), plan.networks, run, prepared)


def test_what_is_made_of_members_or_a_package_does_not_go_on_learning(make_run, cars, make_package):
    with pytest.raises(ConfigError, match=r"segmentation_teacher .* learns no more"):
        taught(make_run, cars, str(make_package()), co_training=True)


def test_sslkd_learns_from_ensembles_that_stand_still(make_run, trained):
    first = [str(trained(f"first{seed}", seed, "segmentation")) for seed in (1, 2)]
    second = str(trained("second", 3, "segmentation", UNET))
    recipe = {**SSLKD, "first_teacher": BARE, "second_teacher": UNET, "student": BARE}
    recipe |= {"teachers_from": {"first_teacher": first, "second_teacher": second}}
    roles = ("segmentation", "unlabelled")
    half = {**recipe, "teachers_from": {"first_teacher": first}}
    with pytest.raises(ConfigError, match="no run folder for second_teacher"):
        planned(make_run({**half, "co_training": False}, "half", roles))
    with pytest.raises(ConfigError, match="co_training"):
        planned(make_run(recipe, "moving", roles))
    run, prepared, plan = planned(make_run({**recipe, "co_training": False}, "still", roles))
    assert len(plan.networks["first_teacher"].members) == 2
    stage = plan.stages[-1]
    plan.enter(stage)
    losses = stage.losses(plan.networks, first_batches(run, prepared, stage), 1.0)
    sum(losses.values()).backward()
    assert all(p.grad is None for p in plan.networks["first_teacher"].parameters())
    assert {"unlabelled/soft", "unlabelled/feature"} <= set(losses)


def test_folders_in_lists_are_found_from_the_run_folder(make_run, tmp_path):
    folder = make_run({**TAUGHT, "teachers_from": {"detection_teacher": "x", "segmentation_teacher": "y"}})
    values = json.loads((folder / "run.json").read_text())
    values["recipe"]["teachers_from"] = {"detection_teacher": ["../a", "/b"], "segmentation_teacher": "../c"}
    (folder / "run.json").write_text(json.dumps(values))
    found = load_run(folder).recipe.teachers_from
    assert found == {"detection_teacher": [f"{folder}/../a", "/b"], "segmentation_teacher": f"{folder}/../c"}


def test_members_of_one_run_may_be_named_for_all_teachers(make_run, tmp_path):
    folders = []
    for seed in (1, 2):
        folder = make_run(TAUGHT, f"pair{seed}", seed=seed)
        plan = planned(folder)[2]
        for name in ("detection_teacher", "segmentation_teacher"):
            save_best(folder, name, plan.networks[name])
        folders.append(str(folder))
    run = load_run(make_run({**TAUGHT, "teachers_from": folders}, "taught"))
    plan = build_plan(run, prepare(run))
    assert [len(plan.networks[f"{task}_teacher"].members) for task in TASKS] == [2, 2]


def test_soft_targets_weigh_by_the_agreement_of_members_and_mirror_images(make_run, trained, cars):
    """Areas by their places; DIST, which has none, by the mean; boxes by theirs."""
    roofs = [str(trained(f"roofs{seed}", seed, "segmentation")) for seed in (2, 3)]
    options = {"on_own_task": False, "soft_detection": "all", "agreement_weights": True}
    run, prepared, plan = taught(make_run, cars, roofs, **options)
    plan.enter(plan.stages[-1])
    torch.manual_seed(0)
    for member in plan.networks["segmentation_teacher"].members:
        torch.nn.init.normal_(member.segmentation_head.classify.weight, std=2.0)
    batches, found = first_batches(run, prepared, plan.stages[-1]), {}
    for name in ("plain", "agreed"):
        for form in ("kl", "dist"):
            changes = {"soft_segmentation": form, "agreement_weights": name == "agreed"}
            torch.manual_seed(0)
            losses = student_losses(Course(run.recipe.model_copy(update=changes)))
            found[name, form] = losses(plan.networks, batches, 1.0)
    key = "detection/segmentation soft"
    assert 0 < found["agreed", "kl"][key] < found["plain", "kl"][key]
    said = opinions(plan.networks["segmentation_teacher"], batches["detection"].image)
    places = segmentation_agreement([each.segmentation for each in said])[batches["detection"].valid]
    torch.testing.assert_close(found["agreed", "dist"][key], found["plain", "dist"][key] * places.mean())
    same = [name for name, value in found["plain", "kl"].items() if torch.equal(value, found["agreed", "kl"][name])]
    assert set(found["plain", "kl"]) - set(same) == {key}, "the other teacher has one answer"


def test_agreement_needs_several_answers(make_run, trained, cars, make_package):
    roofs = str(trained("roofs", 2, "segmentation"))
    with pytest.raises(ConfigError, match="agreement_weights compares several answers"):
        taught(make_run, cars, [roofs], agreement_weights=True)
    recipe = {"kind": "distil", "package": str(make_package()), "student": BARE, "agreement_weights": True}
    with pytest.raises(ConfigError, match="mirrored_answers"):
        planned(make_run(recipe, "distilled"))
    run, prepared, plan = planned(make_run({**recipe, "mirrored_answers": True, "soft_detection": "all"}, "mirrored"))
    batches = first_batches(run, prepared, plan.stages[-1])
    assert {"detection/detection soft", "detection/detection soft centerness"} <= set(
        plan.stages[-1].losses(plan.networks, batches, 1.0)
    )
