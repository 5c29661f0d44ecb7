"""A vision transformer teaches the student's encoder: here a tiny random one in a file of its own."""

import json

import pytest
import rasterio
import timm
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file, save_file

from engine.cli.train import train_run
from engine.config import load_run
from engine.distillation import spatial_cosine
from engine.errors import ConfigError
from engine.events import EventLog
from engine.recipes.feature_teaching import PROJECTOR, TEACHER
from engine.recipes.plan import PlannedRun
from engine.training import Loop
from engine.training.checkpoints import fingerprint
from tests import networks
from tests.engine.planning import first_batches, planned

TINY = "test_vit3"
NARROW = {**networks.NARROW, "weights": "none"}
ALL = ("detection", "segmentation", "unlabelled")
SUPERVISED = {"kind": "supervised", "network": NARROW}
VANILLA = {"kind": "partial_multitask", "student": NARROW, "distillation": []}
PARTIAL = {
    **VANILLA, "distillation": ["soft"], "detection_teacher": NARROW, "segmentation_teacher": NARROW, "unlabelled": True
}  # fmt: skip
DISTIL = {"kind": "distil", "student": NARROW}


@pytest.fixture
def weights(tmp_path):
    """A file of the transformer's random weights."""
    torch.manual_seed(3)
    path = tmp_path / "transformer.safetensors"
    save_file(timm.create_model(TINY, num_classes=0).state_dict(), path)
    return path


@pytest.fixture
def taught(weights):
    return {"feature_teacher": str(weights), "feature_teacher_model": TINY, "feature_teacher_weight": 0.5}


def step(folder):
    """The plan of a run, its student's stage in the mode of training, first batches and their losses."""
    torch.manual_seed(0)
    run, prepared, plan = planned(folder)
    stage = plan.stages[-1]
    plan.enter(stage)
    batches = first_batches(run, prepared, stage)
    return plan, batches, stage.losses(plan.networks, batches, 1.0)


@pytest.mark.parametrize("recipe", [SUPERVISED, PARTIAL, VANILLA | {"unlabelled": True}, DISTIL], ids=str)
def test_it_teaches_on_every_chip_and_changes_no_other_term(make_run, make_package, taught, recipe):
    if recipe["kind"] == "distil":
        recipe = {**recipe, "package": str(make_package())}
    plan, _, losses = step(make_run(recipe | taught, "taught", ALL))
    mine = {f"{role}/feature teacher" for role in ALL}
    assert mine <= set(losses)
    sum(losses[name] for name in mine).backward()
    student, teacher, projector = (plan.networks[name] for name in ("student", TEACHER, PROJECTOR))
    assert all(p.grad is not None and p.grad.any() for p in projector.parameters())
    assert any(p.grad is not None and p.grad.any() for p in student.encoder.parameters())
    assert all(p.grad is None and not p.requires_grad for p in teacher.parameters()) and not teacher.training
    assert TEACHER in plan.stages[-1].frozen_teachers and TEACHER not in plan.stages[-1].trainable
    everything = recipe | ({"all_imagery": True} if recipe["kind"] == "supervised" else {})
    if recipe["kind"] != "partial_multitask" or recipe["distillation"]:  # which draw all roles without it, too
        _, _, others = step(make_run(everything, "others", ALL))
        assert set(losses) - mine == set(others)
        assert all(torch.equal(value, losses[name]) for name, value in others.items())


