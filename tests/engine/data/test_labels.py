import numpy as np
import pytest
import shapely
from rasterio.transform import Affine, from_origin

from engine.config import Area, Labels
from engine.data.grid import Window, transformer
from engine.data.labels import label_points, labelled_area, read_labels
from engine.data.raster import RasterReader
from engine.data.vector_labels import VectorLabels
from engine.errors import LabelError
from engine.types import IGNORE_INDEX

WINDOW = Window(8, -4, 40, 40)


def labels_of(run, index=0):
    source = run.sources[index]
    reader = RasterReader(source.raster, gsd=run.gsd)
    return read_labels(run, source, reader.grid), reader


def naive_mask(geometries, values, crs, grid, window, background=0):
    """Each pixel centre, taken to the layer's CRS and looked for in every polygon in turn."""
    columns, rows = np.meshgrid(np.arange(window.width) + 0.5, np.arange(window.height) + 0.5)
    x, y = grid.to_crs(columns.ravel() + window.column, rows.ravel() + window.row)
    x, y = transformer(grid.crs.to_wkt(), crs).transform(x, y)
    mask = np.full(len(x), background)
    for geometry, value in zip(geometries, values, strict=True):
        mask[shapely.contains_xy(geometry, x, y)] = value
    return mask.reshape(window.height, window.width)


def jagged(rng, x, y, size):
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    reach = rng.uniform(0.4, 1, 9) * size
    return shapely.make_valid(shapely.Polygon(np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], 1)))


def test_a_mask_shows_the_class_of_what_covers_the_pixels_centre(raster, layer, tools):
    rng = np.random.default_rng(3)
    shapes = [jagged(rng, tools.LEFT + x, tools.TOP - y, 9) for x in (10, 24, 38) for y in (8, 22, 36)]
    kinds = ["roof", "road", "roof"] * 3
    labels = Labels(path=layer("a.gpkg", shapes, geometry_type="Unknown", kind=kinds), field="kind")
    run = tools.run(tools.source(raster("a.tif"), labels=labels), names=("roof", "road"))
    found, reader = labels_of(run)
    ordered = sorted(zip(shapes, kinds, strict=True), key=lambda pair: pair[1] == "road")
    expected = naive_mask(
        [shape for shape, _ in ordered], [1 + (k == "road") for _, k in ordered], tools.UTM, reader.grid, WINDOW
    )
    np.testing.assert_array_equal(found.mask(WINDOW), expected)
    assert set(np.unique(expected)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("crs", "transform", "gsd"),
    [
        ("EPSG:4326", from_origin(9.0, 47.85, 1.4e-5, 9e-6), 0.8),
        ("EPSG:3857", from_origin(1_001_900, 6_080_000, 1.5, 1.5), 0.7),
        ("EPSG:32632", Affine(1, 0, 500_010, 0, 1, 5_299_900), 0.9),
        ("EPSG:32632", Affine.translation(500_000, 5_299_980) @ Affine.rotation(-25) @ Affine.scale(1, -1), 0.9),
    ],
)
def test_labels_in_another_crs_land_on_the_right_pixels(raster, layer, tools, crs, transform, gsd):
    path = raster("a.tif", (3, 90, 90), crs, transform)
    grid = RasterReader(path, gsd=gsd).grid
    columns, rows = np.meshgrid([30.0, 50.0, 70.0], [30.0, 50.0, 70.0])
    x, y = transformer(grid.crs.to_wkt(), "EPSG:25832").transform(*grid.to_crs(columns.ravel(), rows.ravel()))
    rng = np.random.default_rng(0)
    shapes = [jagged(rng, *place, 8) for place in zip(x, y, strict=True)]
    labels = layer("a.gpkg", shapes, crs="EPSG:25832", geometry_type="Unknown")
    found, reader = labels_of(tools.run(tools.source(path, labels=labels), gsd=gsd))
    window = Window(10, 12, 64, 64)
    expected = naive_mask(shapes, [1] * 9, "EPSG:25832", reader.grid, window)
    mask = found.mask(window)
    assert (mask != expected).mean() < 2e-3  # edges between vertices bend by far less than a pixel
    boxes, _ = found.objects(Window(0, 0, 200, 200))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for column, row in zip(columns.ravel(), rows.ravel(), strict=True):
        assert np.abs(centres - [column, row]).max(axis=1).min() < 8 / gsd


