"""Labelling on a web service's layer: what a click means and what labels teach is fetched for that, and no more."""

import json

import numpy as np
import pytest
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from osgeo import gdal
from qgis.core import QgsGeometry, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from ..labelling import test_learning
from ..labelling.test_clicking import files, model, settings  # noqa: F401
from .test_fetching import PIXEL, part
from .tile_server import png

CLASSES = [LabelClass("roof", "#e6194b")]
LEFT, TOP, RIGHT, BOTTOM = 80, 96, 160, 144
"""Pixels of the bright block in each tile."""


@pytest.fixture
def blocks(server):
    """Each tile shows a bright block on dark ground."""
    image = np.full((256, 256, 3), 60, np.uint8)
    image[TOP:BOTTOM, LEFT:RIGHT] = 200
    answer = 200, {"Content-Type": "image/png"}, png(image)
    server.manner = lambda path, count: answer if path.endswith(".png") else None


@pytest.fixture
def begin(map_window, project, tiles, tmp_path):
    """Opens the dock on a label layer of the service."""
    from geodistil.ui.labelling.dock import LabelDock

    docks = []

    def opened(role):
        dock = LabelDock(map_window, project)
        docks.append(dock)
        dock.canvas = map_window.canvas
        map_window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        map_window.activateWindow()
        QApplication.processEvents()
        map_window.canvas.setExtent(part(1, 1))
        dock.take(make_labels(tiles, tmp_path / "labels.gpkg", role, CLASSES, project))
        return dock

    yield opened
    for dock in docks:
        dock.stop()


def block():
    """The bright block of the tile that the map shows, in the map's CRS."""
    west, north = part(1, 1).xMinimum(), part(1, 1).yMaximum()
    return QgsRectangle(west + LEFT * PIXEL, north - BOTTOM * PIXEL, west + RIGHT * PIXEL, north - TOP * PIXEL)


def click(dock, place):
    canvas = dock.canvas
    pixel = canvas.getCoordinateTransform().transform(place).toQPointF().toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)


def answered(dock, wait):
    wait(lambda: not dock.clicker.clicking.busy, 120)
    return dock.toolkit.tools["click"]._band.asGeometry().boundingBox()


@pytest.mark.usefixtures("model")
def test_a_click_on_a_service_is_an_area_of_what_it_shows(begin, blocks, wait, server, kept):
    dock, texts = begin("segmentation"), []
    dock.clicker.clicking.told.connect(lambda percent, text: texts.append(text))
    dock.toolkit.pick("click")
    click(dock, block().center())
    found = answered(dock, wait)
    corners = [found.xMinimum(), found.yMinimum(), found.xMaximum(), found.yMaximum()]
    truth = block()
    assert corners == pytest.approx(
        [truth.xMinimum(), truth.yMinimum(), truth.xMaximum(), truth.yMaximum()], abs=3 * PIXEL
    )
    assert texts and not dock.click.progress.isVisible()
    QTest.keyClick(dock.canvas, Qt.Key.Key_Return)
    (label,) = dock.session.layer.getFeatures()
    assert label["class"] == "roof" and label.geometry().boundingBox().intersects(truth)
    count = len(server.tiles())
    click(dock, truth.center())
    assert not answered(dock, wait).isEmpty() and len(server.tiles()) == count  # the view is kept
    assert len(list(kept.glob("*.tif"))) == 1


@pytest.mark.usefixtures("model")
def test_a_click_on_a_silent_service_has_its_sentence_and_a_cancel_ends_the_fetch(begin, blocks, wait, server):
    dock = begin("segmentation")
    dock.toolkit.pick("click")
    usual, server.manner = server.manner, lambda path, count: (403, {}, b"banned") if path.endswith(".png") else None
    click(dock, block().center())
    assert answered(dock, wait).isEmpty() and "403" in dock.click.problem.text()
    QTest.keyClick(dock.canvas, Qt.Key.Key_Escape)
    server.manner, server.delay = usual, 0.0
    click(dock, block().center())
    QTest.mouseClick(dock.click.progress.button, Qt.MouseButton.LeftButton)
    assert not dock.clicker.clicking.busy and not dock.click.progress.isVisible()
    click(dock, block().center())
    assert not answered(dock, wait).isEmpty()


@pytest.fixture
def engine(qgis_app, tmp_path, monkeypatch):
    """The program with the engine's manners, as it learns."""
    yield from test_learning.engine.__wrapped__(qgis_app, tmp_path, monkeypatch)


