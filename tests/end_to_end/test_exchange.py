"""Labels go out to other programs and come back, through the toolbox with the real engine."""

import json

import numpy as np
import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsGeometry,
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingException,
    QgsRasterLayer,
    QgsVectorLayer,
)

BOXES = [(3, 4, 15, 12, "car"), (40, 30, 90, 44, "bus"), (70, 70, 80, 90, "car")]
ROOFS = [(5, 5, 60, 40, "roof"), (70, 50, 90, 90, "road")]


@pytest.fixture
def town(project, make_raster, make_boxes, tmp_path):
    values = np.random.default_rng(0).integers(1, 250, (3, 96, 96)).astype("uint8")
    image = QgsRasterLayer(str(make_raster(tmp_path / "town.tif", values)), "town")
    layers = [image, make_boxes(BOXES, "cars"), make_boxes(ROOFS, "roofs")]
    project.addMapLayers(layers)
    return layers


def shapes(layer):
    """{class: geometries} of a layer."""
    found = {}
    for feature in layer.getFeatures():
        found.setdefault(feature[layer.fields()[-1].name()], []).append(QgsGeometry(feature.geometry()))
    return found


def same(one, other):
    """The same ground, whatever the order."""
    assert {name: len(each) for name, each in one.items()} == {name: len(each) for name, each in other.items()}
    for name, geometries in one.items():
        for geometry in geometries:
            off = min(geometry.symDifference(each).area() for each in other[name])
            assert off < 0.001 * geometry.area()


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_boxes_come_back_in_every_format(town, provider, tmp_path, kind):
    image, cars, _ = town
    chips = processing.run("geodistil:exportchips", {
        "DETECTION_RASTERS": [image], "DETECTION_LABELS": cars, "DETECTION_FIELD": "kind", "FORMAT": kind, "IMAGES": 1,
        "SIZE": 64, "FOLDER": str(tmp_path / "chips"),
    })  # fmt: skip
    assert chips == {"FOLDER": str(tmp_path / "chips"), "COUNT": 4}
    wanted = {"LABELS": str(tmp_path / "back.gpkg"), "AREA": str(tmp_path / "area.gpkg")}
    labels = processing.run("geodistil:importlabels", {"ANNOTATIONS": str(tmp_path / "chips"), **wanted})
    assert (labels["COUNT"], set(labels)) == (3, {"LABELS", "AREA", "COUNT"})
    back = QgsVectorLayer(labels["LABELS"], "back", "ogr")
    assert back.crs() == cars.crs()
    assert isinstance(back.renderer(), QgsCategorizedSymbolRenderer)
    assert {each.value() for each in back.renderer().categories()} == {"car", "bus"}
    same(shapes(cars), shapes(back))
    area = QgsVectorLayer(labels["AREA"], "area", "ogr")
    ground = QgsGeometry.unaryUnion([each.geometry() for each in area.getFeatures()])
    assert ground.symDifference(QgsGeometry.fromRect(image.extent())).area() < 1e-6


def test_areas_come_back_as_a_layer_and_as_a_class_raster(town, provider, tmp_path):
    image, _, roofs = town
    processing.run("geodistil:exportchips", {
        "SEGMENTATION_RASTERS": [image], "SEGMENTATION_LABELS": roofs, "SEGMENTATION_FIELD": "kind", "FORMAT": 3,
        "SIZE": 64, "CHIP_OVERLAP": 16, "FOLDER": str(tmp_path / "chips"),
    })  # fmt: skip
    labels = processing.run("geodistil:importlabels", {
        # any mask stands for all
        "ANNOTATIONS": str(next((tmp_path / "chips" / "masks").glob("*.png"))), "ROLE": 1,
        "IMAGES": str(tmp_path / "chips" / "images"), "LABELS": str(tmp_path / "back.gpkg"),
        "CLASS_RASTER": str(tmp_path / "classes.tif"),
    })  # fmt: skip
    assert labels["COUNT"] == 2
    same(shapes(roofs), shapes(QgsVectorLayer(labels["LABELS"], "back", "ogr")))
    classes = QgsRasterLayer(labels["CLASS_RASTER"], "classes")
    assert classes.extent() == image.extent() and isinstance(classes.renderer(), QgsPalettedRasterRenderer)
    # by the classes of the run, in the alphabet's order
    assert {each.value: each.label for each in classes.renderer().classes()} == {0: "background", 1: "road", 2: "roof"}
    block = classes.dataProvider().block(1, classes.extent(), 96, 96)
    values = np.frombuffer(bytes(block.data()), np.uint8).reshape(96, 96)
    assert (values[5:40, 5:60] == 2).all() and (values[50:90, 70:90] == 1).all() and (values == 0).sum() == 96**2 - 2725


def test_refusals_are_sentences(town, provider, tmp_path):
    image, cars, roofs = town
    context = QgsProcessingContext()
    boxes = {"DETECTION_RASTERS": [image], "DETECTION_LABELS": cars, "FOLDER": str(tmp_path / "chips")}
    areas = {"SEGMENTATION_RASTERS": [image], "SEGMENTATION_LABELS": roofs}
    export = QgsApplication.processingRegistry().createAlgorithmById("geodistil:exportchips")
    for parameters, words in (
        ({**boxes, **areas}, "Give boxes or areas, not both"),
        ({**boxes, "FORMAT": 3}, "Masks (pictures of classes, areas only) has no room"),
        ({**boxes, "SIZE": 64, "CHIP_OVERLAP": 64}, "must be smaller than a chip"),
        ({"FOLDER": str(tmp_path / "chips")}, "nothing to work on"),
    ):
        accepted, message = export.checkParameterValues(parameters, context)
        assert not accepted and words in message
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "mine.txt").write_text("kept")
    with pytest.raises(QgsProcessingException, match="is not an empty folder"):
        processing.run("geodistil:exportchips", boxes)
    coco = {"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "car"}], "annotations": []}
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "labels.json").write_text(json.dumps(coco))
    there = {"ANNOTATIONS": str(tmp_path / "empty" / "labels.json"), "LABELS": str(tmp_path / "back.gpkg")}
    with pytest.raises(QgsProcessingException, match="There are no images beside"):
        processing.run("geodistil:importlabels", there)
    assert not (tmp_path / "back.gpkg").exists()


def test_an_image_without_a_georeference_takes_that_of_the_raster(town, provider, tmp_path):
    image, cars, _ = town
    boxes = [[3, 4, 12, 8], [40, 30, 50, 14], [70, 70, 10, 20]]
    coco = {
        "images": [{"id": 1, "file_name": "download.jpg", "width": 96, "height": 96}],
        "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "bus"}],
        "annotations": [
            {"image_id": 1, "category_id": kind, "bbox": box} for box, kind in zip(boxes, (1, 2, 1), strict=True)
        ],
    }  # fmt: skip
    folder = tmp_path / "away"
    folder.mkdir()
    (folder / "labels.json").write_text(json.dumps(coco))
    labels = processing.run("geodistil:importlabels", {
        "ANNOTATIONS": str(folder / "labels.json"), "RASTERS": [image], "LABELS": str(tmp_path / "back.gpkg"),
    })  # fmt: skip
    same(shapes(cars), shapes(QgsVectorLayer(labels["LABELS"], "back", "ogr")))
