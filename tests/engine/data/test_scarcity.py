import math

import pytest

from engine.cli.check import describe
from engine.config import Labels, PartialMultitask, Supervised, save_run
from engine.data import prepare
from engine.data.label_statistics import class_shares, scarce_classes
from engine.recipes.supervised import chosen_loss
from tests.networks import TINY


@pytest.fixture
def world(raster, layer, tools):
    """A function: a run in which fields cover a quarter of 256 x 256 m, and ponds (2 of 16 x 16 m) 0.8 %."""

    def make(recipe=None, names=("field", "pond"), **training):
        shapes = [tools.square(c, r, 64) for c, r in ((0, 0), (128, 0), (0, 128), (128, 128))]
        shapes += [tools.square(100, 100, 16), tools.square(200, 90, 16)]
        kinds = ["field"] * 4 + ["pond"] * 2
        some = [(shape, kind) for shape, kind in zip(shapes, kinds, strict=True) if kind in names]
        labels = layer("a.gpkg", [shape for shape, _ in some], kind=[kind for _, kind in some])
        image = raster("a.tif", (3, 256, 256))
        sources = [tools.source(image, labels=Labels(path=labels, field="kind"))]
        if isinstance(recipe, PartialMultitask):
            sources.append(tools.source(image, "detection", Labels(path=labels, field="kind")))
        return tools.run(*sources, names=names, recipe=recipe, **training)

    return make


def sentences(run):
    return scarce_classes(run, prepare(run))


def test_a_scarce_class_and_what_helps_it_are_named(world):
    (sentence,) = sentences(world())
    assert sentence.startswith("The segmentation class 'pond' covers 0.8 % of the labelled ground; Dice (recipe.dice")
    assert "training.class_balance" in sentence


def test_nothing_is_said_where_something_helps_already(world):
    assert not sentences(world(Supervised(dice=1.0))) and not sentences(world(class_balance=0.5))


def test_only_what_the_run_can_have_is_offered(world):
    (alone,) = sentences(world(names=("pond",)))
    assert "dice" in alone and "class_balance" not in alone
    (both,) = sentences(world(PartialMultitask()))
    assert "dice" not in both and "class_balance" in both


def test_check_says_so(world, tmp_path):
    recipe = Supervised(network={**TINY, "weights": "none"})
    save_run(world(recipe), tmp_path / "run")
    assert any("'pond' covers 0.8 %" in warning for warning in describe(tmp_path / "run")["warnings"])


def chosen(run):
    return chosen_loss(run, prepare(run))


def test_shares_are_of_the_labelled_ground_with_background_and_of_the_labels_without(world):
    run = world()
    assert class_shares(run, prepare(run)) == pytest.approx({"background": 0.7421875, "field": 0.25, "pond": 0.0078125})
    without = run.model_copy(update={"background": False})
    assert class_shares(without, prepare(without)) == pytest.approx({"field": 32 / 33, "pond": 1 / 33})


def test_auto_weighs_three_classes_of_which_one_is_scarce_and_adds_dice(world):
    """With the numbers that the ground has: background 95/128, fields 1/4, ponds 1/128."""
    loss = chosen(world(Supervised(segmentation_loss="auto")))
    assert (loss.form, loss.dice) == ("weighted", 1.0)
    assert loss.weights == pytest.approx((1.0, math.sqrt(95 / 32), math.sqrt(95)))
    assert "background 1.0, field 1.7 and pond 9.7 and Dice of weight 1" in loss.sentence
    assert "'pond' covers 0.8 % and 'background' 74.2 %" in loss.sentence
    assert not sentences(world(Supervised(segmentation_loss="auto")))


def test_auto_leaves_what_needs_nothing_as_it_is(world):
    fields = chosen(world(Supervised(segmentation_loss="auto"), names=("field",)))
    assert (fields.form, fields.weights, fields.dice) == ("cross_entropy", (), 0.0)
    assert "by cross-entropy: of the labelled ground 'field' covers 25.0 %" in fields.sentence
    ponds = chosen(world(Supervised(segmentation_loss="auto"), names=("pond",)))
    assert (ponds.form, ponds.dice) == ("cross_entropy", 1.0), "two classes are not weighed"


def test_what_a_run_says_itself_stays(world):
    assert chosen(world(Supervised(segmentation_loss="auto", dice=0.3))).dice == 0.3
    assert chosen(world(Supervised(segmentation_loss="auto"), class_balance=0.5)).form == "cross_entropy"
    weighted = chosen(world(Supervised(segmentation_loss="weighted")))
    assert weighted.dice == 0.0 and weighted.weights[2] == pytest.approx(math.sqrt(95))
    for form in ("cross_entropy", "focal"):
        loss = chosen(world(Supervised(segmentation_loss=form)))
        assert (loss.form, loss.weights, loss.dice, loss.sentence) == (form, (), 0.0, "")


def test_no_class_weighs_more_than_ten(world, tools):
    run = world(Supervised(segmentation_loss="weighted"))
    prepared = prepare(run)
    points = prepared.sources[0].points
    points.weights[points.classes == 1] /= 10
    assert chosen_loss(run, prepared).weights[2] == 10.0


def test_check_says_what_was_chosen(world, tmp_path):
    network = {**TINY, "weights": "none"}
    save_run(world(Supervised(network=network, segmentation_loss="auto")), tmp_path / "run")
    (note,) = describe(tmp_path / "run")["notes"]
    assert note.startswith("Segmentation learns by cross-entropy that weighs")


def test_many_scarce_classes_are_one_sentence(raster, layer, tools):
    names = [f"class {index}" for index in range(6)]
    kinds = [names[index % 6] for index in range(len(tools.scattered(512, step=64)))]
    labels = Labels(path=layer("many.gpkg", tools.scattered(512, step=64), kind=kinds), field="kind")
    run = tools.run(tools.source(raster("many.tif", (3, 512, 512)), labels=labels), names=names)
    (sentence,) = scarce_classes(run, prepare(run))
    assert sentence.startswith(
        "6 segmentation classes ('class 0', 'class 1', 'class 2' and 3 more) cover less than 2 %"
    )
