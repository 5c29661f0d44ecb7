"""Objects are measured in pixels of the run; those that are specks are warned of."""

import numpy as np
import pytest
import shapely

from engine.data import prepare


@pytest.fixture
def cars(raster, layer, tools):
    """A function that prepares a run at a gsd on a raster of a metre a pixel with cars of 4.5 by 2 m."""

    def prepared(gsd=None, role="detection", wide=2.0, side=512):
        image = raster("image.tif", (3, 512, 512))
        corners = [(column, row) for row in range(8, 500, 20) for column in range(8, 500, 20)]
        shapes = [tools.square(*corner, 4.5, wide) for corner in corners]
        area = layer("area.gpkg", [tools.square(0, 0, side)])
        return prepare(
            tools.run(
                tools.source(
                    image, role, labels=layer("cars.gpkg", shapes), area={"kind": "layer", "path": area}
                ),
                gsd=gsd,
            )
        )  # fmt: skip

    return prepared


@pytest.mark.parametrize("gsd", [None, 0.5, 2.0])
def test_sides_are_in_pixels_of_the_run(cars, gsd):
    sides = cars(gsd).object_sides
    assert sides.shorter == pytest.approx([2 / (gsd or 1)] * 3, rel=0.01)
    assert sides.longer == pytest.approx([4.5 / (gsd or 1)] * 3, rel=0.01)


def test_areas_have_no_object_sizes(cars):
    prepared = cars(role="segmentation")
    assert prepared.object_sides is None and not [text for text in prepared.warnings if "pixels wide" in text]


def test_objects_too_small_for_the_gsd_are_counted_with_the_gsd_that_would_do(cars):
    told = [text for text in cars().warnings if "pixels wide" in text]
    assert told == [
        "625 of 625 objects of the detection class 'house' are less than 4 pixels wide at 1 m per pixel and may not be "
        "found; imagery of 0.5 m would do."
    ]
    assert not [text for text in cars(0.5, wide=2.05).warnings if "pixels wide" in text]


def test_objects_outside_the_labelled_area_do_not_count(cars):
    told = next(text for text in cars(side=256).warnings if "pixels wide" in text)
    assert told.startswith("169 of 169 ")


def test_a_few_specks_among_many_objects_are_no_warning(raster, layer, tools):
    rng = np.random.default_rng(0)
    corners = [(column, row) for row in range(8, 500, 20) for column in range(8, 500, 20)]
    few = rng.random(len(corners)) < 0.03
    shapes = [tools.square(*corner, 2 if speck else 8) for corner, speck in zip(corners, few, strict=True)]
    run = tools.run(
        tools.source(raster("image.tif", (3, 512, 512)), "detection", labels=layer("houses.gpkg", shapes)),
    )
    prepared = prepare(run)
    assert few.sum() > 5 and not [text for text in prepared.warnings if "pixels wide" in text]
    assert shapely.area(shapes).min() == 4 and prepared.object_sides.shorter[1] == pytest.approx(8)
