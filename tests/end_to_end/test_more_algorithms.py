"""The further algorithms with the real engine: from labels to a small model, from its map to polygons and lines."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import processing
import pytest
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from tests.networks import TINY

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"validations": 1, "workers": 0}


@pytest.fixture
def class_map(make_raster, tmp_path, project):
    """A roof of 10 x 10 m, a road 3 m wide across the map and a speck, in the project with names in its legend."""
    from qgis.core import QgsPalettedRasterRenderer
    from qgis.PyQt.QtGui import QColor

    values = np.zeros((1, 96, 128), "uint8")
    values[0, 10:30, 10:30] = 1
    values[0, 60:66] = 2
    values[0, 40, 40] = 1
    layer = QgsRasterLayer(str(make_raster(tmp_path / "map.tif", values)), "map")
    classes = [
        QgsPalettedRasterRenderer.Class(value, QColor(color), name)
        for value, color, name in ((0, "#000000", "background"), (1, "#aa0000", "roof"), (2, "#0000aa", "road"))
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    return project.addMapLayer(layer)


@pytest.fixture(scope="module")
def archive(trained, tmp_path_factory):
    """The trained model as one zip, with a graph for each task."""
    path = tmp_path_factory.mktemp("archive") / "model.zip"
    assert processing.run("geodistil:exportmodel", {"MODEL": trained["MODEL"], "ZIP": str(path)}) == {"ZIP": str(path)}
    return path


@pytest.fixture
def complete(trained, archive, tmp_path):
    """The package in a copy of its run that has the graphs of each task already, which take long to write."""
    package = Path(shutil.copytree(trained["RUN_FOLDER"], tmp_path / "complete")) / "model"
    with zipfile.ZipFile(archive) as file:
        file.extractall(package)
    return package


def rows(path, *fields):
    layer = QgsVectorLayer(str(path), "rows", "ogr")
    assert layer.isValid() and layer.crs().authid() == "EPSG:32633"
    return sorted(tuple(feature[field] for field in fields) for feature in layer.getFeatures())


def loaded():
    return {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}


def test_supervised_training_gives_a_model_of_the_labelled_task(training, tmp_path, provider):
    names = ("SEGMENTATION_RASTERS", "SEGMENTATION_LABELS", "SEGMENTATION_FIELD", "NAME", "CHIP_SIZE", "BATCH_SIZE")
    parameters = {name: training[name] for name in names}
    folder = tmp_path / "run"
    more = {"OPTIONS": json.dumps({"recipe": {"network": TINY}, "training": QUICK}), "RUN_FOLDER": str(folder)}
    results = processing.run("geodistil:trainsupervised", {**parameters, "STEPS": 3, "DEVICE": "cpu", **more})
    iou = results.pop("MEAN_IOU")
    assert 0 <= iou <= 1
    assert results == {
        "RUN_FOLDER": str(folder),
        "MODEL": str(folder / "model"),
        "REPORT": str(folder / "report.html"),
    }
    card = json.loads((folder / "model" / "item.json").read_text())["properties"]["geodistil:card"]
    assert card["tasks"] == ["segmentation"]


def test_a_model_is_distilled_on_imagery_without_labels(trained, archive, town, tmp_path):
    folder = tmp_path / "run"
    results = processing.run(
        "geodistil:distilmodel",
        {
            "PACKAGE": str(archive),
            "UNLABELLED_RASTERS": [str(town)],
            "NAME": "smaller",
            "STEPS": 3,
            "CHIP_SIZE": 64,
            "BATCH_SIZE": 2,
            "DEVICE": "cpu",
            "OPTIONS": json.dumps({"recipe": {"student": TINY}, "training": QUICK}),
            "RUN_FOLDER": str(folder),
        },
    )
    assert results == {
        "RUN_FOLDER": str(folder),
        "MODEL": str(folder / "model"),
        "REPORT": str(folder / "report.html"),
    }
    teacher, student = (
        json.loads((Path(place) / "item.json").read_text())["properties"]["geodistil:card"]
        for place in (trained["MODEL"], results["MODEL"])
    )
    assert student["name"] == "smaller"
    for key in ("tasks", "gsd", "bands", "detection_classes", "segmentation_classes", "score_threshold"):
        assert student[key] == teacher[key], key


def test_an_exported_model_is_one_zip_that_predicts(archive, town, tmp_path):
    assert {"item.json", "model.safetensors", "segmentation.onnx"} <= set(zipfile.ZipFile(archive).namelist())
    parameters = {"MODEL": str(archive), "RASTER": str(town), "CLASSES": str(tmp_path / "c.tif"), "DEVICE": "cpu"}
    assert processing.run("geodistil:predict", parameters) == {"CLASSES": str(tmp_path / "c.tif")}


def test_an_export_in_eight_bits_says_what_it_did_to_each_file(complete, town, tmp_path):
    for imagery, truth in (([], "validation blocks"), ([str(town)], "against its answers in 32 bits")):
        archive, feedback = tmp_path / "light.zip", QgsProcessingFeedback(False)
        parameters = {"MODEL": str(complete), "INT8": True, "IMAGERY": imagery, "ZIP": str(archive)}
        assert processing.run("geodistil:exportmodel", parameters, feedback=feedback) == {"ZIP": str(archive)}
        sentence = next(line for line in feedback.textLog().splitlines() if "segmentation in 8 bits: mean_iou" in line)
        assert truth in sentence
        assert ("kept" in sentence) == (b"QuantizeLinear" in zipfile.ZipFile(archive).read("segmentation.onnx"))


def test_sources_are_described_and_warned_of(training, tmp_path, provider):
    names = [name for name in training if name.startswith(("DETECTION_", "SEGMENTATION_"))]
    files = {"REPORT": str(tmp_path / "findings.html"), "FINDINGS": str(tmp_path / "findings.json")}
    parameters = {**{name: training[name] for name in names}, "CHIP_SIZE": 64, **files}
    results = processing.run("geodistil:checksources", parameters)
    findings = json.loads((tmp_path / "findings.json").read_text())
    counts = findings["label_counts"]
    assert counts["detection"] == counts["segmentation"] and set(counts["detection"]) == {"blue", "red"}
    labels = 2 * sum(counts["detection"].values())
    assert results == {**files, "WARNINGS": len(findings["warnings"]), "LABELS": labels}
    assert findings["gsd_m"] == pytest.approx(0.5, rel=0.01)
    assert "town" in (tmp_path / "findings.html").read_text()


def test_what_is_wrong_with_sources_is_the_engine_s_sentence(training, project, make_boxes, provider):
    elsewhere = project.addMapLayer(make_boxes([(9000, 9000, 9010, 9010, "red")], "elsewhere"))
    parameters = {"SEGMENTATION_RASTERS": training["SEGMENTATION_RASTERS"], "SEGMENTATION_LABELS": elsewhere.id()}
    with pytest.raises(QgsProcessingException, match=r"segmentation\.gpkg"):
        processing.run("geodistil:checksources", parameters, feedback=QgsProcessingFeedback(False))


def test_a_class_map_becomes_polygons_named_and_coloured_by_its_legend(class_map, provider):
    parameters = {"CLASS_MAP": class_map.id(), "MINIMUM_AREA": 5, "POLYGONS": "TEMPORARY_OUTPUT"}
    results = processing.runAndLoadResults("geodistil:areastopolygons", {**parameters, "RIGHT_ANGLED": "roof"})
    assert set(results) == {"POLYGONS", "COUNT"} and results["COUNT"] == 2
    layer = loaded()["map: polygons"]
    areas = {feature["class"]: feature["area_m2"] for feature in layer.getFeatures()}
    assert areas["roof"] == pytest.approx(100, rel=0.02) and set(areas) == {"roof", "road"}
    assert isinstance(layer.renderer(), QgsCategorizedSymbolRenderer)
    colors = {each.label(): each.symbol().symbolLayer(0).strokeColor().name() for each in layer.renderer().categories()}
    assert colors == {"roof": "#aa0000", "road": "#0000aa"}


def test_only_the_classes_asked_for_become_polygons_in_the_format_asked_for(class_map, tmp_path, provider):
    output = str(tmp_path / "roads.geojson")
    parameters = {"CLASS_MAP": class_map.id(), "CLASSES": "road", "POLYGONS": output}
    assert processing.run("geodistil:areastopolygons", parameters) == {"POLYGONS": output, "COUNT": 1}
    (feature,) = QgsVectorLayer(output, "roads", "ogr").getFeatures()
    assert feature["class"] == "road"


def test_a_file_that_reaches_elsewhere_is_read_only_where_that_is_allowed(class_map, tmp_path, project, provider):
    """Behind the name of a GeoTIFF there is a virtual raster of a file in another folder."""
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / "map.tif"
    subprocess.run(["gdal_translate", "-q", "-of", "VRT", class_map.source(), path], check=True)
    path.write_text(path.read_text().replace('relativeToVRT="1">../', f'relativeToVRT="0">{tmp_path}/'))
    layer = project.addMapLayer(QgsRasterLayer(str(path), "far"))
    parameters = {"CLASS_MAP": layer.id(), "CLASSES": "2", "POLYGONS": "TEMPORARY_OUTPUT"}
    with pytest.raises(QgsProcessingException, match=r"map\.tif reaches for "):
        processing.run("geodistil:areastopolygons", parameters, feedback=QgsProcessingFeedback(False))
    assert processing.run("geodistil:areastopolygons", {**parameters, "ALLOW_REMOTE": True})["COUNT"] == 1


def test_a_class_that_is_not_in_the_legend_is_named(class_map, provider):
    parameters = {"CLASS_MAP": class_map.id(), "CLASSES": "lake", "POLYGONS": "TEMPORARY_OUTPUT"}
    with pytest.raises(QgsProcessingException, match=r"'lake'.*roof, road"):
        processing.run("geodistil:areastopolygons", parameters, feedback=QgsProcessingFeedback(False))


def test_a_road_becomes_its_centre_line_in_its_colour(class_map, provider):
    parameters = {"CLASS_MAP": class_map.id(), "CLASS": "2", "LINES": "TEMPORARY_OUTPUT"}
    results = processing.runAndLoadResults("geodistil:areastolines", parameters)
    assert set(results) == {"LINES", "COUNT"} and results["COUNT"] == 1
    layer = loaded()["map: lines"]
    (line,) = layer.getFeatures()
    assert line["length_m"] == pytest.approx(64, abs=4) and line["width_m"] == pytest.approx(3, abs=0.6)
    assert layer.renderer().symbol().color().name() == "#0000aa"


def test_areas_of_a_class_raster_become_boxes(class_map, tmp_path, provider):
    output = str(tmp_path / "boxes.gpkg")
    parameters = {"AREAS": class_map.id(), "BOXES": output}
    assert processing.run("geodistil:boxesfromareas", parameters) == {"BOXES": output, "COUNT": 2}
    assert rows(output, "class", "class_id", "pixels") == [("road", 2, 768), ("roof", 1, 400)]


def test_polygons_that_touch_become_one_box(project, make_boxes, provider):
    houses = [(0, 0, 20, 20, "roof"), (20, 4, 40, 20, "roof"), (80, 0, 100, 20, "roof"), (0, 60, 20, 80, "pool")]
    layer = project.addMapLayer(make_boxes(houses, "houses"))
    parameters = {"AREAS": layer.id(), "FIELD": "kind", "PIXEL_SIZE": 0.5, "BOXES": "TEMPORARY_OUTPUT"}
    results = processing.runAndLoadResults("geodistil:boxesfromareas", parameters)
    assert results["COUNT"] == 3
    found = loaded()["houses: boxes"]
    widths = sorted(
        (feature["class"], round(feature.geometry().boundingBox().width())) for feature in found.getFeatures()
    )
    assert widths == [("pool", 10), ("roof", 10), ("roof", 20)]
    whole = {"AREAS": layer.id(), "PIXEL_SIZE": 0.5, "BOXES": "TEMPORARY_OUTPUT"}
    named = processing.run("geodistil:boxesfromareas", whole)["BOXES"]
    assert {kind for (kind,) in rows(named, "class")} == {"houses"}


def test_the_example_model_goes_from_imagery_to_areas_by_class(provider, make_onnx, town, project, tmp_path):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(ROOT / "resources" / "models" / "map_areas.model3"))
    assert model.validate() == (True, [])
    outputs = {
        "predict:Class map": str(tmp_path / "classes.tif"),
        "polygons:Polygons": str(tmp_path / "polygons.gpkg"),
        "statistics:Areas by class": str(tmp_path / "areas.csv"),
    }
    context = QgsProcessingContext()
    context.setProject(project)
    names = ["background", "red", "blue"]
    knowing = make_onnx({"model_type": "Segmentor", "resolution": 50, "class_names": names})
    parameters = {"model": str(knowing), "imagery": str(town), "smallest": 0, "tolerance": 0, **outputs}
    results = processing.run(model, parameters, context=context)
    assert {key: results[key] for key in outputs} == outputs
    polygons = rows(tmp_path / "polygons.gpkg", "class", "area_m2")
    summed = {
        row["class"]: float(row["sum"]) for row in QgsVectorLayer(outputs["statistics:Areas by class"]).getFeatures()
    }
    assert set(summed) == {name for name, _ in polygons} == {"blue", "red"}
    for name, total in summed.items():
        assert total == pytest.approx(sum(area for each, area in polygons if each == name))


def perfect_boxes(boxes, make_boxes, project):
    """The truth as detections, with one false one added and one left out."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string&field=score:double", "found", "memory")
    for box in make_boxes([*boxes[1:], (180, 180, 190, 190, "red")]).getFeatures():
        box.setAttributes([*box.attributes(), 0.9])
        layer.dataProvider().addFeature(box)
    layer.updateExtents()
    return project.addMapLayer(layer)


