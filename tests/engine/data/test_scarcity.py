import pytest

from engine.cli.check import describe
from engine.config import Labels, PartialMultitask, Supervised, save_run
from engine.data import prepare
from engine.data.scarcity import scarce_classes


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
    recipe = Supervised(network={"encoder": "mobilenet_v2", "width": 32, "weights": "none"})
    save_run(world(recipe), tmp_path / "run")
    assert any("'pond' covers 0.8 %" in warning for warning in describe(tmp_path / "run")["warnings"])
