"""Layers become a run folder that the engine can read without QGIS."""

import json

import numpy as np
import pytest
from geodistil.jobs.classes import class_definitions
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.run_folder import RoleLayers, RunFolder, RunSettings, merge_patch
from geodistil.jobs.snapshots import raster_path
from osgeo import gdal
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime
from qgis.PyQt.QtGui import QColor

CARS = [(10, 10, 20, 20, "car"), (30, 30, 40, 40, "bus"), (50, 10, 60, 20, "car"), (5, 50, 9, 60, None)]


@pytest.fixture
def image(make_raster, tmp_path, project):
    path = make_raster(tmp_path / "town.tif", np.zeros((3, 64, 64), "uint8"))
    return QgsRasterLayer(str(path), "town")


def settings(**options):
    return RunSettings("run", {"kind": "supervised"}, {"budget": {"steps": 2}}, options=options)


def read_snapshot(path):
    layer = QgsVectorLayer(str(path), "snapshot", "ogr")
    assert layer.isValid()
    return layer


def test_a_run_file_names_rasters_labels_area_and_classes(image, make_boxes, tmp_path):
    roles = [
        RoleLayers("detection", [image], make_boxes(CARS), "kind", area=make_boxes([(0, 0, 64, 64, "")], "where")),
        RoleLayers("segmentation", [image], make_boxes([(0, 0, 9, 9, "")], "roofs")),
        RoleLayers("unlabelled", [image]),
    ]
    run = json.loads(RunFolder(tmp_path / "run", roles, settings()).write().read_text())
    raster = str(tmp_path / "town.tif")
    assert run == {
        "version": 2,
        "name": "run",
        "sources": [
            {
                "raster": raster,
                "name": "town",
                "role": "detection",
                "labels": {
                    "path": "labels/detection.gpkg",
                    "layer": "detection",
                    "field": "class",
                    "ignore_values": ["NULL", ""],
                },
                "area": {"kind": "layer", "path": "labels/detection_area.gpkg", "layer": "detection_area"},
            },
            {
                "raster": raster,
                "name": "town",
                "role": "segmentation",
                "labels": {"path": "labels/segmentation.gpkg", "layer": "segmentation"},
                "area": {"kind": "raster"},
            },
            {"raster": raster, "name": "town", "role": "unlabelled"},
        ],
        "background": True,
        "detection_classes": [
            {"name": "bus", "color": "#e6194b", "values": ["bus"]},
            {"name": "car", "color": "#4363d8", "values": ["car"]},
        ],
        "segmentation_classes": [{"name": "roofs", "color": "#ffe119", "values": []}],
        "recipe": {"kind": "supervised"},
        "training": {"budget": {"steps": 2}},
    }


def test_a_memory_layer_is_copied_with_geometry_class_and_crs(image, make_boxes, tmp_path):
    RunFolder(tmp_path, [RoleLayers("detection", [image], make_boxes(CARS), "kind")], settings()).write()
    copy = read_snapshot(tmp_path / "labels" / "detection.gpkg")
    assert copy.crs().authid() == "EPSG:32633"
    assert [field.name() for field in copy.fields()] == ["fid", "class"]
    first = next(copy.getFeatures())
    assert first["class"] == "car"
    assert first.geometry().boundingBox().toString(1) == "500005.0,4999990.0 : 500010.0,4999995.0"


def test_a_layer_filter_and_a_selection_narrow_what_is_copied(image, make_boxes, tmp_path):
    labels = make_boxes(CARS)
    labels.setSubsetString("kind = 'car'")
    role = RoleLayers("detection", [image], labels, "kind")
    RunFolder(tmp_path / "filtered", [role], settings()).write()
    assert read_snapshot(tmp_path / "filtered/labels/detection.gpkg").featureCount() == 2
    labels.selectByIds([next(labels.getFeatures()).id()])
    role.selected_only = True
    RunFolder(tmp_path / "selected", [role], settings()).write()
    assert read_snapshot(tmp_path / "selected/labels/detection.gpkg").featureCount() == 1


def test_only_selected_values_are_classes(make_boxes, project):
    labels = make_boxes(CARS)
    labels.selectByExpression("kind = 'bus'")
    assert [each["name"] for each in class_definitions(labels, "kind", selected_only=True)] == ["bus"]


def test_edits_that_are_not_saved_yet_are_copied(image, make_boxes, tmp_path):
    labels = make_boxes(CARS)
    labels.startEditing()
    added = QgsFeature(labels.fields())
    added.setGeometry(QgsGeometry.fromWkt("Polygon((500000 4999990,500001 4999990,500001 4999991,500000 4999990))"))
    added.setAttributes(["tram"])
    labels.addFeature(added)
    RunFolder(tmp_path, [RoleLayers("detection", [image], labels, "kind")], settings()).write()
    values = {feature["class"] for feature in read_snapshot(tmp_path / "labels/detection.gpkg").getFeatures()}
    assert "tram" in values