def test_errors_of_detections_are_a_layer_by_kind(trained, town_layers, project, boxes, make_boxes):
    found = perfect_boxes(boxes, make_boxes, project)
    parameters = {"PREDICTIONS": found.id(), "LABELS": town_layers[1].id(), "FIELD": "kind", "MODEL": trained["MODEL"]}
    errors = {"ERROR_OBJECTS": "TEMPORARY_OUTPUT", "ERROR_MAP": "TEMPORARY_OUTPUT"}
    results = processing.runAndLoadResults("geodistil:evaluate", {**parameters, **errors})
    assert "ERROR_MAP" not in results
    layer = loaded()["found: errors"]
    kinds = [feature["error"] for feature in layer.getFeatures()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "true positive": len(boxes) - 1,
        "false positive": 1,
        "missed": 1,
    }
    assert [each.label() for each in layer.renderer().categories()] == ["true positive", "false positive", "missed"]


def test_errors_of_a_class_map_are_a_raster_by_kind(trained, town_layers, make_raster, boxes, tmp_path, project):
    classes = np.zeros((1, 192, 192), "uint8")
    for left, top, right, bottom, kind in boxes[1:]:
        classes[0, top:bottom, left:right] = {"blue": 1, "red": 2}[kind]
    classes[0, 180:184, 180:190] = 1
    found = project.addMapLayer(QgsRasterLayer(str(make_raster(tmp_path / "map.tif", classes)), "found"))
    parameters = {"PREDICTIONS": found.id(), "LABELS": town_layers[1].id(), "FIELD": "kind", "MODEL": trained["MODEL"]}
    output = str(tmp_path / "errors.tif")
    results = processing.run("geodistil:evaluate", {**parameters, "ERROR_MAP": output})
    assert results["ERROR_MAP"] == output
    errors = QgsRasterLayer(output)
    block = errors.dataProvider().block(1, found.extent(), 192, 192)  # owns the bytes
    values = np.frombuffer(bytes(block.data()), "uint8")
    left, top, right, bottom, _ = boxes[0]
    assert (values == 3).sum() == (right - left) * (bottom - top)
    assert (values == 2).sum() == 40 and (values == 1).sum() == 0