def draw(dock, *rectangles):
    for rectangle in rectangles:
        dock.session.editor.add(QgsGeometry.fromRect(rectangle), "roof")


def learn(dock, wait):
    box = dock.learn
    box.minutes.setValue(1)
    QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    wait(lambda: box.button.isEnabled(), 60)
    return box


def fetched(folder):
    """The run's source, and west, south, east, north and pixel size of what was fetched into it."""
    (source,) = json.loads((folder / "run.json").read_text())["sources"]
    dataset = gdal.Open(str(folder / source["raster"]))
    west, size, _, north = dataset.GetGeoTransform()[:4]
    return source, (west, north - dataset.RasterYSize * size, west + dataset.RasterXSize * size, north), size


def test_learning_fetches_what_is_labelled_with_a_margin(begin, engine, wait, server, tmp_path):
    dock, middle = begin("segmentation"), part(1, 1).center()
    side = 40.0
    one = QgsRectangle(middle.x(), middle.y(), middle.x() + side, middle.y() + side)
    other = QgsRectangle(one)
    other.set(one.xMinimum() + 100, one.yMinimum() + 100, one.xMaximum() + 100, one.yMaximum() + 100)
    draw(dock, one, other)
    box = learn(dock, wait)
    assert box.rounds.rowCount() == 1, box.problem.text()
    (run,) = sorted((tmp_path / "runs").iterdir())
    source, (west, south, east, north), size = fetched(run)
    assert source["raster"].startswith("rasters/") and source["area"]["kind"] == "hull"
    # A label of 40 units is to be 32 pixels: 1.25 units; the next finer zoom has 1.19.
    assert size == pytest.approx(2 * PIXEL)
    margin = 128 * size
    hull = (one.xMinimum() - margin, one.yMinimum() - margin, other.xMaximum() + margin, other.yMaximum() + margin)
    assert (west, south, east, north) == pytest.approx(hull, abs=2 * size)
    count = len(server.tiles())
    learn(dock, wait)
    _, second = sorted((tmp_path / "runs").iterdir())
    _, extent, finer = fetched(second)  # the model that it goes on from has 0.5 m
    assert finer == pytest.approx(PIXEL) and len(server.tiles()) > count
    assert extent[0] > west and extent[2] < east  # as many pixels of margin are less ground


def test_points_are_as_large_as_their_boxes_and_one_is_enough_to_fetch(begin, project, tiles, engine, wait, tmp_path):
    from geodistil.jobs.labelling.layers import Labelling, take_labels

    dock, middle = begin("detection"), part(1, 1).center()
    points = QgsVectorLayer("Point?crs=EPSG:3857&field=class:string", "wells", "memory")
    project.addMapLayer(points)
    take_labels(points, tiles, Labelling("detection", "class", CLASSES), project)
    dock.take(points)
    dock.drawing.size.setValue(40.0)
    dock.session.editor.add(QgsGeometry.fromPointXY(middle), "roof")
    box = learn(dock, wait)
    assert box.rounds.rowCount() == 1, box.problem.text()
    (run,) = (tmp_path / "runs").iterdir()
    source, (west, south, east, north), size = fetched(run)
    # 40 m on the ground are to be 32 pixels; zooms have 0.42 and 0.84 m there.
    assert source["labels"]["box_size"] == 40 and size == pytest.approx(2 * PIXEL)
    centre = (west + east) / 2, (south + north) / 2
    assert centre == pytest.approx((middle.x(), middle.y()), abs=size)
    metre = size / 0.84
    assert east - west == pytest.approx(40 * metre + 256 * size, abs=3 * size)


def test_too_much_ground_is_refused_before_anything_is_fetched(begin, engine, wait, server, tmp_path):
    dock, middle = begin("segmentation"), part(1, 1).center()
    far = part(60, 60)
    draw(
        dock,
        QgsRectangle(middle.x(), middle.y(), middle.x() + 10, middle.y() + 10),
        QgsRectangle(far.xMaximum() + 9000, far.yMinimum() - 9000, far.xMaximum() + 9010, far.yMinimum() - 8990),
    )
    count = len(server.tiles())
    box = learn(dock, wait)
    assert "That is much imagery" in box.problem.text() and "Label less ground" in box.problem.text()
    assert not (tmp_path / "runs").exists() and len(server.tiles()) == count
