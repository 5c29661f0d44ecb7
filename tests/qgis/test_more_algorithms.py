"""The further algorithms as QGIS sees them: what they refuse, and the runs and commands they would start."""

import json
import zipfile

import numpy as np
import pytest
from geodistil.jobs.reading import Features
from geodistil.jobs.sources.options import options_of
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from .cards import write_card

CARD = {
    "name": "town",
    "tasks": ["detection", "segmentation"],
    "gsd": 0.5,
    "bands": [1, 2, 3],
    "background": False,
    "detection_classes": [{"name": "car", "color": "#00ff00", "values": ["car", "van"]}],
    "segmentation_classes": [{"name": "roof", "color": "#ff0000"}],
    "network": {"size": "large", "detection_head": "retinanet", "detection_strides": [8, 16]},
}
DETAILS = ("EPOCHS", "CHIP_SIZE", "BATCH_SIZE", "DEVICE", "SEED", "OPTIONS")


def option_names(kind):
    return [option.parameter for option in options_of(kind)]


NEW = {
    "trainsupervised": ({"BACKGROUND", "SERVICE_EXTENT", *DETAILS, *option_names("supervised")}, {"RUN_FOLDER"}),
    "distilmodel": ({"SERVICE_EXTENT", *DETAILS, *option_names("distil")}, {"RUN_FOLDER"}),
    "exportmodel": ({"ALLOW_REMOTE"}, {"ZIP"}),
    "checksources": ({"BACKGROUND", "CHIP_SIZE", "SERVICE_EXTENT"}, {"REPORT", "FINDINGS", "WARNINGS", "LABELS"}),
    "areastopolygons": ({"RIGHT_ANGLED", "CONFIDENCE_MAP", "ALLOW_REMOTE"}, {"POLYGONS", "COUNT"}),
    "areastolines": ({"MINIMUM_AREA", "FILL_HOLES", "SPUR", "SIMPLIFY", "ALLOW_REMOTE"}, {"LINES", "COUNT"}),
    "boxesfromareas": ({"OPENING", "ALLOW_REMOTE"}, {"BOXES", "COUNT"}),
    "exportchips": ({"BACKGROUND", "LEAST_SHARE", "SERVICE_EXTENT"}, {"FOLDER", "COUNT"}),
    "importlabels": ({"CRS", "NAMES", "KEEP_PIECES", "ALLOW_REMOTE"}, {"LABELS", "AREA", "CLASS_RASTER", "COUNT"}),
}
TRAINED = {"MODEL", "REPORT", "MEAN_IOU", "AP50", "AP"}


@pytest.fixture
def context(project):
    context = QgsProcessingContext()
    context.setProject(project)
    return context


@pytest.fixture
def layers(project, make_raster, make_boxes, tmp_path):
    image = QgsRasterLayer(str(make_raster(tmp_path / "town.tif", np.zeros((3, 64, 64), "uint8"))), "town")
    boxes = make_boxes([(1, 1, 9, 9, "car"), (20, 20, 30, 30, "van")], "cars")
    roofs = make_boxes([(1, 1, 30, 9, "")], "roofs")
    project.addMapLayers([image, boxes, roofs])
    return {"image": image.id(), "boxes": boxes.id(), "roofs": roofs.id()}


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    write_card(folder, CARD)
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def algorithm(name):
    return QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")


def prepared(name, parameters, context):
    """A training whose run folder is written, parameters checked first."""
    each = algorithm(name)
    assert each.checkParameterValues(parameters, context) == (True, "")
    assert each.prepare(parameters, context, QgsProcessingFeedback())
    each.write_run(QgsProcessingFeedback())
    return each


def refusal(name, parameters, context):
    accepted, message = algorithm(name).checkParameterValues(parameters, context)
    assert not accepted
    return message


@pytest.mark.parametrize("name", NEW)
def test_details_are_advanced_and_all_outputs_are_declared(provider, name):
    details, outputs = NEW[name]
    owner, flag = algorithm(name), QgsProcessingParameterDefinition.Flag.FlagAdvanced
    assert {each.name() for each in owner.parameterDefinitions() if each.flags() & flag} == details
    trained = TRAINED if name in ("trainsupervised", "distilmodel") else set()
    assert {each.name() for each in owner.outputDefinitions()} == outputs | trained