def test_curves_become_straight_lines(image, tmp_path):
    labels = QgsVectorLayer("CurvePolygon?crs=EPSG:32633", "round", "memory")
    disc = QgsFeature()
    disc.setGeometry(
        QgsGeometry.fromWkt(
            "CurvePolygon(CircularString(500000 4999990,500005 4999995,500010 4999990,500005 4999985,500000 4999990))"
        )
    )
    labels.dataProvider().addFeatures([disc])
    RunFolder(tmp_path, [RoleLayers("segmentation", [image], labels)], settings()).write()
    geometry = next(read_snapshot(tmp_path / "labels/segmentation.gpkg").getFeatures()).geometry()
    assert "Curve" not in geometry.asWkt() and geometry.area() == pytest.approx(np.pi * 25, rel=0.01)


@pytest.mark.parametrize("name", ["fid", "geom", "class", "ogc_fid", "Geometry"])
def test_a_class_field_may_have_any_name(image, make_boxes, tmp_path, name):
    labels = make_boxes([(0, 0, 9, 9, 7), (9, 9, 12, 12, 7)], field=f"{name}:integer")
    RunFolder(tmp_path, [RoleLayers("detection", [image], labels, name)], settings()).write()
    copies = read_snapshot(tmp_path / "labels/detection.gpkg").getFeatures()
    assert [feature["class"] for feature in copies] == ["7", "7"]


def test_numbers_are_classes_in_numeric_order_and_written_without_a_point(make_boxes, project):
    labels = make_boxes([(0, 0, 9, 9, value) for value in (10.0, 2.0, 2.5)], field="kind:double")
    assert [each["values"] for each in class_definitions(labels, "kind")] == [["2"], ["10"], ["2.5"]]


def test_names_and_colours_come_from_a_categorised_layer(make_boxes, project):
    labels = make_boxes(CARS)
    symbol = QgsFillSymbol.createSimple({"color": "#123456"})
    labels.setRenderer(QgsCategorizedSymbolRenderer("kind", [QgsRendererCategory("car", symbol, "Cars")]))
    assert class_definitions(labels, "kind") == [
        {"name": "bus", "color": "#e6194b", "values": ["bus"]},
        {"name": "Cars", "color": "#123456", "values": ["car"]},
    ]


def test_a_class_raster_gives_its_values_with_names_and_colours(make_raster, tmp_path, project, image):
    classes = np.zeros((1, 64, 64), "uint8")
    classes[0, :20], classes[0, 20:40] = 3, 5
    layer = QgsRasterLayer(str(make_raster(tmp_path / "classes.tif", classes)), "classes")
    assert [each["values"] for each in class_definitions(layer)] == [["3"], ["5"]]
    entries = [QgsPalettedRasterRenderer.Class(3, QColor("#00ff00"), "grass")]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, entries))
    assert class_definitions(layer) == [{"name": "grass", "color": "#00ff00", "values": ["3"]}]
    role = RoleLayers("segmentation", [image], layer, background=False)
    run = json.loads(RunFolder(tmp_path / "run", [role], settings()).write().read_text())
    assert run["background"] is False
    assert run["sources"][0]["labels"] == {"path": str(tmp_path / "classes.tif"), "ignore_values": ["0"]}


def test_a_field_of_numbers_that_are_no_classes_is_refused(make_boxes, project):
    labels = make_boxes([(0, 0, 9, 9, value) for value in range(300)], field="id:integer")
    with pytest.raises(GeoDistilError, match="Field id of layer boxes has 300 different values"):
        class_definitions(labels, "id")


@pytest.mark.parametrize(
    ("crs", "boxes", "sentence"),
    [("", CARS, "no coordinate reference system"), ("EPSG:32633", [], "has no features")],
)
def test_label_layers_that_cannot_be_used_are_named(image, make_boxes, tmp_path, crs, boxes, sentence):
    with pytest.raises(GeoDistilError, match=f"The layer boxes.*{sentence}"):
        RunFolder(tmp_path, [RoleLayers("detection", [image], make_boxes(boxes, crs=crs))], settings()).write()


def test_a_raster_that_is_no_file_is_named(qgis_app, image, tmp_path):
    service = QgsRasterLayer("type=xyz&url=https://tiles.invalid/{z}/{x}/{y}.png", "tiles", "wms")
    with pytest.raises(GeoDistilError, match=r"The layer tiles \(wms\) is not a raster file"):
        raster_path(service)
    gdal.Translate(str(tmp_path / "in.gpkg"), image.source(), format="GPKG", creationOptions=["RASTER_TABLE=town"])
    inside = QgsRasterLayer(f"GPKG:{tmp_path / 'in.gpkg'}:town", "inside")
    assert inside.isValid()
    with pytest.raises(GeoDistilError, match="The layer inside"):
        raster_path(inside)


def test_a_raster_without_crs_is_named(make_raster, tmp_path, project):
    layer = QgsRasterLayer(str(make_raster(tmp_path / "bare.tif", np.zeros((1, 8, 8), "uint8"), crs=None)), "bare")
    with pytest.raises(GeoDistilError, match="The layer bare has no coordinate reference system"):
        raster_path(layer)


