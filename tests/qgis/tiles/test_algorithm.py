"""Fetch imagery as QGIS runs it: from a dialog, a script or a model."""

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsRasterLayer
from qgis.PyQt.QtCore import Qt

from .test_fetching import PIXEL, part
from .tile_server import SIDE, colours


@pytest.fixture
def run(provider, project, tmp_path):
    """Runs it on this thread, as scripts do: outputs, and what was said."""
    import processing

    def go(layer, extent, **more):
        context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        context.setProject(project)
        values = {"LAYER": layer, "EXTENT": extent, "IMAGERY": str(tmp_path / "town.tif"), **more}
        return processing.run("geodistil:fetchimagery", values, context=context, feedback=feedback), feedback

    return go


def refusal(project, **values):
    algorithm, context = (
        QgsApplication.processingRegistry().createAlgorithmById("geodistil:fetchimagery"),
        QgsProcessingContext(),
    )
    context.setProject(project)
    accepted, message = algorithm.checkParameterValues({"IMAGERY": "TEMPORARY_OUTPUT", **values}, context)
    assert not accepted
    return message


def test_an_extent_of_another_crs_is_fetched_at_a_pixel_size(tiles, run, tmp_path):
    result, feedback = run(tiles, "500000,500060,4999930,5000000 [EPSG:32633]", PIXEL_SIZE=0.5)
    dataset = gdal.Open(result["IMAGERY"])
    image = dataset.ReadAsArray()[:3].transpose(1, 2, 0)
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    columns = round((left + SIDE) / PIXEL) + np.arange(dataset.RasterXSize)
    rows = round((SIDE - top) / PIXEL) + np.arange(dataset.RasterYSize)
    np.testing.assert_array_equal(image, colours(columns, rows))
    assert size == pytest.approx(PIXEL) and result["GROUND_METRES"] == pytest.approx(0.42, abs=0.005)
    assert dataset.RasterXSize * 0.42 == pytest.approx(60, abs=2) and result["TILES"] >= 1
    assert "Zoom 18, 0.42 m on the ground" in feedback.textLog()


def test_other_formats_are_written_too(tiles, run, tmp_path):
    result, _ = run(tiles, part(1, 1), IMAGERY=str(tmp_path / "town.png"))
    assert gdal.Open(result["IMAGERY"]).ReadAsArray().shape == (4, 256, 256)


def test_a_ban_is_one_sentence(tiles, run, server):
    from qgis.core import QgsProcessingException

    server.manner = lambda path, count: (403, {}, b"")
    with pytest.raises(QgsProcessingException, match="refuses to give its imagery"):
        run(tiles, part())


def test_what_cannot_be_fetched_is_refused_before(provider, tiles, project, make_raster, tmp_path):
    file = QgsRasterLayer(str(make_raster(tmp_path / "a.tif", np.zeros((3, 8, 8), "uint8"))), "a")
    project.addMapLayer(file)
    assert "is no XYZ, WMTS or WMS layer" in refusal(project, LAYER=file.id(), EXTENT=part())
    assert "too many" in refusal(project, LAYER=tiles.id(), EXTENT="-2e7,2e7,-2e7,2e7 [EPSG:3857]")
    large = part(60, 60)
    assert "3,600 tiles" in refusal(project, LAYER=tiles.id(), EXTENT=large)
    algorithm, context = (
        QgsApplication.processingRegistry().createAlgorithmById("geodistil:fetchimagery"),
        QgsProcessingContext(),
    )
    context.setProject(project)
    values = {"LAYER": tiles.id(), "EXTENT": large, "LARGE": True, "IMAGERY": "TEMPORARY_OUTPUT"}
    assert algorithm.checkParameterValues(values, context) == (True, "")


def test_the_map_credits_who_made_it(tiles, run, project, tmp_path):
    import processing
    from qgis.core import QgsProcessingUtils

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    values = {"LAYER": tiles, "EXTENT": part(), "IMAGERY": str(tmp_path / "town.tif")}
    details = QgsProcessingContext.LayerDetails("Imagery", project, "IMAGERY")
    context.addLayerToLoadOnCompletion(values["IMAGERY"], details)
    processing.run("geodistil:fetchimagery", values, context=context, feedback=feedback)
    details = context.layerToLoadOnCompletionDetails(values["IMAGERY"])
    assert details.name == "tiles (fetched)"
    layer = QgsProcessingUtils.mapLayerFromString(values["IMAGERY"], context)
    details.postProcessor().postProcessLayer(layer, context, feedback)
    assert layer.attribution() == "© The mappers"


def test_its_dialog_opens_with_the_service_and_the_view(provider, tiles, project):
    from geodistil.toolbox.first_values import first_values
    from qgis.core import QgsCoordinateReferenceSystem, QgsMapSettings

    view = QgsMapSettings()
    view.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    view.setOutputSize(view.outputSize().scaled(400, 400, Qt.AspectRatioMode.IgnoreAspectRatio))
    view.setExtent(part())
    values = first_values("geodistil:fetchimagery", None, project, view)
    context = QgsProcessingContext()
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("geodistil:fetchimagery")
    assert values["LAYER"] == tiles.id()
    assert algorithm.checkParameterValues({**values, "IMAGERY": "TEMPORARY_OUTPUT"}, context) == (True, "")
    extent = algorithm.parameterAsExtent(values, "EXTENT", context)
    assert extent.center().distance(view.visibleExtent().center()) < 0.01
    assert algorithm.parameterAsExtentCrs(values, "EXTENT", context).authid() == "EPSG:3857"
