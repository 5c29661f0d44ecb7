"""Layers as the wizard sees them: counts, facts, mistakes, and what they suggest."""

import math
import time

import numpy as np
import pytest
from geodistil.jobs.errors import CancelledError
from geodistil.jobs.sources.counting import Counter, LabelCounts
from geodistil.jobs.sources.draft import Draft, SourceDraft
from geodistil.jobs.sources.facts import likely_class_field, raster_facts
from geodistil.jobs.sources.problems import Inspector, draft_problem, findings, source_problems
from geodistil.jobs.sources.suggestion import suggest, unavailable
from osgeo import gdal
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QApplication


def never():
    return False


def test_labels_are_counted_by_value_on_the_raster_alone(town, make_boxes):
    labels = make_boxes([(1, 1, 5, 5, "car"), (9, 9, 12, 12, "bus"), (20, 1, 25, 5, "car"), (900, 1, 910, 5, "car")])
    counts = Counter(town["north"], labels, "kind")(never)
    assert counts == LabelCounts(by_value={"car": 2, "bus": 1})
    assert counts.total == 3


def test_labels_without_a_value_are_told_apart(town):
    counts = Counter(town["north"], town["cars"], "kind")(never)
    assert counts == LabelCounts(by_value={"car": 2, "bus": 1}, without_value=1)


def test_without_a_field_the_layers_name_is_the_one_value(town):
    assert Counter(town["north"], town["roofs"])(never).by_value == {"roofs": 3}


def test_labels_in_another_coordinate_system_are_found(town, project):
    to_degrees = QgsCoordinateTransform(
        town["cars"].crs(), QgsCoordinateReferenceSystem("EPSG:4326"), project.transformContext()
    )
    degrees = QgsVectorLayer("Polygon?crs=EPSG:4326&field=kind:string", "degrees", "memory")
    for feature in town["cars"].getFeatures():
        geometry = feature.geometry()
        geometry.transform(to_degrees)
        feature.setGeometry(geometry)
        degrees.dataProvider().addFeatures([feature])
    assert Counter(town["north"], degrees, "kind")(never) == Counter(town["north"], town["cars"], "kind")(never)


def test_edits_that_are_not_saved_and_filters_count(town):
    labels = town["cars"]
    labels.startEditing()
    tram = QgsFeature(labels.fields())
    tram.setGeometry(QgsGeometry.fromRect(QgsRectangle(500010, 4999950, 500012, 4999952)))
    tram.setAttributes(["tram"])
    labels.addFeature(tram)
    assert Counter(town["north"], labels, "kind")(never).by_value["tram"] == 1
    labels.rollBack()
    labels.setSubsetString("\"kind\" = 'bus'")
    assert Counter(town["north"], labels, "kind")(never).by_value == {"bus": 1}


def test_layers_that_are_queries_are_counted_too(town, project):
    query = QgsVectorLayer("?query=select kind, geometry from cars where kind = 'car'", "query", "virtual")
    assert query.isValid()
    assert Counter(town["north"], query, "kind")(never).by_value == {"car": 2}


def test_pixels_of_a_class_raster_are_counted_where_the_imagery_is(town, make_raster, tmp_path):
    classes = np.random.default_rng(1).integers(0, 4, (1, 200, 160)).astype("uint8")
    layer = QgsRasterLayer(str(make_raster(tmp_path / "classes.tif", classes)), "classes")
    counts = Counter(town["north"], layer)(never)  # 128 x 128 pixels from the same corner
    expected = {str(value): int((classes[0, :128, :128] == value).sum()) for value in (1, 2, 3)}
    assert counts.pixels and counts.by_value == expected


def test_a_raster_of_measurements_has_no_classes(town, make_raster, tmp_path):
    heights = np.linspace(0, 1, 64, dtype="float32").reshape(1, 8, 8)
    layer = QgsRasterLayer(str(make_raster(tmp_path / "heights.tif", heights)), "heights")
    assert Counter(town["north"], layer)(never).too_many


def test_a_cancelled_count_ends(town):
    with pytest.raises(CancelledError):
        Counter(town["north"], town["cars"], "kind")(lambda: True)


def test_the_ground_sampling_distance_is_on_the_ground(make_raster, tmp_path, project):
    image = np.zeros((3, 64, 64), "uint8")
    mercator = QgsRasterLayer(str(make_raster(tmp_path / "mercator.tif", image, crs=3857)), "mercator")
    latitude = math.atan(math.sinh(4_999_984 / 6_378_137))
    assert raster_facts(mercator).gsd == pytest.approx(0.5 * math.cos(latitude), rel=0.005)


