"""Prediction and evaluation from the toolbox, a model and `qgis_process`, with the real engine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import processing
import pytest
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsGraduatedSymbolRenderer,
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

ROOT = Path(__file__).resolve().parents[2]


def predict(trained, raster, **outputs):
    return {"MODEL": trained["MODEL"], "RASTER": raster, "SCORE": 0.0, "DEVICE": "cpu", **outputs}


@pytest.fixture
def loaded(trained, town_layers):
    """The project's layers by name after a prediction that loads its results."""
    imagery, _ = town_layers
    outputs = dict.fromkeys(("CLASSES", "DETECTIONS", "CONFIDENCE_MAP"), "TEMPORARY_OUTPUT")
    processing.runAndLoadResults("geodistil:predict", predict(trained, imagery, **outputs))
    return {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}


def test_predictions_load_styled_named_and_on_the_imagery_to_the_pixel(loaded):
    classes, found = loaded["town: classes"], loaded["town: detections"]
    imagery = loaded["town"]
    assert isinstance(classes.renderer(), QgsPalettedRasterRenderer)
    assert [entry.label for entry in classes.renderer().classes()] == ["background", "blue", "red"]
    assert classes.extent() == imagery.extent() and classes.crs() == imagery.crs()
    assert (classes.width(), classes.height()) == (imagery.width(), imagery.height())
    assert isinstance(found.renderer(), QgsCategorizedSymbolRenderer) and found.labelsEnabled()
    assert {"class", "score"} <= {field.name() for field in found.fields()}
    assert loaded["town: confidence"].dataProvider().dataType(1) == classes.dataProvider().dataType(1)
    assert all(isinstance(layer, QgsMapLayer) and layer.isValid() for layer in loaded.values())


def test_predictions_lie_in_their_model_s_group_and_look_right_in_another_project(loaded):
    group = QgsProject.instance().layerTreeRoot().findGroup("tiny")
    assert [node.name() for node in group.children()] == ["town: detections", "town: confidence", "town: classes"]
    classes = QgsRasterLayer(loaded["town: classes"].source(), "fresh")
    found = QgsVectorLayer(loaded["town: detections"].source(), "fresh", "ogr")
    assert [entry.label for entry in classes.renderer().classes()] == ["background", "blue", "red"]
    assert {category.value() for category in found.renderer().categories()} == {"blue", "red"}
    assert (
        "Model: tiny" in found.metadata().abstract() and "Model: tiny" in loaded["town: classes"].metadata().abstract()
    )


def test_where_to_label_next_comes_as_ranked_cells_with_pseudo_labels(trained, town_layers, tmp_path):
    imagery, _ = town_layers
    package = shutil.copytree(trained["MODEL"], tmp_path / "package")  # in its run it knows that all is labelled
    parameters = {"MODEL": str(package), "RASTERS": [imagery], "CELL": 16, "CONFIDENCE": 0, "DEVICE": "cpu"}
    outputs = dict.fromkeys(("LABEL_NEXT", "PSEUDO_LABELS"), "TEMPORARY_OUTPUT")
    results = processing.runAndLoadResults("geodistil:reviewpredictions", {**parameters, **outputs})
    layers = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    cells, pseudo = layers["town: label here next"], layers["town: pseudo-labels"]
    ranks = sorted(feature["rank"] for feature in cells.getFeatures())
    assert ranks == list(range(1, results["CELLS"] + 1)) and len(ranks) > 0
    assert isinstance(cells.renderer(), QgsGraduatedSymbolRenderer) and cells.labelsEnabled()
    assert {"class", "confidence"} <= {field.name() for field in pseudo.fields()}
    assert isinstance(QgsVectorLayer(results["LABEL_NEXT"], "fresh", "ogr").renderer(), QgsGraduatedSymbolRenderer)


def test_each_raster_of_a_batch_gets_the_outputs_asked_for_in_their_format(trained, town_layers, make_raster, tmp_path):
    other = make_raster(tmp_path / "small.tif", np.full((3, 96, 128), 100, "uint8"))
    rasters = {"town": town_layers[0], "small": QgsRasterLayer(str(other), "small")}
    for name, raster in rasters.items():
        outputs = {"CLASSES": None, "DETECTIONS": str(tmp_path / f"{name}.geojson")}
        if name == "small":
            outputs = {"CLASSES": str(tmp_path / "small_classes.tif")}
        assert processing.run("geodistil:predict", predict(trained, raster, **outputs)) == {
            key: value for key, value in outputs.items() if value
        }
    assert QgsVectorLayer(str(tmp_path / "town.geojson"), "found", "ogr").isValid()
    classes = QgsRasterLayer(str(tmp_path / "small_classes.tif"))
    assert (classes.width(), classes.height()) == (128, 96)