def test_boxes_are_the_extents_of_features_in_the_windows_pixels(raster, layer, tools):
    two_parts = shapely.MultiPolygon([tools.square(20, 10, 4), tools.square(30, 12, 6)])
    tilted = shapely.Polygon(
        [(tools.LEFT + 10.5, tools.TOP - 40), (tools.LEFT + 14, tools.TOP - 30), (tools.LEFT + 20, tools.TOP - 45.25)]
    )
    path = layer("a.gpkg", [two_parts, tilted], geometry_type="Unknown", kind=["car", "bus"])
    labels = Labels(path=path, field="kind")
    found, _ = labels_of(tools.run(tools.source(raster("a.tif"), "detection", labels), names=("car", "bus")))
    boxes, classes = found.objects(Window(5, 5, 60, 60))
    order = np.argsort(classes)
    np.testing.assert_allclose(boxes[order], [[15, 5, 31, 13], [5.5, 25, 15, 40.25]], atol=1e-6)
    assert classes[order].tolist() == [0, 1]


def test_points_become_boxes_of_the_given_metres(raster, layer, tools):
    points = [shapely.MultiPoint([(tools.LEFT + 10, tools.TOP - 20), (tools.LEFT + 30, tools.TOP - 40)])]
    labels = Labels(path=layer("a.gpkg", points), box_size=5)
    found, reader = labels_of(tools.run(tools.source(raster("a.tif"), "detection", labels), gsd=0.5))
    boxes, _ = found.objects(Window(0, 0, 200, 200))
    assert len(boxes) == 2
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], 10)
    scale = 1 / reader.grid.transform.a
    np.testing.assert_allclose(np.sort((boxes[:, 0] + boxes[:, 2]) / 2), [10 * scale, 30 * scale], rtol=1e-6)


def test_two_and_a_half_dimensions_and_crossing_outlines_are_mended(raster, layer, tools):
    x, y = tools.LEFT, tools.TOP
    bow_tie = shapely.Polygon([(x + 10, y - 10, 5), (x + 30, y - 30, 5), (x + 30, y - 10, 5), (x + 10, y - 30, 5)])
    found, _ = labels_of(tools.run(tools.source(raster("a.tif"), labels=layer("a.gpkg", [bow_tie]))))
    mask = found.mask(Window(0, 0, 64, 64))
    assert mask.sum() == pytest.approx(200, rel=0.1)
    assert mask[20, 12] == 1 and mask[20, 28] == 1 and mask[12, 20] == 0


def test_without_background_ground_between_features_is_ignored(raster, layer, tools):
    run = tools.run(tools.source(raster("a.tif"), labels=layer("a.gpkg", [tools.square(4, 4)])), background=False)
    mask = labels_of(run)[0].mask(Window(0, 0, 16, 16))
    assert (mask[4:10, 4:10] == 0).all() and (mask == IGNORE_INDEX).sum() == 256 - 36


def test_ignored_values_are_painted_over_everything(raster, layer, tools):
    shapes = [tools.square(4, 4, 8), tools.square(8, 8, 8), tools.square(20, 20, 4)]
    path = layer("a.gpkg", shapes, kind=["doubtful", "house", "house"])
    labels = Labels(path=path, field="kind", ignore_values=["doubtful"])
    areas, _ = labels_of(tools.run(tools.source(raster("a.tif"), labels=labels)))
    mask = areas.mask(Window(0, 0, 32, 32))
    assert (mask[4:12, 4:12] == IGNORE_INDEX).all() and (mask[12:16, 12:16] == 1).all()
    objects, _ = labels_of(tools.run(tools.source(raster("a.tif"), "detection", labels)))
    assert len(objects.objects(Window(0, 0, 32, 32))[0]) == 2
    assert objects.ignored(Window(0, 0, 32, 32)).sum() == 64


def test_numbers_name_classes_however_they_are_stored(raster, layer, tools):
    shapes = [tools.square(4, 4), tools.square(20, 20)]
    for name, values in (("i.gpkg", np.array([7, 7])), ("f.gpkg", np.array([7.0, 7.0])), ("s.gpkg", ["7", "7"])):
        labels = Labels(path=layer(name, shapes, code=values), field="code")
        assert len(labels_of(tools.run(tools.source(raster("a.tif"), labels=labels), names=("7",)))[0]) == 2


@pytest.mark.parametrize("shift", [0, 0.3])
def test_a_class_raster_is_read_by_the_nearest_pixel(raster, tools, shift):
    values = np.random.default_rng(0).choice([0, 3, 7, 9], (1, 64, 64)).astype(np.uint8)
    truth = raster("t.tif", values, transform=from_origin(tools.LEFT + shift, tools.TOP, 1, 1))
    labels = Labels(path=truth, ignore_values=["9"])
    found, _ = labels_of(tools.run(tools.source(raster("a.tif"), labels=labels), names=("3", "7")))
    expected = np.array([0, 0, 0, 1, 0, 0, 0, 2, 0, IGNORE_INDEX])[values[0]]
    np.testing.assert_array_equal(found.mask(Window(10, 20, 30, 30)), expected[20:50, 10:40])
    outside = found.mask(Window(60, 60, 8, 8))
    assert (outside[4:] == IGNORE_INDEX).all() and (outside[:, 4:] == IGNORE_INDEX).all()


