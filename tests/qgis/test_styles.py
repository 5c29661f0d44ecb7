"""What results look like: QGIS renders them, and pixels at known places have the colours they should."""

import zipfile

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.layers.styles import style_class_map, style_confidence, style_detections
from geodistil.jobs.packages import package_path, read_card
from qgis.core import QgsMapRendererParallelJob, QgsMapSettings, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from .cards import write_card

CARD = {
    "name": "town",
    "tasks": ["detection", "segmentation"],
    "gsd": 0.5,
    "bands": [1, 2, 3],
    "segmentation_classes": [{"name": "roof", "color": "#ff0000"}, {"name": "water", "color": "#0000ff"}],
    "background": True,
    "detection_classes": [{"name": "car", "color": "#00ff00"}, {"name": "bus", "color": "#ffff00"}],
}


def render(layers, side=512):
    """The layers over 64 x 64 pixels of `make_raster`, eight picture pixels for each."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[0].crs())
    settings.setExtent(layers[-1].extent())
    settings.setOutputSize(QSize(side, side))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def colour(image, column, row):
    return image.pixelColor(int(column * 8 + 4), int(row * 8 + 4))


@pytest.fixture
def imagery(make_raster, tmp_path, project):
    path = make_raster(tmp_path / "grey.tif", np.full((3, 64, 64), 128, "uint8"))
    layer = QgsRasterLayer(str(path), "grey")
    layer.setContrastEnhancement(0)
    return layer


@pytest.fixture
def class_map(make_raster, tmp_path, project):
    classes = np.zeros((1, 64, 64), "uint8")
    classes[0, :20, :20], classes[0, 40:, 40:], classes[0, :20, 40:] = 1, 2, 255
    layer = QgsRasterLayer(str(make_raster(tmp_path / "classes.tif", classes)), "classes")
    layer.dataProvider().setNoDataValue(1, 255)
    return layer


@pytest.fixture
def detections(make_boxes, project):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string&field=score:double", "found", "memory")
    boxes = make_boxes([(22, 22, 38, 30, "car"), (4, 44, 16, 56, "bus")])
    for box, score in zip(boxes.getFeatures(), (0.9, 0.4), strict=True):
        box.setAttributes([*box.attributes(), score])
        layer.dataProvider().addFeature(box)
    layer.updateExtents()
    return layer


def test_the_class_map_shows_class_colours_over_imagery_and_background_cannot_be_seen(imagery, class_map):
    style_class_map(class_map, CARD)
    image = render([class_map, imagery])
    assert colour(image, 30, 30) == QColor(128, 128, 128)
    assert colour(image, 50, 5) == QColor(128, 128, 128)
    roof, water = colour(image, 10, 10), colour(image, 50, 50)
    assert roof.red() > 180 and roof.green() < 60 and roof.blue() < 60
    assert water.blue() > 180 and water.red() < 60


def test_the_legend_names_the_classes(class_map):
    style_class_map(class_map, CARD)
    assert [label for label, _ in class_map.renderer().legendSymbologyItems()] == ["background", "roof", "water"]


def test_without_background_the_first_class_is_1_all_the_same(class_map):
    style_class_map(class_map, {**CARD, "background": False})
    assert [(entry.value, entry.label) for entry in class_map.renderer().classes()] == [(1, "roof"), (2, "water")]


def test_detections_are_outlined_by_class_and_not_filled(imagery, detections):
    style_detections(detections, CARD)
    detections.setLabelsEnabled(False)
    image = render([detections, imagery])
    assert colour(image, 30, 26) == QColor(128, 128, 128)
    on_car_edge, on_bus_edge = image.pixelColor(22 * 8, 26 * 8), image.pixelColor(4 * 8, 50 * 8)
    assert on_car_edge.green() > 220 and on_car_edge.red() < 90
    assert on_bus_edge.green() > 200 and on_bus_edge.red() > 200 and on_bus_edge.blue() < 90


def test_scores_are_shown_when_the_map_is_close_and_not_from_afar(imagery, detections):
    style_detections(detections, CARD)

    def difference(side):
        shown = render([detections, imagery], side)
        detections.setLabelsEnabled(False)
        hidden = render([detections, imagery], side)
        detections.setLabelsEnabled(True)
        return sum(shown.pixel(x, y) != hidden.pixel(x, y) for x in range(side) for y in range(side))

    assert difference(512) > 50
    far = {**CARD, "gsd": 0.001}
    style_detections(detections, far)
    assert difference(512) == 0


def test_confidence_covers_doubtful_ground_and_leaves_sure_ground_clear(imagery, make_raster, tmp_path):
    values = np.full((1, 64, 64), 40, "uint8")
    values[0, :, 24:40], values[0, :, 40:] = 70, 98
    layer = QgsRasterLayer(str(make_raster(tmp_path / "confidence.tif", values)), "confidence")
    style_confidence(layer, CARD)
    image = render([layer, imagery])
    low, middle, high = (colour(image, column, 10) for column in (10, 30, 50))
    assert high == QColor(128, 128, 128)
    assert low.red() > 170 and low.green() < 50
    assert low.green() < middle.green() < 128 and low.red() >= middle.red() > 128
    assert [label for label, _ in layer.legendSymbologyItems()] == [
        "50 % or less: look here",
        "70 %",
        "85 %",
        "95 % or more: sure, clear",
    ]


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    write_card(folder, CARD)
    return folder


def test_a_card_is_read_from_a_folder_a_zip_and_a_file_inside(package, tmp_path):
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(package / "item.json", "model/item.json")
    for text in (package, archive, package / "item.json"):
        assert read_card(package_path(str(text))) == CARD


def test_what_is_no_package_is_named(tmp_path):
    with pytest.raises(GeoDistilError, match="no model package at /nowhere"):
        package_path("/nowhere")
    (tmp_path / "item.json").write_text('{"properties": {}}')
    with pytest.raises(GeoDistilError, match="is not a GeoDistil model package"):
        read_card(tmp_path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("readme.txt", "")
    with pytest.raises(GeoDistilError, match=r"other\.zip is not a GeoDistil model package"):
        read_card(tmp_path / "other.zip")