def test_every_algorithm_of_the_family_has_an_icon_of_its_kind(provider):
    shown = {name: algorithm(name).icon().pixmap(24, 24).toImage() for name in NEW}
    assert not any(image.isNull() for image in shown.values())
    names = list(NEW)
    assert all(shown[one] != shown[other] for one in names for other in names if one != other)


def test_supervised_takes_one_task_or_both(provider, layers, context, tmp_path):
    segmentation = {"SEGMENTATION_RASTERS": [layers["image"]], "SEGMENTATION_LABELS": layers["roofs"]}
    parameters = {**segmentation, "STEPS": 4, "NETWORK": 1, "RUN_FOLDER": str(tmp_path / "one")}
    prepared("trainsupervised", parameters, context)
    run = json.loads((tmp_path / "one" / "run.json").read_text())
    assert run["recipe"] == {"kind": "supervised", "network": {"size": "medium"}}
    assert [source["role"] for source in run["sources"]] == ["segmentation"]
    detection = {"DETECTION_RASTERS": [layers["image"]], "DETECTION_LABELS": layers["boxes"], "DETECTION_FIELD": "kind"}
    prepared("trainsupervised", {**parameters, **detection, "RUN_FOLDER": str(tmp_path / "two")}, context)
    run = json.loads((tmp_path / "two" / "run.json").read_text())
    assert [source["role"] for source in run["sources"]] == ["detection", "segmentation"]
    assert [each["name"] for each in run["detection_classes"]] == ["car", "van"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nothing to work on"),
        ({"SEGMENTATION_RASTERS": ["image"]}, "Segmentation needs both imagery and labels"),
        ({"DETECTION_LABELS": "boxes"}, "Detection needs both imagery and labels"),
    ],
)
@pytest.mark.parametrize("name", ["trainsupervised", "checksources"])
def test_half_a_source_is_refused_before_the_run(provider, layers, context, tmp_path, name, given, words):
    def ids(value):
        return [layers[each] for each in value] if isinstance(value, list) else layers[value]

    parameters = {key: ids(value) for key, value in given.items()}
    assert words in refusal(name, {**parameters, "RUN_FOLDER": str(tmp_path / "run")}, context)


def test_points_need_the_side_of_their_box(provider, layers, context, tmp_path):
    points = QgsVectorLayer("Point?crs=EPSG:32633", "trees", "memory")
    context.project().addMapLayer(points)
    parameters = {"DETECTION_RASTERS": [layers["image"]], "DETECTION_LABELS": points.id(), "RUN_FOLDER": str(tmp_path)}
    assert "trees are points" in refusal("trainsupervised", parameters, context)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPointXY(context.project().mapLayer(layers["image"]).extent().center()))
    points.dataProvider().addFeature(feature)
    prepared("trainsupervised", {**parameters, "BOX_SIZE": 4, "RUN_FOLDER": str(tmp_path / "run")}, context)
    (source,) = json.loads((tmp_path / "run" / "run.json").read_text())["sources"]
    assert source["labels"]["box_size"] == 4


@pytest.mark.parametrize("form", ["folder", "item", "zip"])
def test_a_model_becomes_the_teacher_inside_the_run_folder(provider, layers, context, package, tmp_path, form):
    given = {"folder": package, "item": package / "item.json", "zip": tmp_path / "model.zip"}[form]
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        for name in ("item.json", "model.safetensors"):
            archive.write(package / name, name)
    folder = tmp_path / "run"
    parameters = {
        "PACKAGE": str(given),
        "UNLABELLED_RASTERS": [layers["image"]],
        "STUDENT": 0,
        "DISTILLATION": [0, 1],
        "OPTIONS": '{"recipe": {"temperature": 2}}',
        "RUN_FOLDER": str(folder),
    }
    prepared("distilmodel", parameters, context)
    run = json.loads((folder / "run.json").read_text())
    assert run["recipe"] == {
        "kind": "distil",
        "package": "teacher",
        "student": {"size": "small", "detection_head": "retinanet", "detection_strides": [8, 16]},
        "distillation": ["soft", "feature"],
        "temperature": 2,
    }
    assert (run["gsd"], run["bands"], run["background"]) == (0.5, [1, 2, 3], False)
    assert run["detection_classes"] == CARD["detection_classes"]
    assert run["segmentation_classes"] == [{"name": "roof", "color": "#ff0000", "values": []}]
    assert (folder / "teacher" / "model.safetensors").read_bytes() == b"weights"
    assert sorted(path.name for path in (folder / "teacher").iterdir()) == ["item.json", "model.safetensors"]