def test_a_class_raster_of_another_crs_and_size_is_warped_onto_the_grid(raster, tools):
    values = np.zeros((1, 100, 100), np.uint8)
    values[:, :, 50:] = 1
    truth = raster("t.tif", values, "EPSG:25832", from_origin(tools.LEFT - 20, tools.TOP + 20, 1, 1))
    found, _ = labels_of(tools.run(tools.source(raster("a.tif"), labels=truth), names=("1",), gsd=0.5))
    mask = found.mask(Window(0, 0, 120, 120))
    assert (mask[:, :59] == 0).all() and (mask[:, 61:] == 1).all()


def test_the_file_s_no_data_is_ignored_in_class_rasters(raster, tools):
    values = np.ones((1, 64, 64), np.uint8)
    values[:, :10] = 77
    found, _ = labels_of(
        tools.run(tools.source(raster("a.tif"), labels=raster("t.tif", values, nodata=77)), names=("1",))
    )
    mask = found.mask(Window(0, 0, 20, 20))
    assert (mask[:10] == IGNORE_INDEX).all() and (mask[10:] == 1).all()


def test_places_of_a_class_raster_stand_for_all_its_pixels(raster, tools):
    values = np.zeros((1, 64, 64), np.uint8)
    values[:, 10:20, 30:40] = 2
    run = tools.run(tools.source(raster("a.tif"), labels=raster("t.tif", values)), names=("1", "2"))
    points = label_points(labels_of(run)[0], "segmentation", True)
    assert points.weights.sum() == 100 and set(points.classes) == {1}
    assert (points.columns >= 30).all() and (points.columns <= 40).all() and (points.rows <= 20).all()


def test_a_class_raster_s_strange_value_is_named(raster, tools):
    values = np.zeros((1, 64, 64), np.uint8)
    values[0, 5, 5] = 4
    run = tools.run(tools.source(raster("a.tif"), labels=raster("truth.tif", values)), names=("1",))
    with pytest.raises(LabelError, match=r"class raster truth.tif has the value '4', which belongs to no class"):
        label_points(labels_of(run)[0], "segmentation", True)
    with pytest.raises(LabelError, match=r"truth.tif has the value '4'"):
        labels_of(run)[0].mask(Window(0, 0, 64, 64))


def test_zero_needs_a_class_where_background_is_none(raster, tools):
    truth = raster("truth.tif", np.eye(64, dtype=np.uint8)[None])
    run = tools.run(tools.source(raster("a.tif"), labels=truth), names=("1",), background=False)
    with pytest.raises(LabelError, match=r"has the value '0'"):
        label_points(labels_of(run)[0], "segmentation", False)


SENTENCES = {
    "missing file": ({"path": "nowhere.gpkg"}, r"nowhere.gpkg does not exist"),
    "wrong layer": ({"layer": "lines"}, r"a.gpkg has no layer 'lines'; it has labels"),
    "wrong field": ({"field": "type"}, r"a.gpkg .*has no field 'type'; its fields are kind"),
    "bad filter": ({"where": "kind ="}, r'cannot be read with the filter "kind ="'),
    "nothing passes": ({"where": "kind = 'tree'"}, r"has no features with the filter \"kind = 'tree'\""),
    "unknown value": ({"field": "kind"}, r"field 'kind', has the values 'NULL', 'shed', which belong to no class"),
}


@pytest.mark.parametrize("problem", SENTENCES)
def test_what_is_wrong_with_a_layer_is_said(raster, layer, tools, problem):
    change, sentence = SENTENCES[problem]
    shapes = [tools.square(4, 4), tools.square(20, 20), tools.square(30, 30)]
    path = layer("a.gpkg", shapes, kind=np.array(["house", "shed", None], object))
    run = tools.run(tools.source(raster("a.tif"), labels=Labels(**{"path": path} | change)))
    with pytest.raises(LabelError, match=sentence):
        labels_of(run)


def test_which_of_several_layers_must_be_said(raster, layer, tools):
    layer("a.gpkg", [tools.square(4, 4)], layer="houses")
    path = layer("a.gpkg", [tools.square(4, 4)], layer="sheds", append=True)
    with pytest.raises(LabelError, match=r"a.gpkg holds 2 layers \(houses, sheds\); say which"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=path)))


def test_an_empty_layer_is_named(raster, layer, tools):
    path = layer("empty.gpkg", np.array([], object), geometry_type="Polygon")
    with pytest.raises(LabelError, match=r"The label layer empty.gpkg .*has no features\."):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=path)))