def test_a_virtual_raster_that_lies_elsewhere_than_its_tiles_is_predicted_like_them(
    trained, town_layers, town, tmp_path
):
    """As QGIS's own *Build virtual raster* makes it, among the temporary files."""
    from osgeo import gdal

    gdal.BuildVRT(str(tmp_path / "all.vrt"), [str(town)]).FlushCache()
    virtual, plain = str(tmp_path / "virtual.tif"), str(tmp_path / "plain.tif")
    processing.run(
        "geodistil:predict", predict(trained, QgsRasterLayer(str(tmp_path / "all.vrt"), "all"), CLASSES=virtual)
    )
    processing.run("geodistil:predict", predict(trained, town_layers[0], CLASSES=plain))
    assert np.array_equal(*(gdal.Open(path).ReadAsArray() for path in (virtual, plain)))


def test_predict_works_in_a_model(trained, town_layers, project):
    model = QgsProcessingModelAlgorithm("chain")
    model.addModelParameter(QgsProcessingParameterRasterLayer("image"), QgsProcessingModelParameter("image"))
    child = QgsProcessingModelChildAlgorithm("geodistil:predict")
    child.setChildId("predict")
    source = QgsProcessingModelChildParameterSource
    child.addParameterSources("MODEL", [source.fromStaticValue(trained["MODEL"])])
    child.addParameterSources("RASTER", [source.fromModelParameter("image")])
    output = QgsProcessingModelOutput("classes")
    output.setChildOutputName("CLASSES")
    output.setChildId("predict")
    child.setModelOutputs({"classes": output})
    model.addChildAlgorithm(child)
    model.updateDestinationParameters()
    context = QgsProcessingContext()
    context.setProject(project)
    results, succeeded = model.run(
        {"image": town_layers[0], "predict:classes": "TEMPORARY_OUTPUT"}, context, QgsProcessingFeedback(False)
    )
    assert succeeded and QgsRasterLayer(results["predict:classes"]).isValid()


def test_a_raster_with_other_bands_is_refused_with_the_engine_s_sentence(trained, make_raster, tmp_path, project):
    grey = str(make_raster(tmp_path / "grey.tif", np.zeros((1, 64, 64), "uint8")))
    with pytest.raises(QgsProcessingException, match=r"grey\.tif has 1 band"):
        processing.run("geodistil:predict", predict(trained, grey, CLASSES="TEMPORARY_OUTPUT"))


def test_the_truth_itself_scores_one(trained, town_layers, make_raster, boxes, tmp_path):
    classes = np.zeros((1, 192, 192), "uint8")
    for left, top, right, bottom, kind in boxes:
        classes[0, top:bottom, left:right] = {"blue": 1, "red": 2}[kind]
    class_map = QgsRasterLayer(str(make_raster(tmp_path / "perfect.tif", classes)), "perfect")
    _, labels = town_layers
    parameters = {"PREDICTIONS": class_map, "LABELS": labels, "FIELD": "kind", "MODEL": trained["MODEL"]}
    results = processing.run("geodistil:evaluate", {**parameters, "SCORES": str(tmp_path / "scores.json")})
    assert results["MEAN_IOU"] == pytest.approx(1)
    assert json.loads((tmp_path / "scores.json").read_text())["mean_iou"] == pytest.approx(1)
    assert "mean_iou" in Path(results["REPORT"]).read_text()


def test_detections_are_scored_from_any_vector_layer(trained, town_layers, boxes, make_boxes):
    perfect = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string&field=score:double", "perfect", "memory")
    for box in make_boxes(boxes).getFeatures():
        box.setAttributes([*box.attributes(), 0.9])
        perfect.dataProvider().addFeature(box)
    perfect.updateExtents()
    _, labels = town_layers
    parameters = {"PREDICTIONS": perfect, "LABELS": labels, "FIELD": "kind", "MODEL": trained["MODEL"]}
    assert processing.run("geodistil:evaluate", parameters)["AP50"] == pytest.approx(1)


def test_predict_works_from_qgis_process(trained, town, tmp_path):
    environment = {
        **os.environ,
        "QGIS_PLUGINPATH": str(ROOT / "build" / "plugins"),
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path / "profile"),
        "QT_QPA_PLATFORM": "offscreen",
    }

    def qgis_process(*arguments):
        command = ["qgis_process.bin", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    qgis_process("plugins", "enable", "geodistil")
    values = (f"MODEL={trained['MODEL']}", f"RASTER={town}", f"CLASSES={tmp_path / 'classes.tif'}")
    result = qgis_process("--json", "run", "geodistil:predict", "--", *values)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["results"]["CLASSES"] == str(tmp_path / "classes.tif")
    assert QgsRasterLayer(str(tmp_path / "classes.tif")).width() == 192


def test_nothing_of_the_engine_is_in_qgis_s_process_after_a_run(trained):
    assert [name for name in ("torch", "rasterio", "pydantic", "engine") if name in sys.modules] == []