def test_its_term_is_the_cosine_with_the_patches_of_the_chips_as_its_weights_see_them(make_run, taught, weights):
    plan, batches, losses = step(make_run(SUPERVISED | taught, "run", ("detection",)))
    batch, student = batches["detection"], plan.networks["student"]
    transformer = timm.create_model(TINY, num_classes=0, img_size=64)  # not of any size, as the teacher is
    side = transformer.patch_embed.grid_size
    given = load_file(weights)
    given["pos_embed"] = timm.layers.resample_abs_pos_embed(given["pos_embed"], side, num_prefix_tokens=1)
    transformer.load_state_dict(given)
    with torch.no_grad():
        tokens = transformer.eval().forward_features(batch.image / 255 * 2 - 1)[:, transformer.num_prefix_tokens :]
        patches = tokens.transpose(1, 2).unflatten(2, side)
        found = plan.networks[PROJECTOR](student(batch.image).backbone)
    wanted = 0.5 * spatial_cosine(found, patches, batch.valid)
    torch.testing.assert_close(losses["detection/feature teacher"], wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("recipe", [SUPERVISED, VANILLA], ids=lambda each: each["kind"])
@pytest.mark.parametrize("idle", [{"feature_teacher": "none"}, {"feature_teacher_weight": 0.0}], ids=str)
def test_switched_off_a_step_is_the_step_without_it(make_run, taught, recipe, idle):
    plan, _, losses = step(make_run(recipe | taught | idle, "off"))
    bare, _, wanted = step(make_run(recipe, "bare"))
    assert set(plan.networks) == set(bare.networks) and losses.keys() == wanted.keys()
    assert all(torch.equal(value, losses[name]) for name, value in wanted.items())


def test_chips_are_resized_to_whole_patches(make_run, taught):
    teacher = planned(make_run(SUPERVISED | taught))[2].networks[TEACHER]
    for sides, grid in (((64, 96), (4, 6)), ((70, 40), (4, 2)), ((4, 25), (1, 2))):
        assert teacher(torch.rand(1, 3, *sides) * 255).shape == (1, teacher.channels, *grid)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"feature_teacher": "nowhere.safetensors"},
            r"has no weights: The weights file .*nowhere.safetensors does not",
        ),
        ({"feature_teacher_model": "vit_tiny_patch16_224"}, r"transformer.safetensors have \d+ of the 150 tensors"),
        ({"feature_teacher_model": "vit_of_dreams"}, "timm has no vision transformer 'vit_of_dreams'"),
        ({"feature_teacher_model": "resnet18"}, "timm has no vision transformer 'resnet18'"),
        ({"feature_teacher_model": "swin_tiny_patch4_window7_224"}, "timm has no vision transformer 'swin_tiny"),
        ({"feature_teacher_bands": [1, 2, 9]}, r"this run has the bands \[1, 2, 3\]"),
    ],
    ids=str,
)
def test_what_cannot_teach_is_named_when_the_run_is_planned(make_run, taught, change, sentence):
    with pytest.raises(ConfigError, match=sentence) as caught:
        planned(make_run(VANILLA | taught | change))
    assert "recipe.feature_teacher" in str(caught.value)


def test_a_run_of_four_bands_says_which_are_its_colours(make_run, taught, worlds, tmp_path):
    with rasterio.open(worlds[1]["raster"]) as raster:
        image, profile = raster.read(), raster.profile
    with rasterio.open(tmp_path / "four.tif", "w", **{**profile, "count": 4}) as raster:
        raster.write(image[[2, 1, 0, 0]])
    folder = make_run(SUPERVISED | taught, "four", ("segmentation",))
    run = json.loads((folder / "run.json").read_text())
    run["bands"], run["sources"][0]["raster"] = [1, 2, 3, 4], str(tmp_path / "four.tif")
    (folder / "run.json").write_text(json.dumps(run))
    with pytest.raises(ConfigError, match=r"three bands, and this run has the bands \[1, 2, 3, 4\].*red, green and"):
        planned(folder)
    run["recipe"]["feature_teacher_bands"] = [3, 2, 1]
    (folder / "run.json").write_text(json.dumps(run))
    four = step(folder)
    seen = four[1]["segmentation"].image[:, [2, 1, 0]]
    three = planned(make_run(SUPERVISED | taught, "three", ("segmentation",)))[2].networks[TEACHER]
    assert torch.equal(four[0].networks[TEACHER](four[1]["segmentation"].image), three(seen))


def test_weights_may_lie_in_the_run_folder_which_may_move(make_run, taught, weights):
    folder = make_run(SUPERVISED | taught, "here")
    weights.rename(folder / weights.name)
    run = json.loads((folder / "run.json").read_text())
    run["recipe"]["feature_teacher"] = weights.name
    (folder / "run.json").write_text(json.dumps(run))
    moved = folder.rename(folder.with_name("there"))
    assert TEACHER in planned(moved)[2].networks
    assert load_run(moved).recipe.feature_teacher == str(moved / weights.name)


