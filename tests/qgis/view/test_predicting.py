"""Predict this view: the toolbar over a map, a real engine, its answers as layers."""

import os
import signal

import numpy as np
import processing
from geodistil.jobs.package_registry import current_model, register, set_current_model
from osgeo import gdal
from qgis.core import QgsCategorizedSymbolRenderer, QgsPalettedRasterRenderer, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from .conftest import MODEL


def press(buttons, action):
    button = buttons.bar.widgetForAction(action)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def layers(buttons):
    """The temporary layers by their kind."""
    return {"classes" if isinstance(each, QgsRasterLayer) else "detections": each for each in view(buttons)}


def view(buttons):
    return buttons.predictor.layers.layers()


def boxes(layer):
    return sorted((each["class"], round(each["score"], 5), each.geometry().asWkt(2)) for each in layer.getFeatures())


def test_the_button_predicts_the_view_as_predict_does_and_each_next_one(
    buttons, window, raster, model, wait, provider, tmp_path
):
    press(buttons, buttons.follow)
    assert buttons.follow.isChecked() and not view(buttons)
    wait(lambda: len(view(buttons)) == 2 and not buttons.predictor.busy)
    found, engine = layers(buttons), buttons.predictor.engine.pid
    seen = window.canvas.extent()
    assert abs(found["classes"].extent().width() - seen.width()) <= 0.5
    assert found["classes"].extent().contains(seen.center())
    assert isinstance(found["classes"].renderer(), QgsPalettedRasterRenderer)
    assert isinstance(found["detections"].renderer(), QgsCategorizedSymbolRenderer)
    wait(lambda: set(view(buttons)) <= set(window.canvas.layers()), 10)
    assert [each.id() for each in window.canvas.layers()][-1] == raster.id()

    box = f"{seen.xMinimum()},{seen.xMaximum()},{seen.yMinimum()},{seen.yMaximum()} [EPSG:32633]"
    outputs = {"CLASSES": str(tmp_path / "plain.tif"), "DETECTIONS": str(tmp_path / "plain.gpkg")}
    processing.run("geodistil:predict", {"MODEL": str(MODEL), "RASTER": raster, "EXTENT": box, **outputs})
    plain = gdal.Open(outputs["CLASSES"])
    shown = gdal.Open(found["classes"].source())
    assert shown.GetGeoTransform() == plain.GetGeoTransform()
    assert np.array_equal(shown.ReadAsArray(), plain.ReadAsArray())
    assert boxes(found["detections"]) == boxes(QgsVectorLayer(outputs["DETECTIONS"], "plain", "ogr")) != []

    found["classes"].setOpacity(0.25)
    source, ids = found["classes"].source(), {each.id() for each in view(buttons)}
    for east in (40, 60, 80):  # of three pans the last one counts
        window.look(east, 30, 64)
    wait(lambda: found["classes"].source() != source and not buttons.predictor.busy)
    assert {each.id() for each in view(buttons)} == ids
    assert found["classes"].extent().contains(window.canvas.extent().center())
    assert abs(found["classes"].extent().xMinimum() - window.canvas.extent().xMinimum()) <= 0.5
    assert isinstance(found["detections"].renderer(), QgsCategorizedSymbolRenderer)
    assert found["classes"].opacity() == 0.25 and isinstance(found["classes"].renderer(), QgsPalettedRasterRenderer)
    assert buttons.predictor.engine.pid == engine
    assert not os.path.exists(source)

    press(buttons, buttons.follow)
    source = found["classes"].source()
    window.look(100, 100, 64)
    QTest.qWait(800)
    assert not buttons.predictor.busy and found["classes"].source() == source
    assert window.said() == []


def test_what_is_wrong_is_said_once_and_the_button_comes_up_where_panning_does_not_help(
    buttons, window, raster, project, make_raster, wait, tmp_path
):
    press(buttons, buttons.follow)
    assert ["no model" in text for text in window.said()] == [True] and not buttons.follow.isChecked()

    set_current_model(tmp_path / "gone")
    press(buttons, buttons.follow)
    wait(lambda: len(window.said()) == 2 and not buttons.predictor.busy)
    assert "gone" in window.said()[0] and not buttons.follow.isChecked()

    set_current_model(MODEL)
    window.look(5000, 5000, 64)
    press(buttons, buttons.follow)
    wait(lambda: len(window.said()) == 3)
    assert "shows nothing of ground" in window.said()[0] and buttons.follow.isChecked()
    window.look(5100, 5000, 64)
    QTest.qWait(800)
    assert len(window.said()) == 3

    grey = make_raster(tmp_path / "grey.tif", np.full((1, 64, 64), 100, "uint8"))
    layer = QgsRasterLayer(str(grey), "grey")
    project.addMapLayer(layer)
    press(buttons, buttons.follow)
    window.look(0, 0, 32)
    window.setActiveLayer(layer)
    buttons.once_here.trigger()
    wait(lambda: len(window.said()) == 4)
    assert "grey.tif has 1 band" in window.said()[0]


