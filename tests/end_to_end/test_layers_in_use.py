"""Layers as people have them open in QGIS: filtered, edited and not saved, with joined and calculated fields."""

import numpy as np
import processing
import pytest
from qgis.core import (
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerJoinInfo,
)
from qgis.PyQt.QtCore import QVariant

SAID = {"model_type": "Segmentor", "resolution": 50, "class_names": ["background", "red", "blue"]}


@pytest.fixture
def model(cache, make_onnx):
    return str(make_onnx(SAID))


@pytest.fixture
def class_map(make_raster, boxes, tmp_path):
    """The blocks as a class map that is right everywhere."""
    values = np.zeros((1, 192, 192), "uint8")
    for left, top, right, bottom, kind in boxes:
        values[0, top:bottom, left:right] = {"red": 1, "blue": 2}[kind]
    return QgsRasterLayer(str(make_raster(tmp_path / "perfect.tif", values)), "perfect")


def stored(layer, folder, project):
    """A layer as a GeoPackage of its name, in the project."""
    path, options = str(folder / f"{layer.name()}.gpkg"), QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, project.transformContext(), options)
    copy = QgsVectorLayer(path, layer.name(), "ogr")
    project.addMapLayer(copy)
    return copy


@pytest.fixture
def blocks(project, make_boxes, boxes, tmp_path):
    """The blocks as a layer of a file, with a feature that is wrong everywhere."""
    layer = stored(make_boxes([*boxes, (0, 0, 192, 192, "wrong")], "blocks"), tmp_path, project)
    assert layer.featureCount() == len(boxes) + 1
    return layer


def wrong_of(layer):
    return next(feature for feature in layer.getFeatures() if feature["kind"] == "wrong")


def filtered(layer):
    assert layer.setSubsetString("\"kind\" <> 'wrong'")


def deleted(layer):
    layer.startEditing()
    layer.deleteFeature(wrong_of(layer).id())
    return "kind"


def reshaped(layer):
    """The wrong one becomes a copy of a right one."""
    layer.startEditing()
    right = next(feature for feature in layer.getFeatures() if feature["kind"] == "red")
    layer.changeGeometry(wrong_of(layer).id(), right.geometry())
    layer.changeAttributeValue(wrong_of(layer).id(), layer.fields().lookupField("kind"), "red")
    return "kind"


def added(layer):
    """A right one is away in the file, and back in the edits; the wrong one is filtered out."""
    filtered(layer)
    right = next(feature for feature in layer.getFeatures() if feature["kind"] == "blue")
    layer.dataProvider().deleteFeatures([right.id()])
    layer.startEditing()
    again = QgsFeature(layer.fields())
    again.setGeometry(right.geometry())
    again["kind"] = "blue"
    layer.addFeature(again)
    return "kind"


def calculated_while_edited(layer):
    filtered(layer)
    layer.addExpressionField("if(\"kind\" = 'red', 'red', 'blue')", QgsField("colour", QVariant.String))
    layer.startEditing()
    first = next(layer.getFeatures())
    layer.changeGeometry(first.id(), QgsGeometry(first.geometry()))
    return "colour"


def joined(layer):
    filtered(layer)
    table = QgsVectorLayer("NoGeometry?field=code:string&field=colour:string", "legend", "memory")
    for code in ("red", "blue"):
        row = QgsFeature(table.fields())
        row.setAttributes([code, code])
        table.dataProvider().addFeature(row)
    QgsProject.instance().addMapLayer(table)
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("code")
    join.setTargetFieldName("kind")
    join.setUsingMemoryCache(True)
    join.setPrefix("of_")
    assert layer.addJoin(join)
    return "of_colour"


USES = [deleted, reshaped, added, calculated_while_edited, joined]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_labels_are_scored_as_they_are_on_the_screen(provider, model, class_map, blocks, use):
    field = use(blocks)
    results = processing.run(
        "geodistil:evaluate", {"PREDICTIONS": class_map, "LABELS": blocks, "FIELD": field, "MODEL": model}
    )
    assert results["MEAN_IOU"] == pytest.approx(1)


def test_predictions_and_areas_too(provider, model, town_layers, project, make_boxes, tmp_path):
    imagery, _ = town_layers
    area = make_boxes([(0, 0, 96, 192, "west"), (96, 0, 192, 192, "east")], "area")
    project.addMapLayer(area)
    area.startEditing()
    feature = next(each for each in area.getFeatures() if each["kind"] == "west")
    box = feature.geometry().boundingBox()
    half = QgsRectangle(box.xMinimum(), box.yMinimum(), box.center().x(), box.yMaximum())
    area.changeGeometry(feature.id(), QgsGeometry.fromRect(half))
    area.deleteFeature(next(each for each in area.getFeatures() if each["kind"] == "east").id())
    parameters = {"MODEL": model, "RASTER": imagery, "BACKEND": "onnxruntime", "AREA": area}
    results = processing.run("geodistil:predict", {**parameters, "CLASSES": str(tmp_path / "classes.tif")})
    layer = QgsRasterLayer(results["CLASSES"], "map")
    assert (layer.width(), layer.height()) == (48, 192), "the area as it is edited"