def test_the_classes_of_labels_for_distillation_are_the_model_s(provider, layers, context, package, tmp_path):
    parameters = {
        "PACKAGE": str(package),
        "DETECTION_RASTERS": [layers["image"]],
        "DETECTION_LABELS": layers["boxes"],
        "DETECTION_FIELD": "kind",
        "RUN_FOLDER": str(tmp_path / "run"),
    }
    prepared("distilmodel", parameters, context)
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["detection_classes"] == CARD["detection_classes"]


def test_distillation_refuses_what_is_no_model_labels_it_cannot_use_and_no_imagery(
    provider, layers, context, package, tmp_path
):
    run = {"RUN_FOLDER": str(tmp_path / "run"), "UNLABELLED_RASTERS": [layers["image"]]}
    no_model = refusal("distilmodel", {**run, "PACKAGE": str(tmp_path)}, context)
    assert "is not a GeoDistil model package" in no_model
    one = {**CARD, "tasks": ["segmentation"], "detection_classes": []}
    write_card(package, one)
    labels = {"DETECTION_RASTERS": [layers["image"]], "DETECTION_LABELS": layers["boxes"]}
    assert "has no detection" in refusal("distilmodel", {**run, **labels, "PACKAGE": str(package)}, context)
    nothing = {"PACKAGE": str(package), "RUN_FOLDER": str(tmp_path / "run")}
    assert "nothing to work on" in refusal("distilmodel", nothing, context)


def test_a_training_starts_from_a_model(provider, layers, context, package, tmp_path):
    card = {**CARD, "tasks": ["detection"], "segmentation_classes": []}
    (package / "item.json").write_text(json.dumps({"properties": {"geodistil:card": card}}))
    folder = tmp_path / "run"
    parameters = {
        "START_FROM": str(package / "item.json"),
        "DETECTION_RASTERS": [layers["image"]],
        "DETECTION_LABELS": layers["boxes"],
        "DETECTION_FIELD": "kind",
        "LEARNING_WITHOUT_FORGETTING": 1,
        "RUN_FOLDER": str(folder),
    }
    prepared("trainsupervised", parameters, context)
    run = json.loads((folder / "run.json").read_text())
    assert run["recipe"] == {
        "kind": "supervised",
        "network": {},
        "start_from": "start",
        "learning_without_forgetting": 1.0,
    }
    assert (run["gsd"], run["bands"]) == (0.5, [1, 2, 3])
    assert (folder / "start" / "model.safetensors").read_bytes() == b"weights"


def test_a_training_does_not_start_from_a_model_of_other_tasks(provider, layers, context, package, tmp_path):
    parameters = {"DETECTION_RASTERS": [layers["image"]], "DETECTION_LABELS": layers["boxes"]}
    parameters |= {"RUN_FOLDER": str(tmp_path / "run")}
    said = refusal("trainsupervised", {**parameters, "START_FROM": str(package)}, context)
    assert "does detection and segmentation, and the labels are for detection" in said
    assert "no model package" in refusal("trainsupervised", {**parameters, "START_FROM": "/gone"}, context)


def test_an_incomplete_model_stops_the_run_with_a_sentence(provider, layers, context, package, tmp_path):
    (package / "model.safetensors").unlink()
    feedback = QgsProcessingFeedback(False)
    parameters = {"PACKAGE": str(package), "UNLABELLED_RASTERS": [layers["image"]], "RUN_FOLDER": str(tmp_path / "run")}
    _, succeeded = algorithm("distilmodel").run(parameters, context, feedback)
    assert not succeeded and "is incomplete" in feedback.htmlLog()
    assert not (tmp_path / "run" / "teacher").exists()