def test_without_an_engine_the_button_says_how_to_set_one_up(buttons, window, model, monkeypatch, wait):
    monkeypatch.setenv("GEODISTIL_PYTHON", "/nowhere/python")
    press(buttons, buttons.follow)
    wait(lambda: window.said())
    assert "/nowhere/python does not exist" in window.said()[0]
    assert not buttons.follow.isChecked() and not buttons.predictor.busy


def test_a_view_of_too_many_pixels_says_how_far_to_zoom_in(buttons, window, project, model, wait, tmp_path):
    path = tmp_path / "vast.tif"
    vast = gdal.GetDriverByName("GTiff").Create(str(path), 20000, 20000, 3, options=["SPARSE_OK=YES", "TILED=YES"])
    vast.SetGeoTransform((500000, 0.5, 0, 5000000, 0, -0.5))
    vast.SetProjection(project.mapLayersByName("ground")[0].crs().toWkt())
    vast.FlushCache()
    layer = QgsRasterLayer(str(path), "vast")
    project.addMapLayer(layer)
    window.setActiveLayer(layer)
    window.look(0, 0, 10000)
    buttons.once.trigger()
    wait(lambda: window.said())
    sentence = window.said()[0]
    assert "1,60" in sentence and "Zoom in to 1:" in sentence
    scale = float(sentence.partition("1:")[2].partition(" ")[0].replace(",", ""))
    window.canvas.zoomScale(scale)
    seen = window.canvas.extent()
    assert 12e6 < seen.width() * seen.height() / 0.25**2 <= 16e6


def test_an_engine_that_is_killed_is_said_and_the_next_view_has_a_new_one(buttons, window, model, wait):
    buttons.once.trigger()
    wait(lambda: view(buttons) and not buttons.predictor.busy)
    first = buttons.predictor.engine.pid
    os.kill(first, signal.SIGSTOP)
    window.look(30, 30, 64)
    buttons.once.trigger()
    wait(lambda: buttons.predictor.engine.busy)
    os.kill(first, signal.SIGKILL)
    wait(lambda: window.said())
    assert "exit code" in window.said()[0] and not buttons.predictor.busy
    buttons.once.trigger()
    wait(lambda: not buttons.predictor.busy)
    found = layers(buttons)["classes"]
    assert abs(found.extent().xMinimum() - window.canvas.extent().xMinimum()) <= 0.5
    assert buttons.predictor.engine.pid != first


def test_a_project_that_is_closed_while_a_view_is_predicted_is_left_alone(buttons, window, project, model, wait):
    buttons.once.trigger()
    wait(lambda: buttons.predictor.engine.busy)
    project.clear()
    wait(lambda: not buttons.predictor.engine.busy)
    QTest.qWait(300)
    assert project.mapLayers() == {} and window.said() == []


def test_kept_views_are_files_with_their_looks_and_the_temporary_layers_go(
    buttons, window, project, model, wait, tmp_path
):
    buttons.once.trigger()
    wait(lambda: view(buttons) and not buttons.predictor.busy)
    found = layers(buttons)
    values, outlines = gdal.Open(found["classes"].source()).ReadAsArray(), boxes(found["detections"])
    temporary = [each.id() for each in view(buttons)]
    for name in ("ground_of_design_1_classes", "ground_of_design_1_classes_2"):
        buttons.predictor.keep_in(tmp_path / "kept")
        wait(lambda name=name: (tmp_path / "kept" / f"{name}.tif").exists() and not view(buttons))
        kept = QgsRasterLayer(str(tmp_path / "kept" / f"{name}.tif"), "kept")
        assert isinstance(kept.renderer(), QgsPalettedRasterRenderer)
        assert np.array_equal(gdal.Open(kept.source()).ReadAsArray(), values)
        buttons.once.trigger()
        wait(lambda: view(buttons) and not buttons.predictor.busy)
    kept = QgsVectorLayer(str(tmp_path / "kept" / "ground_of_design_1_detections.gpkg"), "kept", "ogr")
    assert boxes(kept) == outlines
    assert not any(project.mapLayer(each) for each in temporary)
    group = project.layerTreeRoot().findGroup("of design 1")
    assert len(group.findLayers()) == 4
    buttons.predictor.remove()
    assert len(project.mapLayers()) == 5  # the raster, and what was kept twice
    assert project.layerTreeRoot().findGroup("of design 1 in this view") is None


def test_the_current_model_is_chosen_in_the_menu_and_else_predict_s_last_one(buttons, tmp_path):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(MODEL, other)
    for path in (MODEL, other):
        register(str(path))
    assert current_model() == other.resolve()
    buttons.menu.aboutToShow.emit()
    entries = [each for each in buttons.menu.actions() if each.isCheckable()]
    assert [each.isChecked() for each in entries] == [True, False]
    entries[1].trigger()
    assert current_model() == MODEL.resolve()