def test_a_layer_without_crs_is_named(raster, layer, tools):
    path = layer("a.gpkg", [tools.square(4, 4)], crs=None)
    with pytest.raises(LabelError, match=r"a.gpkg .*has no coordinate reference system"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=path)))


def test_a_file_that_is_no_layer_is_named(raster, tools, tmp_path):
    (tmp_path / "a.gpkg").write_text("nothing")
    with pytest.raises(LabelError, match=r"a.gpkg cannot be read as a vector layer"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=str(tmp_path / "a.gpkg"))))


def test_geometries_without_area_say_what_to_do(raster, layer, tools):
    x, y = tools.LEFT, tools.TOP
    lines = layer("lines.gpkg", [shapely.LineString([(x + 3, y - 3), (x + 30, y - 30)])])
    points = layer("points.gpkg", [shapely.Point(x + 3, y - 3)])
    with pytest.raises(LabelError, match=r"lines.gpkg .*has lines; labels are areas. Buffer them"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=lines)))
    with pytest.raises(LabelError, match=r"points.gpkg .*has points; segmentation needs areas"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=points)))
    with pytest.raises(LabelError, match=r"points.gpkg .*has points and no box size. Give labels.box_size"):
        labels_of(tools.run(tools.source(raster("a.tif"), "detection", points)))


def test_class_rasters_must_fit_their_task(raster, tools):
    truth = raster("truth.tif", (1, 64, 64))
    with pytest.raises(LabelError, match=r"truth.tif is a raster; detection needs vector labels"):
        labels_of(tools.run(tools.source(raster("a.tif"), "detection", truth)))
    with pytest.raises(LabelError, match=r"truth.tif has numbers, and no class has a number"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=truth), background=False))
    with pytest.raises(LabelError, match=r"many.tif has 3 bands; a class raster has one"):
        labels_of(tools.run(tools.source(raster("a.tif"), labels=raster("many.tif")), names=("1",)))


def area_of(run):
    labels, reader = labels_of(run)
    return labelled_area(run.sources[0], reader, labels)


def test_a_labelled_area_is_a_layer_a_hull_or_the_raster(raster, layer, tools):
    image = raster("a.tif")
    labels = layer("a.gpkg", [tools.square(10, 10), tools.square(40, 40)])
    zones = layer("zones.gpkg", [tools.square(-20, 0, 40, 30), tools.square(30, 30, 10)], use=["yes", "no"])
    layer_area = Area(kind="layer", path=zones, where="use = 'yes'")
    assert area_of(tools.run(tools.source(image, labels=labels, area=layer_area))).bounds == pytest.approx(
        (0, 0, 20, 30)
    )
    hull = area_of(tools.run(tools.source(image, labels=labels, area=Area(kind="hull"))))
    assert hull.bounds == pytest.approx((10, 10, 46, 46)) and hull.area < 36 * 36
    assert area_of(tools.run(tools.source(image, labels=labels))).area == 64 * 64


def test_a_class_raster_labels_no_more_than_it_covers(raster, tools):
    truth = raster("t.tif", np.eye(32, dtype=np.uint8)[None])
    area = area_of(tools.run(tools.source(raster("a.tif"), labels=truth), names=("1",)))
    assert area.bounds == pytest.approx((0, 0, 32, 32))


def test_an_area_elsewhere_or_without_polygons_is_named(raster, layer, tools):
    image, labels = raster("a.tif"), layer("a.gpkg", [tools.square(10, 10)])
    away = Area(path=layer("away.gpkg", [tools.square(5000, 0)]))
    with pytest.raises(LabelError, match=r"labelled area of .*a.tif does not touch its raster"):
        area_of(tools.run(tools.source(image, labels=labels, area=away)))
    points = Area(path=layer("points.gpkg", [shapely.Point(tools.LEFT + 5, tools.TOP - 5)]))
    with pytest.raises(LabelError, match=r"labelled area's layer points.gpkg has no polygons"):
        area_of(tools.run(tools.source(image, labels=labels, area=points)))


def test_masks_put_together_from_blocks_are_those_painted_at_once():
    rng = np.random.default_rng(0)
    centres = shapely.points(rng.uniform(-50, 700, (60, 2)))
    labels = VectorLabels(shapely.buffer(centres, rng.uniform(2, 60, 60)), rng.integers(-1, 3, 60))
    for window in (Window(-40, 200, 333, 400), Window(255, 256, 1, 2), Window(300, -90, 256, 256)):
        np.testing.assert_array_equal(labels.mask(window), labels._painted(window))
    twice = labels.mask(Window(0, 0, 64, 64))
    twice[:] = 77
    assert not (labels.mask(Window(0, 0, 64, 64)) == 77).any()