def test_options_are_merged_as_a_json_merge_patch():
    values = {"training": {"budget": {"minutes": 60}, "seed": 1}, "name": "a"}
    patch = {"training": {"budget": {"minutes": None, "epochs": 2}}, "split": {"validation": 0.5}}
    assert merge_patch(values, patch) == {
        "training": {"budget": {"epochs": 2}, "seed": 1},
        "name": "a",
        "split": {"validation": 0.5},
    }


def test_dates_are_classes_in_isos_form(image, make_boxes, tmp_path):
    dates = make_boxes([(0, 0, 9, 9, QDate(2020, 1, 2)), (9, 9, 20, 20, None)], field="day:date")
    times = make_boxes([(0, 0, 9, 9, QDateTime(2020, 1, 2, 3, 4))], field="day:datetime")
    for number, (labels, text) in enumerate([(dates, "2020-01-02"), (times, "2020-01-02T03:04:00")]):
        role = RoleLayers("detection", [image], labels, "day")
        run = json.loads(RunFolder(tmp_path / str(number), [role], settings()).write().read_text())
        assert [each["values"] for each in run["detection_classes"]] == [[text]]
        copies = read_snapshot(tmp_path / str(number) / "labels/detection.gpkg").getFeatures()
        assert [feature["class"] for feature in copies] == [text, "NULL"][: labels.featureCount()]


@pytest.fixture
def begun(image, make_boxes, tmp_path):
    """A run of which there are checkpoints: its roles, and a function that asks for the next training."""
    roles = [
        RoleLayers("detection", [image], make_boxes(CARS), "kind", area=make_boxes([(0, 0, 64, 64, "")], "where")),
        RoleLayers("segmentation", [image], make_boxes([(0, 0, 9, 9, "")], "roofs")),
    ]
    folder = tmp_path / "run"
    RunFolder(folder, roles, settings()).write()
    (folder / "checkpoints").mkdir()
    return (
        folder,
        roles,
        lambda **options: json.loads(RunFolder(folder, roles, settings(**options)).write().read_text()),
    )


def test_a_folder_with_checkpoints_goes_on_with_other_names_and_another_budget(begun):
    folder, roles, again = begun
    before = json.loads((folder / "run.json").read_text())
    copies = {path.name: path.read_bytes() for path in (folder / "labels").iterdir()}
    for role in roles:
        role.labels.setName("renamed")
        role.rasters[0].setName("city")
    run = again(name="other", training={"budget": {"steps": 9}, "device": "cpu"})
    assert run == {**before, "name": "other", "training": {"budget": {"steps": 9}, "device": "cpu"}}
    assert {path.name: path.read_bytes() for path in (folder / "labels").iterdir()} == copies
    assert not (folder / "labels.new").exists()


@pytest.mark.parametrize("moved", ["labels", "area"])
def test_a_folder_with_checkpoints_is_not_trained_on_with_features_that_have_moved(begun, moved):
    folder, roles, again = begun
    copies = {path.name: path.read_bytes() for path in (folder / "labels").iterdir()}
    layer = getattr(roles[0], moved)
    first = next(layer.getFeatures())
    shape = first.geometry()
    shape.translate(1, 0)
    layer.dataProvider().changeGeometryValues({first.id(): shape})
    with pytest.raises(GeoDistilError, match=rf"holds a run with other layers or settings \(sources\.1\.{moved}"):
        again()
    assert {path.name: path.read_bytes() for path in (folder / "labels").iterdir()} == copies
    assert not (folder / "labels.new").exists()


def test_a_folder_with_checkpoints_is_not_trained_on_with_other_settings_or_values(begun):
    _, roles, again = begun
    for options in ({"gsd": 1.0}, {"training": {"seed": 4}}, {"recipe": {"kind": "partial_multitask"}}):
        with pytest.raises(GeoDistilError, match="holds a run with other layers or settings"):
            again(**options)
    labels = roles[0].labels
    labels.dataProvider().changeAttributeValues({next(labels.getFeatures()).id(): {0: "tram"}})
    with pytest.raises(GeoDistilError, match="holds a run with other layers or settings"):
        again()


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_a_folder_whose_run_file_is_broken_says_so(begun, text):
    folder, _, again = begun
    (folder / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(GeoDistilError, match=r"The run file .*run\.json is broken"):
        again()


def test_a_raster_whose_crs_was_set_by_hand_is_refused(image):
    assert raster_path(image)
    image.setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    with pytest.raises(GeoDistilError, match=r"The layer town is shown in EPSG:32632.*but its file says EPSG:32633"):
        raster_path(image)


def test_a_crs_set_by_hand_travels_with_labels(image, make_boxes, tmp_path):
    labels = make_boxes(CARS)
    labels.setCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    RunFolder(tmp_path, [RoleLayers("detection", [image], labels, "kind")], settings()).write()
    assert read_snapshot(tmp_path / "labels/detection.gpkg").crs().authid() == "EPSG:32632"


def test_a_folder_that_cannot_be_made_is_named(image, make_boxes, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GeoDistilError, match="file/run cannot be written"):
        RunFolder(tmp_path / "file" / "run", [RoleLayers("unlabelled", [image])], settings()).write()
