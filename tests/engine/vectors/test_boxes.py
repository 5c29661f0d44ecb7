"""Boxes strip by strip against the same rule on a whole mask, and polygons painted first."""

import numpy as np
import pyogrio
import pytest
import shapely

from engine.data.vectors import Layer
from engine.datasets.rasters import boxes_from_mask
from engine.errors import LabelError, Stopped
from engine.events import EventLog
from engine.inference.vectors import BoxOptions, ClassMap, PaintedMap, boxes

NAMES = {1: "building", 2: "road", 3: "water"}


@pytest.fixture
def write_polygons(tmp_path):
    def write(shapes, kinds=None, crs="EPSG:32645", name="areas.gpkg"):
        fields = [] if kinds is None else [np.array(kinds, object)]
        pyogrio.raw.write(
            tmp_path / name, shapely.to_wkb(np.array(shapes, object)), fields, ["kind"][: len(fields)],
            geometry_type="Unknown", crs=crs, driver="GPKG",
        )  # fmt: skip
        return Layer(str(tmp_path / name), field=None if kinds is None else "kind")

    return write


def in_pixels(found, transform):
    """Rows of (left, top, right, bottom, value), sorted."""
    corners = shapely.get_coordinates(found.geometry).reshape(-1, 5, 2)
    columns, rows = ~transform @ (corners[..., 0].T, corners[..., 1].T)
    extents = np.stack([columns.min(0), rows.min(0), columns.max(0), rows.max(0), found.class_id], axis=1)
    return sorted(map(tuple, extents.round().astype(int).tolist()))


@pytest.mark.parametrize("opening", [0, 1, 2])
@pytest.mark.parametrize("strip_rows", [1, 5, 16, 72])
def test_boxes_of_strips_are_those_of_the_whole_mask(patchy, write_map, read_back, tmp_path, strip_rows, opening):
    path = write_map(patchy)
    with ClassMap(path, strip_rows) as source:
        count = boxes(source, tmp_path / "boxes.gpkg", NAMES, BoxOptions(minimum_pixels=20, opening=opening))
        transform = source.transform
    found = read_back(tmp_path / "boxes.gpkg")
    expected, values = boxes_from_mask(patchy, [1, 2, 3], minimum=20, opening=opening)
    assert count == len(found.geometry) == len(expected) > 10
    assert in_pixels(found, transform) == sorted(
        (*box, value) for box, value in zip(expected.tolist(), values, strict=True)
    )
    assert set(found.__dict__["class"]) == set(NAMES.values())


@pytest.mark.parametrize("seed", range(6))
def test_objects_join_over_corners_at_the_border_of_two_strips(seed, write_map, tmp_path, read_back):
    mask = (np.random.default_rng(seed).random((40, 33)) < 0.35).astype(np.uint8)
    with ClassMap(write_map(mask), 1) as source:
        boxes(source, tmp_path / "boxes.gpkg", NAMES, BoxOptions(minimum_pixels=0))
        found = in_pixels(read_back(tmp_path / "boxes.gpkg"), source.transform)
    expected, _ = boxes_from_mask(mask, [1], minimum=0)
    assert found == sorted((*box, 1) for box in expected.tolist())


def test_pixels_are_counted_once_and_small_objects_go_by_class(write_map, tmp_path, read_back):
    values = np.zeros((40, 40), np.uint8)
    values[2:12, 2:12] = 1  # 100 pixels
    values[20:24, 2:6] = 1  # 16 pixels: dropped, the class has a large one
    values[20:24, 20:24] = 2  # 16 pixels: stays, the class has none
    values[30:40] = 255
    with ClassMap(write_map(values), 7) as source:
        boxes(source, tmp_path / "boxes.gpkg", {1: "building"})
    found = read_back(tmp_path / "boxes.gpkg")
    assert list(zip(found.__dict__["class"], found.class_id, found.pixels, strict=True)) == [
        ("building", 1, 100),
        ("2", 2, 16),
    ]


def test_only_the_classes_asked_for_get_boxes(patchy, write_map, tmp_path, read_back):
    with ClassMap(write_map(patchy)) as source:
        boxes(source, tmp_path / "boxes.gpkg", NAMES, BoxOptions(classes=frozenset({3})))
    assert set(read_back(tmp_path / "boxes.gpkg").class_id) == {3}


def test_a_map_without_areas_gives_an_empty_layer(write_map, tmp_path):
    with ClassMap(write_map(np.zeros((8, 8), np.uint8))) as source:
        assert boxes(source, tmp_path / "boxes.gpkg", NAMES) == 0
    info = pyogrio.read_info(tmp_path / "boxes.gpkg", layer="boxes")
    assert info["features"] == 0 and info["geometry_type"] == "Polygon"


def test_a_stop_file_ends_it_and_leaves_nothing(patchy, write_map, tmp_path):
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "stop").touch()
    with ClassMap(write_map(patchy)) as source, pytest.raises(Stopped):
        boxes(source, tmp_path / "boxes.gpkg", NAMES, events=EventLog(tmp_path / "job"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classes.tif", "job"]


def test_polygons_that_touch_become_one_box_and_others_their_own(write_polygons, tmp_path, read_back):
    houses = [shapely.box(0, 0, 10, 10), shapely.box(10, 4, 22, 12), shapely.box(40, 0, 50, 8)]
    with PaintedMap(write_polygons(houses, ["roof", "roof", "roof"]), gsd=0.5) as painted:
        assert painted.names == {1: "roof"}
        boxes(painted, tmp_path / "boxes.gpkg", painted.names)
    found = read_back(tmp_path / "boxes.gpkg")
    bounds = sorted(map(tuple, shapely.bounds(found.geometry).tolist()))
    assert np.allclose(bounds, [(0, 0, 22, 12), (40, 0, 50, 8)], atol=0.5)
    assert set(found.__dict__["class"]) == {"roof"}


def test_polygons_of_two_classes_keep_apart_where_they_touch(write_polygons, tmp_path, read_back):
    shapes = [shapely.box(0, 0, 20, 20), shapely.box(20, 0, 40, 20), shapely.box(60, 0, 70, 20)]
    with PaintedMap(write_polygons(shapes, ["roof", "pool", None]), gsd=1) as painted:
        assert painted.names == {1: "pool", 2: "roof"}
        assert boxes(painted, tmp_path / "boxes.gpkg", painted.names) == 2
    assert sorted(read_back(tmp_path / "boxes.gpkg").__dict__["class"]) == ["pool", "roof"]


def test_polygons_in_degrees_are_painted_on_metres(write_polygons, tmp_path):
    side = 0.001  # at 60 degrees north: 111 m by 56 m
    layer = write_polygons([shapely.box(10, 60, 10 + side, 60 + side)], crs="EPSG:4326")
    with PaintedMap(layer, gsd=1) as painted:
        assert (painted.width, painted.height) == (pytest.approx(56, abs=2), pytest.approx(111, abs=2))
        assert painted.names == {1: "areas"}


@pytest.mark.parametrize(
    "shapes, crs, words",
    [([], "EPSG:32645", "no features"), ([shapely.box(0, 0, 1, 1)], None, "no coordinate reference system"),
     ([shapely.Point(1, 1), shapely.box(0, 0, 3, 3)], "EPSG:32645", "no polygons")],
)  # fmt: skip
def test_a_layer_that_cannot_be_painted_is_named(write_polygons, shapes, crs, words):
    with pytest.raises(LabelError, match=rf"areas\.gpkg.*{words}"):
        PaintedMap(write_polygons(shapes, crs=crs), gsd=1)
