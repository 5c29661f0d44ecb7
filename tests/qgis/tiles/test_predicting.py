"""Predictions of web services: the view, and the algorithm with an extent; a model of the engine's own."""

from pathlib import Path

import pytest
from geodistil.jobs.environment import engine_python
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.package_registry import set_current_model
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsSettings,
)

from .test_fetching import PIXEL, part

MODEL = Path(__file__).parents[2] / "engine" / "packages" / "design_1"


@pytest.fixture
def engine():
    try:
        return engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))


@pytest.fixture
def window(map_window, project, engine):
    """A map over the tiles, with the predictor of the toolbar."""
    from geodistil.ui.view.predictor import ViewPredictor

    set_current_model(MODEL)
    map_window.predictor = ViewPredictor(map_window, project)
    yield map_window
    map_window.predictor.close()
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


def refusal(name, project, values):
    """What an algorithm says in its log before it gives up."""
    from qgis.core import QgsProcessingException

    said = []
    with pytest.raises(QgsProcessingException):
        run(name, project, values, said=said)
    return said[0].textLog()


def run(name, project, values, cancels=False, said=None):
    """An algorithm's result and log."""
    import processing

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    if said is not None:
        said.append(feedback)
    if cancels:
        feedback.cancel()
    return processing.run(f"geodistil:{name}", values, context=context, feedback=feedback), feedback.textLog()


def size_of(extent):
    west, south, east, north = extent.toRectF().getCoords()
    return abs(east - west), abs(north - south)


def test_many_rasters_may_be_services_of_which_a_part_is_fetched(provider, project, tiles, engine, tmp_path, server):
    values = {"MODEL": str(MODEL), "RASTERS": [tiles.id()], "EXTENT": part(1, 1), "OUTPUT": str(tmp_path / "out")}
    result, log = run("predictrasters", project, {**values, "LOAD": False})
    [classes] = [path for path in result["LAYERS"] if path.endswith("classes.tif")]
    dataset = gdal.Open(classes)
    across = dataset.RasterXSize * dataset.GetGeoTransform()[1]
    assert across == pytest.approx(size_of(part(1, 1))[0], abs=2) and "Zoom 18, 0.42 m on the ground" in log
    assert server.tiles()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("geodistil:predictrasters")
    context = QgsProcessingContext()
    context.setProject(project)
    accepted, message = algorithm.checkParameterValues({**values, "EXTENT": None}, context)
    assert not accepted and "tiles is a web service: choose which part of it" in message


@pytest.fixture
def labelled(project, tiles):
    """Boxes, and a labelled area of one tile, both over the service."""
    from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer

    def make(name, rectangles):
        layer = QgsVectorLayer("Polygon?crs=EPSG:3857&field=class:string", name, "memory")
        for rectangle in rectangles:
            feature = QgsFeature(layer.fields())
            feature.setGeometry(QgsGeometry.fromRect(rectangle))
            feature.setAttributes(["car"])
            layer.dataProvider().addFeatures([feature])
        return project.addMapLayer(layer)

    middle = part(1, 1).center()
    boxes = [QgsRectangle(middle.x() + d, middle.y() + d, middle.x() + d + 3, middle.y() + d + 3) for d in (-20, 0, 20)]
    return make("cars", boxes), make("complete", [part(1, 1)])


def test_a_check_and_a_training_fetch_the_labelled_area(provider, project, tiles, labelled, engine, tmp_path, server):
    """The part comes into the run folder, once; the run is complete without the service."""
    import json

    cars, complete = labelled
    values = {"DETECTION_RASTERS": [tiles.id()], "DETECTION_LABELS": cars.id(), "DETECTION_FIELD": "class"}
    result, _ = run("checksources", project, {**values, "DETECTION_AREA": complete.id(), "CHIP_SIZE": 64})
    found = json.loads(Path(result["FINDINGS"]).read_text())
    assert result["LABELS"] == 3 and found["gsd_m"] == pytest.approx(0.42, abs=0.01)
    folder, count = tmp_path / "run", len(server.tiles())
    network = {"STEPS": 1, "NETWORK": 3, "CHIP_SIZE": 64, "BATCH_SIZE": 1, "DEVICE": "cpu", "RUN_FOLDER": str(folder)}
    values |= {"DETECTION_AREA": complete.id(), **network}
    cancelled, _ = run("trainsupervised", project, values, cancels=True)
    assert cancelled == {} and not (folder / "run.json").exists()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("geodistil:trainsupervised")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    assert algorithm.prepare(values, context, feedback)
    assert algorithm.write_run(feedback)
    source = json.loads((folder / "run.json").read_text())["sources"][0]
    dataset = gdal.Open(str(folder / source["raster"]))
    across, down = size_of(part(1, 1))
    size = dataset.GetGeoTransform()[1]
    assert source["name"] == "tiles" and source["raster"].startswith("rasters/")
    assert (dataset.RasterXSize * size, dataset.RasterYSize * size) == pytest.approx((across, down), abs=2)
    assert len(server.tiles()) == count  # kept since the check


def test_a_service_without_labels_needs_an_extent(provider, project, tiles, labelled, engine):
    cars, complete = labelled
    values = {"DETECTION_RASTERS": [tiles.id()], "DETECTION_LABELS": cars.id(), "DETECTION_AREA": complete.id()}
    values |= {"UNLABELLED_RASTERS": [tiles.id()], "CHIP_SIZE": 64, "GSD": 0.5}
    assert "without labels: nothing says which part to learn from" in refusal("checksources", project, values)
    result, _ = run("checksources", project, {**values, "SERVICE_EXTENT": part(1, 1)})
    assert result["LABELS"] == 3
    assert "That is much imagery" in refusal("checksources", project, {**values, "SERVICE_EXTENT": part(60, 60)})