def test_qgis_process_takes_json_and_gives_json(class_map, tmp_path):
    environment = {
        **os.environ,
        "QGIS_PLUGINPATH": str(ROOT / "build" / "plugins"),
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path / "profile"),
        "QT_QPA_PLATFORM": "offscreen",
    }

    def qgis_process(*arguments, **streams):
        command = ["qgis_process.bin", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, **streams)

    output = str(tmp_path / "boxes.gpkg")
    inputs = {"AREAS": str(tmp_path / "map.tif"), "CLASSES": "1", "MINIMUM": "0", "BOXES": output}
    qgis_process("plugins", "enable", "geodistil")
    if "STDIN" in qgis_process("--help").stdout.upper():
        result = qgis_process("run", "geodistil:boxesfromareas", "-", input=json.dumps({"inputs": inputs}))
    else:  # QGIS before 3.24
        values = [f"{key}={value}" for key, value in inputs.items()]
        result = qgis_process("--json", "run", "geodistil:boxesfromareas", "--", *values)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["results"] == {"BOXES": output, "COUNT": 2}
    assert rows(output, "class_id", "pixels") == [(1, 1), (1, 400)]


def test_nothing_of_the_engine_is_in_qgis_s_process_after_all_this(trained):
    assert [name for name in ("torch", "rasterio", "pydantic", "engine") if name in sys.modules] == []
