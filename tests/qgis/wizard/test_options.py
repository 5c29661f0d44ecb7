"""The options that people meet are the engine's by name, default and choice, and find their way into `run.json`."""

import json
import subprocess

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.sources.draft import Draft
from geodistil.jobs.sources.option import AUGMENTATION, NETWORK, NETWORKS, RECIPE, TRAINING
from geodistil.jobs.sources.options import OPTIONS, chosen_in, option_patch, options_of
from geodistil.jobs.sources.suggestion import RECIPES
from geodistil.ui.wizard.fields import Advanced
from geodistil.ui.wizard.run_page import BUDGETS
from qgis.core import QgsApplication

LEFT_OUT = {
    "kind": "chosen by the wizard's page, or by the algorithm",
    "tasks": "follows from the roles of the sources",
    "unlabelled": "follows from the roles of the sources",
    "package": "has its own field",
    "start_from": "has its own field, START_FROM",
    "weights": "weights of the terms were set by measurement (docs/methods.md)",
    "thin_classes": "all classes but background unless told in run.json",
    "weak_classes": "classes of equal names unless told in run.json",
    "feature_teacher_model": "DINOv2's smallest unless told in run.json",
    "feature_teacher_bands": "the colour bands, as of runs",
    "teachers_from": "the runs dock fills it in: Use its teachers",
    "reuse_teachers": "follows from the unit of the budget",
}
LEFT_OUT_OF_NETWORKS = {
    "size": "has its own field",
    "encoder": "follows from the size",
    "width": "follows from the size",
    "architecture": "fpn, which has both tasks",
    "detection_strides": "follows from the sizes of the labels",
    "design": "for models of older versions",
    "light": "follows from the size",
    "standardisation": "measured to be best for all imagery",
    "batch_norm": "follows from the size of batches",
}
LEFT_OUT_OF_TRAINING = {
    "optimizer": "chosen with the learning rate",
    **dict.fromkeys(
        ("learning_rate", "weight_decay", "warmup", "ema_decay", "clip_norm", "encoder_lr_factor"),
        "good for all recipes",
    ),
    **dict.fromkeys(
        ("validations", "validation_chips", "rare_class_share", "statistics_noise"),
        "good for all imagery",
    ),
    "augmentation": "has options of its own, and is there where one is not as usual",
    **dict.fromkeys(("precision", "workers"), "chosen by the machine"),
}
LEFT_OUT_OF_AUGMENTATION = dict.fromkeys(("dihedral", "scale", "color", "strong_color"), "good for all imagery")
LEFT_OUT_OF_RUNS = {
    "allow_remote": "a person names each layer, which allows it; what files name beyond that is for experts",
    "version": "not chosen",
    "preset": "the papers' settings, to reproduce them from run.json; a preset would hide what the wizard shows",
    "bands": "the colour bands, or the teaching model's",
    "split": "divided by area; sources of the wizard can be kept for one side",
}
"""`run.json` has these, wizard (a template keeps them) and algorithms (More settings) do not ask for them."""
RECIPE_CLASSES = "Supervised PartialMultitask SemiSupervised Distil Baseline"
DESCRIBE = f"""
import json
from engine.config import recipes, run
classes = [getattr(recipes, name) for name in "{RECIPE_CLASSES}".split()]
def facts(model, **needed):
    schema, usual = model.model_json_schema(), model(**needed).model_dump()
    return {{name: (usual[name], json.dumps(schema["properties"][name])) for name in schema["properties"]}}
needed = {{"distil": {{"package": "x"}}, "baseline": {{"method": "cps"}}}}
kinds = [(each.model_fields["kind"].default, each) for each in classes]
answer = {{kind: facts(each, **needed.get(kind, {{}})) for kind, each in kinds}}
loop = {{"network": facts(recipes.Network), "training": facts(run.Training), "budget": facts(run.Budget, steps=1)}}
loop["augmentation"] = facts(run.Augmentation)
print(json.dumps({{**answer, **loop, "run": dict.fromkeys(run.Run.model_fields)}}))
"""
ALGORITHMS = {
    "supervised": "trainsupervised",
    "partial_multitask": "trainpartialmultitask",
    "semi_supervised": "trainsemisupervised",
    "distil": "distilmodel",
}