def test_a_run_that_goes_on_keeps_its_teacher(provider, layers, context, package, tmp_path):
    folder = tmp_path / "run"
    parameters = {"PACKAGE": str(package), "UNLABELLED_RASTERS": [layers["image"]], "RUN_FOLDER": str(folder)}
    prepared("distilmodel", parameters, context)
    (folder / "checkpoints").mkdir()
    prepared("distilmodel", parameters, context)
    write_card(package, {**CARD, "score_threshold": 0.9})
    feedback = QgsProcessingFeedback(False)
    _, succeeded = algorithm("distilmodel").run(parameters, context, feedback)
    assert not succeeded and "another teacher" in feedback.htmlLog()


def test_export_refuses_what_is_no_package(provider, context, tmp_path):
    message = refusal("exportmodel", {"MODEL": str(tmp_path), "ZIP": str(tmp_path / "a.zip")}, context)
    assert "is not a GeoDistil model package" in message


def test_eight_bits_need_imagery_or_the_run_that_the_model_lies_in(provider, layers, context, package, tmp_path):
    parameters = {"MODEL": str(package), "INT8": True, "ZIP": str(tmp_path / "a.zip")}
    assert "Choose imagery for 8 bits" in refusal("exportmodel", parameters, context)
    accepted = [{**parameters, "IMAGERY": [layers["image"]]}, {**parameters, "INT8": False}]
    assert all(algorithm("exportmodel").checkParameterValues(each, context)[0] for each in accepted)
    (tmp_path / "run.json").write_text("{}")
    assert algorithm("exportmodel").checkParameterValues(parameters, context)[0]


def class_map(make_raster, path, names):
    layer = QgsRasterLayer(str(make_raster(path, np.array([[[0, 1], [2, 255]]], "uint8"))), "map")
    colors = ("#000000", "#aa0000", "#00aa00")
    classes = [QgsPalettedRasterRenderer.Class(i, QColor(colors[i]), name) for i, name in enumerate(names)]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    return layer


def test_a_legend_names_and_colours_classes_and_leaves_background_and_numbers_out(make_raster, project, tmp_path):
    from geodistil.jobs.layers.styles import legend

    found = legend(class_map(make_raster, tmp_path / "a.tif", ["background", "roof", "2"]))
    assert found == {"names": {1: "roof"}, "colors": {"roof": "#aa0000", "2": "#00aa00"}}


def test_a_legend_of_polygons_has_the_colours_of_their_values_and_reads_no_feature(project, make_boxes, monkeypatch):
    from geodistil.jobs.layers.styles import legend

    layer = make_boxes([(0, 0, 9, 9, "r"), (20, 0, 29, 9, "p")], "areas", field="class:string")
    assert legend(layer, "class") == legend(layer) == {"names": {}, "colors": {}}
    symbol = QgsFillSymbol.createSimple({"color": "#aa0000"})
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", [QgsRendererCategory("r", symbol, "Roof")]))
    monkeypatch.setattr(Features, "__call__", lambda *_: pytest.fail("features were read"))
    assert legend(layer, "class") == {"names": {}, "colors": {"r": "#aa0000"}}


def test_layers_by_class_get_the_legend_s_colours_and_a_palette_s_for_others(project, make_boxes):
    from geodistil.jobs.layers.styles import style_areas, style_boxes

    layer = make_boxes([(0, 0, 9, 9, "roof"), (20, 0, 29, 9, "new")], "areas", field="class:string")
    for style in (style_areas, style_boxes):
        style(layer, {"names": {}, "colors": {"roof": "#aa0000", "gone": "#00aa00"}})
        assert isinstance(layer.renderer(), QgsCategorizedSymbolRenderer)
        outlines = {
            each.value(): each.symbol().symbolLayer(0).strokeColor().name() for each in layer.renderer().categories()
        }
        assert set(outlines) == {"roof", "new"} and outlines["roof"] == "#aa0000"


def test_the_page_of_findings_shows_warnings_and_counts():
    from geodistil.jobs.checking import check_page

    page = check_page(
        "Sources",
        {
            "warnings": ["The class 'a<b' has no labels."],
            "sources": [{"name": "north", "role": "detection", "raster": "/n.tif"}],
            "train_area_m2": 1234.0, "gsd_m": 0.25, "dtype": "uint8",
            "label_counts": {"detection": {"car": 1200}},
            "bands": [1], "mean": [90.5], "std": [12.25],
        },
    )  # fmt: skip
    assert "a&lt;b" in page and "1,200" in page and "north" in page and "90.5" in page and "1,234" in page
