"""Label layers: made, taken, kept with the project, and what is said where one cannot be used."""

import gc

import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.labelling.layers import (
    Labelling,
    labels_note,
    layer_problem,
    make_labels,
    recovered_area,
    take_labels,
    usual_path,
)
from geodistil.jobs.labelling.link import LabelClass, area_of, label_layers, raster_of, read_link
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer, QgsWkbTypes

from .conftest import CLASSES


def test_a_new_layer_has_the_fields_the_crs_and_the_colours(make, north, project, tmp_path):
    layer = make()
    assert [field.name() for field in layer.fields()] == ["fid", "class", "origin", "made_at", "model"]
    assert (layer.crs(), layer.wkbType()) == (north.crs(), QgsWkbTypes.Type.Polygon)
    categories = {each.value(): each.symbol().color().name() for each in layer.renderer().categories()}
    assert categories["car"] == "#e6194b" and categories["truck"] == "#4363d8"
    area = area_of(read_link(layer), project)
    assert area.source() == f"{tmp_path / 'made.gpkg'}|layername=labelled_area"
    order = [each.name() for each in project.layerTreeRoot().layerOrder()]
    assert order == ["north: labels", "north: labelled area", "north"]


def test_areas_have_several_parts_and_go_beside_the_raster(north, project, tmp_path):
    path = usual_path(north, "segmentation")
    assert path == tmp_path / "north_labels_segmentation.gpkg"
    layer = make_labels(north, path, "segmentation", CLASSES, project)
    assert layer.wkbType() == QgsWkbTypes.Type.MultiPolygon
    assert usual_path(north, "segmentation") == tmp_path / "north_labels_segmentation_2.gpkg"


def test_what_belongs_together_comes_back_with_the_project(make, north, project, tmp_path):
    link = read_link(make("segmentation"))
    project.write(str(tmp_path / "town.qgz"))
    project.clear()
    project.read(str(tmp_path / "town.qgz"))
    (layer,) = label_layers(project)
    assert read_link(layer) == link and link.role == "segmentation" and list(link.classes) == CLASSES
    assert raster_of(link, project).name() == "north" and area_of(link, project).isValid()


def test_a_raster_that_was_added_anew_is_found_by_its_file(make, north, project):
    from qgis.core import QgsRasterLayer

    layer, source = make(), north.source()
    project.removeMapLayer(north.id())
    assert raster_of(read_link(layer), project) is None
    assert "not in the project" in labels_note(layer, read_link(layer), project)
    again = QgsRasterLayer(source, "again")
    project.addMapLayer(again)
    assert raster_of(read_link(layer), project) is again


def test_an_area_layer_that_was_removed_is_opened_again(make, project):
    layer = make()
    project.removeMapLayer(read_link(layer).area)
    area = recovered_area(layer, read_link(layer), project)
    assert area.isValid() and read_link(layer).area == area.id()


def test_taking_a_layer_gives_its_values_classes_and_changes_no_feature(north, project, make_boxes, tmp_path):
    layer = make_boxes([(8, 8, 20, 20, "bus"), (8, 40, 20, 50, "car"), (80, 80, 90, 90, None)])
    project.addMapLayer(layer)
    take_labels(layer, north, Labelling("detection", "kind", [LabelClass("car", "#123456")]), project)
    link = read_link(layer)
    assert link.names() == ["car", "bus"] and link.classes[0].color == "#123456" and link.field == "kind"
    assert sorted(str(each["kind"]) for each in layer.getFeatures()) == ["NULL", "bus", "car"]
    assert area_of(link, project).source().startswith(str(tmp_path / "boxes_labelled_area.gpkg"))


@pytest.mark.parametrize(
    ("definition", "field", "names", "sentence"),
    [
        ("Polygon?crs=EPSG:32633&field=kind:string", "kind", ["car"], ""),
        ("Point?crs=EPSG:32633&field=kind:integer", "kind", ["12"], ""),
        ("Polygon?crs=EPSG:32633&field=kind:integer", "kind", ["12", "car"], "cannot be called car"),
        ("Polygon?crs=EPSG:32633&field=kind:double", "kind", [], "neither text nor whole numbers"),
        ("Polygon?crs=EPSG:32633&field=kind:date", "kind", [], "neither text nor whole numbers"),
        ("Polygon?crs=EPSG:32633&field=kind:string", "sort", [], "has no class field sort"),
        ("LineString?crs=EPSG:32633&field=kind:string", "kind", [], "neither polygons nor points"),
        ("Polygon?field=kind:string", "kind", [], "has no coordinate reference system"),
    ],
)
def test_a_layer_that_cannot_be_used_has_its_sentence(qgis_app, definition, field, names, sentence):
    layer = QgsVectorLayer(definition, "cars", "memory")
    if "crs" not in definition:
        layer.setCrs(QgsCoordinateReferenceSystem())
    found = layer_problem(layer, field, names)
    assert bool(found) == bool(sentence) and sentence in found and ("cars" in found or not sentence)


def test_read_only_and_vanished_layers_have_their_sentences(make, tmp_path, qgis_app):
    layer = make()
    layer.setReadOnly(True)
    assert "is read-only" in layer_problem(layer, "class", [])
    gone = QgsVectorLayer(f"{tmp_path / 'nothing.gpkg'}|layername=labels", "cars", "ogr")
    assert "cannot be opened any more" in layer_problem(gone, "class", [])


def test_labels_in_another_crs_are_noted(north, project, make_boxes):
    layer = make_boxes([], crs="EPSG:3857")
    project.addMapLayer(layer)
    take_labels(layer, north, Labelling("detection", "kind", CLASSES), project)
    note = labels_note(layer, read_link(layer), project)
    assert "EPSG:3857" in note and "EPSG:32633" in note


def test_refusals_name_the_thing(north, project, tmp_path):
    with pytest.raises(GeoDistilError, match="no class yet"):
        make_labels(north, tmp_path / "a.gpkg", "detection", [], project)
    with pytest.raises(GeoDistilError, match="Two classes are called car"):
        make_labels(north, tmp_path / "a.gpkg", "detection", [CLASSES[0]] * 2, project)
    with pytest.raises(GeoDistilError, match="cannot be written"):
        make_labels(north, tmp_path / "no" / "folder" / "a.gpkg", "detection", CLASSES, project)
    (tmp_path / "there.gpkg").touch()
    with pytest.raises(GeoDistilError, match="is there already"):
        make_labels(north, tmp_path / "there.gpkg", "detection", CLASSES, project)
    assert label_layers(project) == []


def test_a_layer_of_a_geopackage_gets_its_area_there(make, north, project, tmp_path):
    """Also where the layer is open and was edited."""
    layer = make()
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500000, 4999990, 500010, 5000000)))
    feature["class"] = "car"
    layer.startEditing()
    layer.addFeature(feature)
    project.removeMapLayer(read_link(layer).area)
    gc.collect()
    from osgeo import gdal, ogr

    gdal.OpenEx(str(tmp_path / "made.gpkg"), gdal.OF_UPDATE | gdal.OF_VECTOR).ExecuteSQL("DROP TABLE labelled_area")
    area = recovered_area(layer, read_link(layer), project)
    assert area.isValid() and layer.commitChanges()
    assert {each.GetName() for each in ogr.Open(str(tmp_path / "made.gpkg"))} == {"labels", "labelled_area"}