@pytest.fixture(scope="module")
def engine():
    """Recipe -> option -> default and JSON schema, as the engine has them."""
    from geodistil.jobs.environment import ROOT, child_environment, engine_python

    try:
        python = engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))
    answer = subprocess.run(
        [python, "-c", DESCRIBE], cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_every_recipe_of_the_engine_is_offered_but_those_to_compare_with(engine):
    assert set(engine) - {"network", "training", "budget", "run", "augmentation"} == {*RECIPES, "baseline"}
    assert set(ALGORITHMS) == set(RECIPES)


@pytest.mark.parametrize("kind", RECIPES)
def test_every_option_of_a_recipe_is_offered_under_its_name_or_left_out_for_a_reason(engine, kind):
    networks = {name for name, (usual, _) in engine[kind].items() if isinstance(usual, dict) and "encoder" in usual}
    offered = {option.name for option in options_of(kind) if option.place == RECIPE}
    assert offered | (set(LEFT_OUT) & set(engine[kind])) == set(engine[kind]) - networks
    assert not offered & set(LEFT_OUT)
    offered = {option.name for option in options_of(kind) if option.place == NETWORK}
    assert offered | set(LEFT_OUT_OF_NETWORKS) | {"detection_head"} == set(engine["network"])
    assert set(NETWORKS[kind]) <= networks


def test_every_setting_of_loop_and_run_is_in_the_wizard_or_left_out_for_a_reason(engine, draft, prepare):
    draft.recipe.kind, draft.gsd = "supervised", 0.5
    changed = {option.parameter: 1 for option in options_of("supervised") if option.place == TRAINING}
    draft.recipe.options["supervised"] = changed
    _, run = prepare(draft)
    assert set(run["training"]) == set(engine["training"]) - set(LEFT_OUT_OF_TRAINING)
    offered = {option.name for option in OPTIONS if option.place == AUGMENTATION}
    assert offered == set(engine["augmentation"]) - set(LEFT_OUT_OF_AUGMENTATION)
    assert set(run) == set(engine["run"]) - set(LEFT_OUT_OF_RUNS) | {"version"}
    assert {kind for kind, *_ in BUDGETS} == set(engine["budget"])


@pytest.mark.parametrize("kind", RECIPES)
def test_every_setting_of_the_wizard_is_a_parameter_of_the_algorithm(engine, provider, kind):
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{ALGORITHMS[kind]}")
    known = {each.name(): each for each in algorithm.parameterDefinitions()}
    assert {option.parameter for option in options_of(kind)} <= set(known)
    own = {option.name for option in OPTIONS if option.place == TRAINING}
    loop = set(engine["training"]) - set(LEFT_OUT_OF_TRAINING) - {"budget"} - own
    general = {"name"} if kind == "distil" else {"name", "gsd", "background"}  # the model's
    assert {name.upper() for name in loop | general | set(engine["budget"])} <= set(known)
    draft = Draft()
    assert {name: known[name.upper()].defaultValue() for name in loop} == {
        name: getattr(draft.training, name) for name in loop
    }


@pytest.mark.parametrize("kind", RECIPES)
def test_defaults_and_choices_are_the_engine_s(engine, kind):
    places = {RECIPE: engine[kind], **{place: engine[place] for place in (NETWORK, TRAINING, AUGMENTATION)}}
    for option in options_of(kind):
        usual, schema = places[option.place][option.name]
        assert option.defaults[kind] == usual, option.name
        named = json.loads(schema)
        choices = named.get("enum") or named.get("items", {}).get("enum")
        if choices:
            assert [value for value, *_ in option.choices] == choices, option.name
        elif isinstance(usual, float):
            assert option.smallest <= usual <= option.largest, option.name
        assert named.get("minimum", named.get("exclusiveMinimum", 0)) <= option.smallest, option.name
        assert named.get("maximum", named.get("exclusiveMaximum", 1e9)) >= option.largest, option.name


@pytest.mark.parametrize("kind", RECIPES)
def test_what_is_changed_in_the_wizard_is_found_again_in_a_run(qgis_app, kind):
    draft, page = Draft(), Advanced()
    page.show_draft(draft, kind)
    assert draft.recipe.options == {}  # what is shown is not chosen
    shown = page.fields
    assert list(shown) == [option.parameter for option in options_of(kind)]
    assert not any(field.isHidden() for field in shown.values())
    for field in shown.values():
        if hasattr(field, "box"):
            field.box.toggle()
        elif hasattr(field, "combo"):
            field.combo.setCurrentIndex(1)
        elif hasattr(field, "terms"):
            field.terms["pdf"].setChecked(True)
        else:
            field.number.stepBy(1 if field.number.value() < field.number.maximum() else -1)
    chosen = draft.recipe.options[kind]
    assert set(chosen) == set(shown)
    assert all(chosen[option.parameter] != option.defaults[kind] for option in options_of(kind))
    assert chosen_in(kind, option_patch(kind, chosen)) == chosen
    again = Advanced()
    again.show_draft(draft, kind)
    assert draft.recipe.options[kind] == chosen


@pytest.mark.parametrize(
    ("chosen", "written"),
    [({}, None), ({"AUGMENTATION_MOSAIC": 0.3}, {"mosaic": 0.3}), ({"TRAINING_PATIENCE": 2}, None)],
)
def test_augmentation_is_mentioned_where_it_is_not_as_usual(draft, prepare, chosen, written):
    draft.recipe.kind, draft.gsd, draft.recipe.options["supervised"] = "supervised", 0.5, chosen
    _, run = prepare(draft)
    assert run["training"].get("augmentation") == written
    assert run["training"].get("patience") == chosen.get("TRAINING_PATIENCE")


def test_what_goes_back_to_its_default_leaves_the_networks_of_a_template():
    patch = option_patch("supervised", {"NETWORK_NECK": "fpn", "TRAINING_PRETRAINING": 0.0, "DICE": 0.0})
    assert patch == {"recipe": {"network": {"neck": None}, "dice": 0.0}, "training": {"pretraining": None}}


def test_a_share_that_the_engine_measures_is_no_number(qgis_app):
    """It stands below the smallest number, and a number is a choice that can be taken back."""
    (option,) = (each for each in options_of("semi_supervised") if each.name == "teacher_share")
    draft, page = Draft(), Advanced()
    page.show_draft(draft, "semi_supervised")
    number = page.fields[option.parameter].number
    assert number.text() == option.unset
    number.stepUp()
    assert draft.recipe.options["semi_supervised"] == {"TEACHER_SHARE": 0.0}
    number.stepDown()
    assert number.text() == option.unset
    assert draft.recipe.options["semi_supervised"] == {"TEACHER_SHARE": None}


@pytest.mark.parametrize("share", [None, 0.2])
def test_only_a_share_that_was_chosen_is_in_the_run(engine, draft, prepare, share):
    draft.recipe.kind = "partial_multitask"
    draft.recipe.options["partial_multitask"] = {"TEACHER_SHARE": share} if share else {}
    _, run = prepare(draft)
    assert run["recipe"].get("teacher_share") == share