def test_facts_of_a_raster_that_is_a_file(town, tmp_path):
    facts = raster_facts(town["north"])
    assert (facts.path, facts.bands, facts.dtype, facts.columns) == (str(tmp_path / "north.tif"), 3, "uint8", 128)
    assert facts.gsd == pytest.approx(0.5, rel=0.001)


def test_a_path_relative_to_the_working_folder_becomes_absolute(town, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert raster_facts(QgsRasterLayer("north.tif", "north")).path == str(tmp_path / "north.tif")


def test_the_field_a_layer_is_drawn_by_is_the_likely_one(town):
    assert likely_class_field(town["cars"]) == "kind"
    other = QgsVectorLayer("Polygon?field=a:string&field=b:string", "x", "memory")
    assert likely_class_field(other) == ""
    other.setRenderer(QgsCategorizedSymbolRenderer("b", []))
    assert likely_class_field(other) == "b"


@pytest.fixture
def chosen(town):
    """A source that is all right, and what is to be changed of it."""

    def choose(**changes):
        ids = {name: layer.id() for name, layer in town.items()}
        names = {"raster": "north", "role": "detection", "labels": "cars", "field": "kind", **changes}
        return SourceDraft(**{key: ids.get(value, value) for key, value in names.items()})

    return choose


def test_a_good_source_has_no_problem(town, chosen, project):
    assert source_problems(chosen(), LabelCounts({"car": 1}), project) == {}


@pytest.mark.parametrize(
    ("changes", "counts", "field", "sentence"),
    [
        ({"labels": ""}, None, "labels", "Choose the layer that has the labels"),
        ({"field": "colour"}, None, "field", "cars has no field colour"),
        ({"area": "layer"}, None, "area_layer", "Choose the layer that outlines"),
        ({}, LabelCounts(), "labels", "No label of cars lies on north"),
        ({}, LabelCounts(without_value=4), "field", "All 4 labels on this raster are without a value"),
        ({}, LabelCounts(too_many=True), "field", "The field kind has more than 254 different values"),
        (
            {"area": "layer", "area_layer": "roofs"},
            LabelCounts({"car": 1}, in_area=0),
            "area_layer",
            "No polygon of roofs lies on north",
        ),
    ],
)
def test_mistakes_are_told_at_their_field(town, chosen, project, changes, counts, field, sentence):
    problems = source_problems(chosen(**changes), counts, project)
    assert list(problems) == [field] and sentence in problems[field]


@pytest.mark.parametrize(
    ("role", "uri", "sentence"),
    [
        ("detection", "LineString?crs=EPSG:32633", "has lines; labels are areas"),
        ("segmentation", "Point?crs=EPSG:32633", "has points; segmentation needs polygons"),
        ("detection", "NoGeometry", "has no geometry"),
        ("detection", "Polygon", "has no coordinate reference system"),
    ],
)
def test_label_layers_of_the_wrong_kind_are_refused(town, chosen, project, role, uri, sentence):
    layer = QgsVectorLayer(uri, "wrong", "memory")
    if uri == "Polygon":
        layer.setCrs(QgsCoordinateReferenceSystem())
    project.addMapLayer(layer)
    problems = source_problems(chosen(role=role, labels=layer.id(), field=""), None, project)
    assert list(problems) == ["labels"] and sentence in problems["labels"]


def test_points_need_a_box(town, chosen, project):
    points = QgsVectorLayer("Point?crs=EPSG:32633", "trees", "memory")
    project.addMapLayer(points)
    source = chosen(labels=points.id(), field="")
    assert "trees has points" in source_problems(source, None, project)["box_size"]
    source.box_size = 4.0
    assert source_problems(source, None, project) == {}


def test_a_class_raster_is_no_labels_for_boxes(town, chosen, project):
    problems = source_problems(chosen(labels="south", field=""), None, project)
    assert "south is a raster; detection needs polygons or points" in problems["labels"]


def test_a_crs_set_by_hand_is_refused_for_rasters_and_meant_for_vectors(town, chosen, project, prepare, draft):
    town["cars"].setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    assert source_problems(chosen(), None, project) == {}
    folder, run = prepare(draft)
    copy = QgsVectorLayer(str(folder / run["sources"][0]["labels"]["path"]), "copy", "ogr")
    assert copy.crs().authid() == "EPSG:32632"
    town["north"].setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    problems = source_problems(chosen(), None, project)
    assert list(problems) == ["raster"] and "north is shown in EPSG:32632" in problems["raster"]
    problems = source_problems(chosen(role="segmentation", raster="south", labels="north"), None, project)
    assert list(problems) == ["labels"] and "north is shown in EPSG:32632" in problems["labels"]


def test_a_raster_without_crs_is_refused_even_where_qgis_was_told_one(make_raster, tmp_path, project):
    bare = QgsRasterLayer(str(make_raster(tmp_path / "bare.tif", np.zeros((3, 8, 8), "uint8"), crs=None)), "bare")
    bare.setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    project.addMapLayer(bare)
    problems = source_problems(SourceDraft(bare.id()), None, project)
    assert "The raster bare has no coordinate reference system" in problems["raster"]


def test_a_raster_that_is_no_file_needs_an_extent(town, project, tmp_path):
    gdal.Translate(str(tmp_path / "in.gpkg"), town["north"].source(), format="GPKG", creationOptions=["RASTER_TABLE=t"])
    inside = QgsRasterLayer(f"GPKG:{tmp_path / 'in.gpkg'}:t", "inside")
    project.addMapLayer(inside)
    source = SourceDraft(inside.id())
    assert "inside is no file" in source_problems(source, None, project)["extent"]
    source.extent = (500000.0, 4999990.0, 500010.0, 5000000.0)
    assert source_problems(source, None, project) == {}


def test_a_layer_that_was_removed_is_told(town, chosen, project):
    source = chosen()
    project.removeMapLayer(source.raster)
    assert source_problems(source, None, project) == {"raster": "This raster is no longer in the project."}


def test_a_draft_needs_sources_and_something_labelled(chosen):
    assert "Add the imagery" in draft_problem(Draft())
    assert "Nothing is labelled yet" in draft_problem(Draft([SourceDraft("north")]))
    assert draft_problem(Draft([chosen(), SourceDraft("south")])) == ""


@pytest.mark.timed
def test_counting_leaves_the_window_alive(town, project, wait):
    """50,000 features: QGIS's own loop must go round while they are counted."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=kind:string", "many", "memory")
    features = []
    for number in range(50_000):
        feature = QgsFeature(layer.fields())
        west, south = 500000 + number % 250 / 4, 4999937 + number // 250 / 4
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, south, west + 0.2, south + 0.2)))
        feature.setAttributes(["abcd"[number % 4]])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    project.addMapLayer(layer)
    inspector = Inspector(project)
    source = SourceDraft(town["north"].id(), "detection", layer.id(), "kind")
    worst, last = 0.0, time.perf_counter()
    while inspector.counts(source) is None:
        QApplication.processEvents()
        worst, last = max(worst, time.perf_counter() - last), time.perf_counter()
    assert inspector.counts(source).total == 50_000
    assert worst < 0.1


def test_an_inspector_tells_when_it_has_counted_and_counts_once(town, chosen, project, wait):
    inspector, told = Inspector(project), []
    inspector.counted.connect(lambda: told.append(1))
    source = chosen()
    assert inspector.counts(source) is None and inspector.counting(source)
    wait(lambda: told)
    assert inspector.counts(source).total == 3 and not inspector.counting(source)
    assert told == [1] and inspector.problems(source) == {}


@pytest.mark.parametrize(
    ("roles", "kind", "why"),
    [
        ({"detection", "segmentation"}, "partial_multitask", "boxes and other imagery has areas"),
        ({"detection", "segmentation", "unlabelled"}, "partial_multitask", "unlabelled imagery too"),
        ({"segmentation", "unlabelled"}, "semi_supervised", "more imagery without labels"),
        ({"segmentation"}, "supervised", "same task"),
        ({"detection", "unlabelled"}, "supervised", "only boxes"),
    ],
)
def test_the_suggested_recipe_fits_the_roles_and_says_why(roles, kind, why):
    suggested, reason = suggest(roles)
    assert suggested == kind and why in reason
    assert unavailable(kind, roles) == ""


def test_recipes_that_do_not_fit_say_what_they_need():
    assert "boxes and imagery with areas" in unavailable("partial_multitask", {"detection"})
    assert "imagery without labels" in unavailable("semi_supervised", {"segmentation"})


def test_differences_between_rasters_are_explained(town, make_raster, tmp_path):
    other = np.full((1, 32, 32), 7, "uint8")
    path = make_raster(tmp_path / "grey.tif", other, crs=32632)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetNoDataValue(0)
    dataset.FlushCache()
    facts = [raster_facts(town["north"]), raster_facts(QgsRasterLayer(str(path), "grey"))]
    text = " ".join(findings(facts, 0.2))
    assert "EPSG:32632, EPSG:32633" in text and "north has 0.50 m per pixel and the model 0.20 m" in text
    assert "numbers of bands (1, 3)" in text and "Only grey say" in text
    assert findings(facts[:1], 0.5) == []
