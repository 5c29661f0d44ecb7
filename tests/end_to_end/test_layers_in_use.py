"""Layers as people have them open in QGIS: filtered, edited and not saved, with joined and calculated fields."""

import numpy as np
import processing
import pytest
from qgis.core import (
    QgsFeature,
    QgsField,
    QgsGeometry,
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


@pytest.fixture
def blocks(project, make_boxes, boxes, tmp_path):
    """The blocks as a layer of a file, with a feature that is wrong everywhere."""
    path = str(tmp_path / "blocks.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    wrong = make_boxes([*boxes, (0, 0, 192, 192, "wrong")], "blocks")
    QgsVectorFileWriter.writeAsVectorFormatV3(wrong, path, project.transformContext(), options)
    layer = QgsVectorLayer(path, "blocks", "ogr")
    assert layer.featureCount() == len(boxes) + 1
    project.addMapLayer(layer)
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
