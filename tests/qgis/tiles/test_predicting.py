"""Predictions of web services: the view, and the algorithm with an extent; a model of the engine's own."""

from pathlib import Path

import pytest
from geodistil.jobs.current_model import set_current_model
from geodistil.jobs.environment import engine_python
from geodistil.jobs.errors import GeoDistilError
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsSettings,
)

from ..windows import MapWindow
from .test_fetching import PIXEL, part

MODEL = Path(__file__).parents[2] / "engine" / "packages" / "design_1"


@pytest.fixture
def engine():
    try:
        return engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))


@pytest.fixture
def window(qgis_app, project, tiles, engine):
    """A map over the tiles, with the predictor of the toolbar."""
    from geodistil.ui.view.predictor import ViewPredictor

    window = MapWindow()
    window.resize(600, 600)
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    window.canvas.setLayers([tiles])
    window.show()
    window.canvas.setExtent(part(1, 1))
    set_current_model(MODEL)
    window.predictor = ViewPredictor(window, project)
    yield window
    window.predictor.close()
    window.close()
    window.deleteLater()
    for name in ("currentModel", "predictedModel", "speeds"):
        QgsSettings().remove(f"geodistil/{name}")


def said(window):
    return [item.text() for item in window.bar.items()]


def test_the_view_of_tiles_is_fetched_and_predicted(window, wait, server, project, kept):
    window.predictor.predict()
    wait(lambda: window.predictor.layers.layers() or said(window), 180)
    assert said(window) == []
    maps = [layer for layer in window.predictor.layers.layers() if isinstance(layer, QgsRasterLayer)]
    [fetched] = kept.glob("*.tif")
    seen = window.canvas.extent()
    assert maps[0].extent().contains(seen.center()) and maps[0].extent().width() == pytest.approx(
        seen.width(), rel=0.05
    )
    assert gdal.Open(str(fetched)).GetGeoTransform()[1] == pytest.approx(PIXEL)
    count = len(server.tiles())
    window.predictor.predict()  # the same view: all of it is there
    wait(lambda: not window.predictor.busy, 180)
    assert len(server.tiles()) == count


def test_a_ban_ends_predictions_of_each_next_view(window, wait, server):
    server.manner = lambda path, count: (403, {}, b"")
    server.asked.clear()
    window.predictor.follow(True)
    wait(lambda: said(window))
    assert "refuses to give its imagery" in said(window)[0] and not window.predictor.following
    assert not window.predictor.busy


def test_predict_takes_an_extent_of_tiles(provider, project, tiles, engine, tmp_path):
    import processing

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    outputs = {"CLASSES": str(tmp_path / "map.tif"), "DETECTIONS": str(tmp_path / "boxes.gpkg")}
    values = {"MODEL": str(MODEL), "RASTER": tiles, "EXTENT": part(1, 1), **outputs}
    result = processing.run("geodistil:predict", values, context=context, feedback=feedback)
    west, south, east, north = part(1, 1).toRectF().getCoords()
    dataset = gdal.Open(result["CLASSES"])
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    assert left == pytest.approx(west, abs=1) and top == pytest.approx(max(south, north), abs=1)
    assert dataset.RasterXSize * size == pytest.approx(east - west, abs=2)
    assert "Zoom 18, 0.42 m on the ground" in feedback.textLog()


def test_predict_asks_which_part_of_a_service(provider, project, tiles):
    algorithm, context = (
        QgsApplication.processingRegistry().createAlgorithmById("geodistil:predict"),
        QgsProcessingContext(),
    )
    context.setProject(project)
    values = {"MODEL": str(MODEL), "RASTER": tiles.id(), "CLASSES": "TEMPORARY_OUTPUT"}
    accepted, message = algorithm.checkParameterValues(values, context)
    assert not accepted and "tiles is a web service: choose which part of it" in message