@pytest.mark.parametrize("teacher", ["none", "hub"])
def test_words_are_no_paths(make_run, taught, teacher):
    assert load_run(make_run(SUPERVISED | taught | {"feature_teacher": teacher})).recipe.feature_teacher == teacher


def test_half_precision_gives_a_finite_term_in_full_precision(make_run, taught):
    run, prepared, plan = planned(make_run(SUPERVISED | taught, "half", ("segmentation",)))
    stage = plan.stages[-1]
    plan.enter(stage)
    with torch.autocast("cpu", torch.bfloat16):
        losses = stage.losses(plan.networks, first_batches(run, prepared, stage), 1.0)
    term = losses["segmentation/feature teacher"]
    assert term.dtype == torch.float32 and torch.isfinite(term)
    term.backward()
    assert plan.networks[PROJECTOR].weight.grad.any()


def test_licences_that_are_not_free_are_a_warning(make_run, taught, tmp_path):
    model = "vit_tiny_patch16_dinov3_qkvb.eupe_lvd1689m"
    if not timm.is_model(model.partition(".")[0]):
        pytest.skip("this timm does not know it")
    save_file(timm.create_model(model, num_classes=0).state_dict(), tmp_path / "dino.safetensors")
    names = {"feature_teacher": str(tmp_path / "dino.safetensors"), "feature_teacher_model": model}
    plan = planned(make_run(VANILLA | taught | names, "dino"))[2]
    assert any("noncommercial" in sentence for sentence in plan.warnings)
    assert not planned(make_run(VANILLA | taught, "free"))[2].warnings
    assert plan.networks[TEACHER](torch.rand(1, 3, 64, 48)).shape == (1, 192, 4, 3)  # another class of transformers


class Interrupted(Exception):
    pass


def test_an_interrupted_training_goes_on_with_weights_that_have_moved(make_run, taught, weights):
    def loop_of(folder, listener=None):
        torch.manual_seed(0)
        run, prepared, plan = planned(folder)
        fabric = Fabric(accelerator="cpu", devices=1)
        return Loop(PlannedRun(folder, run, prepared, plan), fabric, EventLog(folder, listener))

    def pull_the_plug(event):
        if event.kind == "checkpoint":
            raise Interrupted

    recipe = VANILLA | taught
    whole = loop_of(make_run(recipe, "whole", budget={"steps": 4})).train()
    broken = make_run(recipe, "broken", budget={"steps": 4})
    with pytest.raises(Interrupted):
        loop_of(broken, pull_the_plug).train()
    assert (broken / "checkpoints/last.pt").stat().st_size < 200 * 1024**2
    assert set(torch.load(broken / "checkpoints/last.pt", weights_only=True)["networks"]) == {"student", PROJECTOR}
    moved = weights.rename(weights.with_name("moved.safetensors"))
    again = make_run(recipe | {"feature_teacher": str(moved)}, "broken", budget={"steps": 4})
    found = loop_of(again).train()
    for name, value in whole.network.state_dict().items():
        assert torch.allclose(value.float(), found.network.state_dict()[name].float(), atol=1e-5), name


def test_what_ships_is_the_student_alone(make_run, taught):
    folder = make_run(SUPERVISED | taught, "shipped", ("segmentation", "unlabelled"), budget={"steps": 2})
    train_run(folder)
    bare = planned(make_run(SUPERVISED, "bare", ("segmentation",)))[2].networks["student"].state_dict()
    assert set(load_file(folder / "model/model.safetensors")) == set(bare)
    assert not [path for path in folder.rglob("*.safetensors") if TEACHER in path.name or PROJECTOR in path.name]


def test_its_settings_are_in_no_checkpoint_s_way_while_it_is_off(make_run, taught):
    run = planned(make_run(VANILLA, "off"))[0]
    on = planned(make_run(VANILLA | taught, "on"))[0]
    assert fingerprint(run) != fingerprint(on)
    heavier = on.model_copy(update={"recipe": on.recipe.model_copy(update={"feature_teacher_weight": 2.0})})
    assert fingerprint(heavier) != fingerprint(on)