@pytest.fixture
def area(project, make_boxes, tmp_path):
    """Both halves of the town as polygons of a file."""
    return stored(make_boxes([(0, 0, 96, 192, "west"), (96, 0, 192, 192, "east")], "area"), tmp_path, project)


def west_of(layer):
    return next(feature for feature in layer.getFeatures() if feature["kind"] == "west")


def only_west(area):
    assert area.setSubsetString("\"kind\" = 'west'")
    return area


def only_west_by_address(area):
    return f"{area.source().partition('|')[0]}|layername=area|subset=\"kind\" = 'west'"


def selected(area):
    area.select(west_of(area).id())
    return QgsProcessingFeatureSourceDefinition(area.id(), True)


def selected_of_a_filter(area):
    only_west(area).selectAll()
    return QgsProcessingFeatureSourceDefinition(area.id(), True)


def cut_back(area):
    """Filtered, and what the filter leaves is edited: the one feature becomes two quarters side by side."""
    only_west(area).startEditing()
    feature = west_of(area)
    box = feature.geometry().boundingBox()
    middle = box.center()
    left = QgsRectangle(box.xMinimum(), box.yMinimum(), middle.x(), box.yMaximum())
    area.changeGeometry(feature.id(), QgsGeometry.fromRect(left))
    other = QgsFeature(area.fields())
    other.setGeometry(QgsGeometry.fromRect(QgsRectangle(middle.x(), box.yMinimum(), box.xMaximum(), box.yMaximum())))
    area.addFeature(other)
    return area


def of_joined_and_calculated_fields(area):
    """Some are called as a GeoPackage's own columns."""
    only_west(area)
    table = QgsVectorLayer("NoGeometry?field=code:string&field=fid:string&field=geom:string", "table", "memory")
    row = QgsFeature(table.fields())
    row.setAttributes(["west", "not a number", "not a shape"])
    table.dataProvider().addFeature(row)
    QgsProject.instance().addMapLayer(table)
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("code")
    join.setTargetFieldName("kind")
    join.setUsingMemoryCache(True)
    join.setPrefix("")
    assert area.addJoin(join)
    area.addExpressionField("$area", QgsField("geometry", QVariant.Double))
    return area


def a_query(area):
    """On a calculated field, and of a virtual layer, which reads the layers of the project."""
    area.addExpressionField('upper("kind")', QgsField("loud", QVariant.String))
    query = QgsVectorLayer("?query=select geometry, loud from area where loud = 'WEST'", "query", "virtual")
    assert query.isValid()
    QgsProject.instance().addMapLayer(query)
    return query


AREAS = [
    only_west, only_west_by_address, selected, selected_of_a_filter, cut_back, of_joined_and_calculated_fields, a_query
]  # fmt: skip


@pytest.mark.parametrize("use", AREAS, ids=lambda use: use.__name__)
def test_what_is_predicted_is_the_area_on_the_screen(provider, model, town_layers, area, use, tmp_path):
    imagery, _ = town_layers
    parameters = {"MODEL": model, "RASTER": imagery, "BACKEND": "onnxruntime", "AREA": use(area)}
    results = processing.run("geodistil:predict", {**parameters, "CLASSES": str(tmp_path / "classes.tif")})
    layer = QgsRasterLayer(results["CLASSES"], "map")
    assert (layer.width(), layer.height()) == (96, 192)
    assert layer.extent().xMinimum() == pytest.approx(imagery.extent().xMinimum())


def test_an_area_whose_filter_leaves_nothing_is_named(provider, model, town_layers, area, tmp_path):
    imagery, _ = town_layers
    assert area.setSubsetString("\"kind\" = 'north'")
    parameters = {"MODEL": model, "RASTER": imagery, "BACKEND": "onnxruntime", "AREA": area}
    with pytest.raises(QgsProcessingException, match=r"layer area has no features\. Choose another or its filter"):
        processing.run("geodistil:predict", {**parameters, "CLASSES": str(tmp_path / "classes.tif")})


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_areas_become_boxes_as_they_are_on_the_screen(provider, blocks, boxes, use, tmp_path):
    field = use(blocks)
    parameters = {"AREAS": blocks, "FIELD": field, "PIXEL_SIZE": 0.5, "MINIMUM": 0}
    results = processing.run("geodistil:boxesfromareas", {**parameters, "BOXES": str(tmp_path / "boxes.gpkg")})
    found = QgsVectorLayer(results["BOXES"], "found", "ogr")
    kinds = [feature["class"] for feature in found.getFeatures()]
    assert sorted(kinds) == sorted(kind for *_, kind in boxes)
