"""ONNX files of other programs through the toolbox and the form, with the real engine."""

import shutil
import time

import numpy as np
import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsSettings,
    QgsSingleBandPseudoColorRenderer,
)


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        QgsApplication.processEvents()
        time.sleep(0.01)


def pixels(path):
    layer = QgsRasterLayer(path, "map")
    block = layer.dataProvider().block(1, layer.extent(), layer.width(), layer.height())
    return np.frombuffer(bytes(block.data()), np.uint8).reshape(layer.height(), layer.width())


def test_a_model_that_says_too_little_is_described_in_the_form_and_predicts_where_wanted(
    provider, cache, make_onnx, town_layers, make_boxes, tmp_path
):
    from geodistil.ui.model_widget import ModelWidget
    from geodistil.ui.onnx_form import OnnxForm
    from qgis.PyQt.QtWidgets import QDialogButtonBox, QToolButton

    model, (imagery, _) = make_onnx({"model_type": "Segmentor"}), town_layers
    parameters = {"MODEL": str(model), "RASTER": imagery, "BACKEND": "onnxruntime"}
    with pytest.raises(QgsProcessingException, match=r"does not say its resolution\..*--describe.*inspect"):
        processing.run("geodistil:predict", {**parameters, "CLASSES": "TEMPORARY_OUTPUT"})

    widget = ModelWidget("")
    widget.set_path(str(model))
    next(each for each in widget.findChildren(QToolButton) if "Describe" in each.text()).click()
    wait_for(lambda: widget.findChildren(OnnxForm))
    form = widget.findChild(OnnxForm)
    assert form.task.currentData() == "Segmentor"
    form.resolution.setValue(50)
    form.classes.show_classes(["background", "red", "blue"], ["#000000", "#aa0000", "#0000aa"])
    form.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    ready = "The model is ready to predict."
    wait_for(lambda: widget.status() == ready or form.problem.text())
    assert widget.status() == ready and (tmp_path / "colours.json").is_file()

    fields = make_boxes([(0, 0, 96, 192, "west"), (180, 0, 192, 192, "east"), (99, 0, 110, 99, "")], "fields")
    QgsProject.instance().addMapLayer(fields)
    fields.selectByIds([1, 2])
    area = QgsProcessingFeatureSourceDefinition(fields.id(), True)
    extent = "500000,500096,4999952,5000000 [EPSG:32633]"  # the raster's upper half
    results = processing.runAndLoadResults(
        "geodistil:predict", {**parameters, "AREA": area, "EXTENT": extent, "CLASSES": str(tmp_path / "classes.tif")}
    )
    classes = next(each for each in QgsProject.instance().mapLayers().values() if each.name() == "town: classes")
    assert [(each.label, each.color.name()) for each in classes.renderer().classes()][1:] == [
        ("red", "#aa0000"),
        ("blue", "#0000aa"),
    ]
    values = pixels(results["CLASSES"])
    assert values.shape == (96, 192)
    assert set(np.unique(values[:, :95])) == {0, 1, 2} and (values[:, 97:179] == 255).all()


def test_a_dropped_model_is_tried_registered_and_its_values_come_back_with_a_ramp(
    provider, cache, make_onnx, town_layers, tmp_path
):
    from geodistil.jobs.background import NOTICES
    from geodistil.jobs.package_registry import PACKAGES, registered
    from geodistil.ui.model_widget import PackageDrops
    from qgis.gui import QgsMessageBar
    from qgis.PyQt.QtWidgets import QMainWindow

    class Interface(QMainWindow):
        def __init__(self):
            super().__init__()
            self.bar = QgsMessageBar(self)

        def mainWindow(self):
            return self

        def messageBar(self):
            return self.bar

    QgsSettings().remove(PACKAGES)
    iface = Interface()
    model = make_onnx({"model_type": "Regressor", "resolution": 50, "class_names": ["redness"]}, [[1.0, 0, -1.0]])
    assert PackageDrops(iface, lambda *arguments: None).handleFileDrop(str(model))
    wait_for(registered)
    assert registered() == [("colours", model)]
    imagery, _ = town_layers
    folder = tmp_path / "imagery"
    folder.mkdir()
    shutil.copy(imagery.source(), folder / "village.tif")
    (folder / "broken.tif").write_bytes(b"II*\0")
    told = []
    NOTICES.warned.connect(lambda *message: told.append(message))
    results = processing.runAndLoadResults(
        "geodistil:predictrasters",
        {"MODEL": str(model), "RASTERS": [imagery], "FOLDER": str(folder), "OUTPUT": str(tmp_path / "results")},
    )
    assert len(told) == 1 and "broken.tif is left out" in told[0][0]
    layers = {each.name(): each for each in QgsProject.instance().mapLayers().values()}
    assert len(results["LAYERS"]) == 2 and {"town: values", "village: values"} <= set(layers)
    assert isinstance(layers["village: values"].renderer(), QgsSingleBandPseudoColorRenderer)
    assert isinstance(QgsRasterLayer(results["LAYERS"][0], "fresh").renderer(), QgsSingleBandPseudoColorRenderer)


def test_evaluate_takes_a_model_that_nobody_has_tried(provider, cache, make_onnx, make_raster, make_boxes, tmp_path):
    values = np.zeros((1, 64, 64), "uint8")
    values[0, 8:24, 8:24] = 1
    class_map = QgsRasterLayer(str(make_raster(tmp_path / "map.tif", values)), "map")
    names = ["background", "red", "blue"]
    model = make_onnx({"model_type": "Segmentor", "resolution": 50, "class_names": names})
    parameters = {"LABELS": make_boxes([(8, 8, 24, 24, "red")]), "FIELD": "kind", "MODEL": str(model)}
    results = processing.run("geodistil:evaluate", {**parameters, "PREDICTIONS": class_map})
    assert results["MEAN_IOU"] == pytest.approx(1)
    objects = make_boxes([(8, 8, 24, 24, "red")])
    with pytest.raises(QgsProcessingException, match="has no"):
        processing.run("geodistil:evaluate", {**parameters, "PREDICTIONS": objects})
