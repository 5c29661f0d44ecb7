import math

import numpy as np
import pytest
import shapely

from engine.config import Labels, PartialMultitask, Supervised
from engine.data import prepare
from engine.data.label_statistics import length_and_width, thin_classes


@pytest.fixture
def world(raster, layer, tools):
    """A function: a run with two crossing roads of 6 px as one polygon and four fields of 32 px, or as a raster."""

    def make(recipe=None, as_raster=False):
        image, places = raster("a.tif", (3, 256, 256)), [(c, r) for c in (20, 200) for r in (20, 200)]
        if as_raster:
            values = np.zeros((1, 256, 256), np.uint8)
            values[0, 120:126], values[0, :, 120:126] = 1, 1
            for column, row in places:
                values[0, row : row + 32, column : column + 32] = 2
            labels = Labels(path=raster("labels.tif", values))
        else:
            roads = shapely.union(tools.square(0, 120, 256, 6), tools.square(120, 0, 6, 256))
            shapes = [roads, *(tools.square(column, row, 32) for column, row in places)]
            labels = Labels(path=layer("a.gpkg", shapes, kind=["road"] + ["field"] * 4), field="kind")
        names = ("1", "2") if as_raster else ("road", "field")
        sources = [tools.source(image, labels=labels)]
        run = tools.run(*sources, names=names, recipe=recipe)
        if as_raster:
            run.segmentation_classes[0].values, run.segmentation_classes[1].values = ["1"], ["2"]
        return run

    return make


def sentences(run):
    return thin_classes(run, prepare(run))


def test_a_class_of_thin_shapes_is_named_with_what_keeps_it_connected(world):
    (sentence,) = sentences(world())
    assert sentence.startswith("The segmentation class 'road' is thin (6 px across") and "recipe.cldice" in sentence


def test_class_rasters_are_looked_over_too(world):
    (sentence,) = sentences(world(as_raster=True))
    assert "'1' is thin (6 px across" in sentence


def test_nothing_is_said_of_what_a_run_has_or_cannot_have(world):
    assert not sentences(world(Supervised(cldice=0.5)))
    run = world()
    assert not thin_classes(run.model_copy(update={"recipe": PartialMultitask()}), prepare(run))


def test_rectangles_are_as_long_and_as_wide_as_they_are():
    for turned in (0.0, 30.0):
        road = shapely.affinity.rotate(shapely.box(0, 0, 1000, 5), turned)
        long, wide = length_and_width(np.array([road]))
        assert long == pytest.approx(200, rel=0.02) and wide == pytest.approx(5, rel=0.02)
    assert length_and_width(np.array([shapely.box(0, 0, 8, 8)])) == pytest.approx((4, 4))
    circle = shapely.Point(0, 0).buffer(100, quad_segs=64)
    assert length_and_width(np.array([circle]))[0] == pytest.approx(math.pi, rel=0.02)
    assert length_and_width(np.array([], dtype=object)) == (0.0, 0.0)


def test_half_the_area_decides_not_half_the_shapes():
    many = [shapely.box(0, 0, 4, 4)] * 50
    assert length_and_width(np.array([*many, shapely.box(0, 0, 400, 5)]))[0] == pytest.approx(81, abs=2)
