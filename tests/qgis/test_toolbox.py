"""The algorithms as QGIS sees them: parameters, what they refuse and why, and what they would run."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.sources.options import options_of
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsSettings,
    QgsVectorLayer,
)

from .cards import CARD, write_card

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def context(project):
    context = QgsProcessingContext()
    context.setProject(project)
    return context


@pytest.fixture
def layers(project, make_raster, make_boxes, tmp_path):
    image = QgsRasterLayer(str(make_raster(tmp_path / "town.tif", np.zeros((3, 64, 64), "uint8"))), "town")
    boxes = make_boxes([(1, 1, 9, 9, "car"), (20, 20, 30, 30, "bus")], "cars")
    roofs = make_boxes([(1, 1, 30, 9, "")], "roofs")
    project.addMapLayers([image, boxes, roofs])
    return image, boxes, roofs


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    write_card(folder, CARD)
    return str(folder)


def algorithm(name):
    return QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")


def partial_multitask(layers, folder, **more):
    image, boxes, roofs = (layer.id() for layer in layers)
    return {
        "DETECTION_RASTERS": [image],
        "DETECTION_LABELS": boxes,
        "DETECTION_FIELD": "kind",
        "SEGMENTATION_RASTERS": [image],
        "SEGMENTATION_LABELS": roofs,
        "RUN_FOLDER": str(folder),
        **more,
    }


def test_every_algorithm_has_help_an_icon_and_tags(provider):
    for each in provider.algorithms():
        assert len(each.shortHelpString()) > 200 and each.shortDescription()
        helps = [each.shortHelpString(), *(parameter.help() for parameter in each.parameterDefinitions())]
        assert not any("`" in text for text in helps)
        assert not each.icon().isNull() and each.tags() and each.group()
        assert each.icon().cacheKey() != QgsApplication.processingRegistry().providerById("qgis").icon().cacheKey()


def test_details_are_among_the_advanced_parameters(provider):
    def advanced(name):
        flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
        owner = algorithm(name)
        return {each.name() for each in owner.parameterDefinitions() if each.flags() & flag}

    details = {"BACKGROUND", "EPOCHS", "CHIP_SIZE", "BATCH_SIZE", "DEVICE", "SEED", "OPTIONS", "SERVICE_EXTENT"}
    for name, kind in (("trainsemisupervised", "semi_supervised"), ("trainpartialmultitask", "partial_multitask")):
        assert advanced(name) == details | {option.parameter for option in options_of(kind)}
    assert advanced("predict") == {"TTA", "OVERLAP", "BACKEND", "BATCH_SIZE", "DEVICE", "ALLOW_REMOTE"}


def prepared_run(parameters, name, context, folder):
    each = algorithm(name)
    assert each.checkParameterValues(parameters, context) == (True, "")
    assert each.prepare(parameters, context, QgsProcessingFeedback())
    assert not folder.exists()  # the main thread copies nothing
    each.write_run(QgsProcessingFeedback())
    return json.loads((folder / "run.json").read_text())


def test_partial_multitask_parameters_become_a_run_file(provider, layers, context, tmp_path):
    more = {
        "STEPS": 6,
        "STUDENT": 1,
        "TEACHER": 2,
        "DISTILLATION": [0, 2],
        "SOFT_SEGMENTATION": "dist",
        "RAMP_UP": 0.2,
        "NETWORK_NECK": "pafpn",
        "TRAINING_PRETRAINING": 0.1,
        "UNLABELLED_RASTERS": [layers[0].id()],
        "GSD": 0.25,
        "NAME": "both",
        "OPTIONS": '{"recipe": {"student": {"width": 32}}, "split": {"validation": 0.5}}',
    }
    run = prepared_run(
        partial_multitask(layers, tmp_path / "run", **more), "trainpartialmultitask", context, tmp_path / "run"
    )
    assert run["recipe"] == {
        "kind": "partial_multitask",
        "student": {"size": "medium", "neck": "pafpn", "width": 32},
        "detection_teacher": {"size": "large", "neck": "pafpn"},
        "segmentation_teacher": {"size": "large", "neck": "pafpn"},
        "distillation": ["soft", "pdf"],
        "soft_segmentation": "dist",
        "ramp_up": 0.2,
        "unlabelled": True,
    }
    assert [source["role"] for source in run["sources"]] == ["detection", "segmentation", "unlabelled"]
    assert run["training"] == {
        "budget": {"steps": 6},
        "chip_size": 256,
        "batch_size": 8,
        "device": "auto",
        "seed": 0,
        "pretraining": 0.1,
    }
    assert (run["gsd"], run["name"], run["split"]) == (0.25, "both", {"validation": 0.5})
    assert [each["name"] for each in run["detection_classes"]] == ["bus", "car"]


def test_semi_supervised_parameters_become_a_run_file(provider, layers, context, tmp_path):
    image, _, roofs = (layer.id() for layer in layers)
    parameters = {
        "SEGMENTATION_RASTERS": [image],
        "SEGMENTATION_LABELS": roofs,
        "SEGMENTATION_AREA": roofs,
        "UNLABELLED_RASTERS": [image],
        "MINUTES": 5,
        "BACKGROUND": False,
        "RUN_FOLDER": str(tmp_path / "run"),
    }
    run = prepared_run(parameters, "trainsemisupervised", context, tmp_path / "run")
    assert run["recipe"] == {
        "kind": "semi_supervised",
        "student": {"size": "small"},
        "first_teacher": {"size": "medium"},
    }
    assert run["training"]["budget"] == {"minutes": 5}
    assert run["background"] is False
    assert run["sources"][0]["area"]["path"] == "labels/segmentation_area.gpkg"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"OPTIONS": "{"}, "The options are not valid JSON"),
        ({"OPTIONS": "[1]"}, "The options must be a JSON object"),
        ({"CHIP_SIZE": 100}, "multiple of 32"),
        ({"DETECTION_RASTERS": []}, "DETECTION_RASTERS|Detection: imagery"),
    ],
)
def test_what_the_dialog_can_know_is_refused_before_the_run(provider, layers, context, tmp_path, change, sentence):
    accepted, message = algorithm("trainpartialmultitask").checkParameterValues(
        partial_multitask(layers, tmp_path, **change), context
    )
    assert not accepted
    assert any(part in message for part in sentence.split("|"))


def test_points_need_the_side_of_their_box(provider, layers, context, tmp_path):
    points = QgsVectorLayer("Point?crs=EPSG:32633&field=kind:string", "trees", "memory")
    context.project().addMapLayer(points)
    parameters = partial_multitask(layers, tmp_path, DETECTION_LABELS=points.id())
    each = algorithm("trainpartialmultitask")
    accepted, message = each.checkParameterValues(parameters, context)
    assert not accepted and "trees are points" in message
    assert each.checkParameterValues({**parameters, "BOX_SIZE": 4}, context) == (True, "")


def test_a_layer_that_cannot_be_used_stops_the_run_with_its_sentence(provider, layers, context, tmp_path):
    empty = QgsVectorLayer("Polygon?crs=EPSG:32633", "nothing", "memory")
    context.project().addMapLayer(empty)
    each = algorithm("trainpartialmultitask")
    parameters = partial_multitask(layers, tmp_path / "run", SEGMENTATION_LABELS=empty.id())
    feedback = QgsProcessingFeedback(False)
    _, succeeded = each.run(parameters, context, feedback)
    assert not succeeded and "The layer nothing has no features" in feedback.htmlLog()


@pytest.mark.parametrize("model", ["model", "model/item.json"])
def test_predict_takes_a_package_as_folder_or_file(provider, layers, context, package, tmp_path, model):
    parameters = {"MODEL": str(tmp_path / model), "RASTER": layers[0].id(), "CLASSES": "TEMPORARY_OUTPUT"}
    assert algorithm("predict").checkParameterValues(parameters, context) == (True, "")


def test_predict_refuses_what_is_no_package(provider, layers, context, tmp_path):
    parameters = {"MODEL": str(tmp_path), "RASTER": layers[0].id(), "CLASSES": "TEMPORARY_OUTPUT"}
    accepted, message = algorithm("predict").checkParameterValues(parameters, context)
    assert not accepted and "is not a GeoDistil model package" in message


def test_evaluate_refuses_predictions_of_a_task_the_model_does_not_have(provider, layers, context, package):
    _, boxes, roofs = (layer.id() for layer in layers)
    parameters = {"PREDICTIONS": boxes, "LABELS": roofs, "MODEL": package}
    accepted, message = algorithm("evaluate").checkParameterValues(parameters, context)
    assert not accepted and "The model town has no detection" in message


def test_evaluate_refuses_a_class_of_lines_that_the_model_does_not_have(provider, layers, context, package):
    image, _, roofs = (layer.id() for layer in layers)
    parameters = {"PREDICTIONS": image, "LABELS": roofs, "MODEL": package, "LINES": "river"}
    accepted, message = algorithm("evaluate").checkParameterValues(parameters, context)
    assert not accepted and "The model town has no class river of areas" in message
    assert algorithm("evaluate").checkParameterValues({**parameters, "LINES": "roof"}, context) == (True, "")


def test_without_an_engine_the_algorithms_say_how_to_get_one(provider, monkeypatch):
    monkeypatch.setenv("GEODISTIL_PYTHON", "/nowhere/python")
    executable, message = algorithm("predict").canExecute()
    assert not executable and "/nowhere/python does not exist" in message


def test_qgis_process_lists_the_algorithms(tmp_path):
    environment = {
        **os.environ,
        "QGIS_PLUGINPATH": str(ROOT / "build" / "plugins"),
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
    }

    def qgis_process(*arguments):
        command = ["qgis_process.bin", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120).stdout

    qgis_process("plugins", "enable", "geodistil")
    listed = json.loads(qgis_process("--json", "list"))
    assert set(listed["providers"]["geodistil"]["algorithms"]) == {
        "geodistil:trainpartialmultitask",
        "geodistil:trainsemisupervised",
        "geodistil:predict",
        "geodistil:predictrasters",
        "geodistil:evaluate",
        "geodistil:areastolines",
        "geodistil:areastopolygons",
        "geodistil:boxesfromareas",
        "geodistil:checksources",
        "geodistil:distilmodel",
        "geodistil:exportchips",
        "geodistil:exportmodel",
        "geodistil:fetchimagery",
        "geodistil:importlabels",
        "geodistil:reviewpredictions",
        "geodistil:trainsupervised",
    }


def test_review_needs_imagery_unless_the_model_lies_in_its_run(provider, layers, context, package, tmp_path):
    each = algorithm("reviewpredictions")
    parameters = {"MODEL": package, "LABEL_NEXT": "TEMPORARY_OUTPUT"}
    accepted, message = each.checkParameterValues(parameters, context)
    assert not accepted and message.startswith("Choose imagery")
    assert each.checkParameterValues({**parameters, "RASTERS": [layers[0].id()]}, context) == (True, "")
    (tmp_path / "run.json").write_text("{}")
    assert each.checkParameterValues(parameters, context) == (True, "")


def test_a_run_left_at_its_default_lies_among_the_user_s_runs(provider, layers, context, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    QgsSettings().remove("geodistil/runsFolder")
    folders = []
    for chosen in ("TEMPORARY_OUTPUT", QgsProcessingUtils.generateTempFilename("run")):
        each = algorithm("trainpartialmultitask")
        parameters = partial_multitask(layers, chosen, NAME="a/b")
        assert each.prepare(parameters, context, QgsProcessingFeedback())
        each.write_run(QgsProcessingFeedback())
        folders.append(each._folder)
    assert folders == [tmp_path / "GeoDistil" / "a_b", tmp_path / "GeoDistil" / "a_b 2"]
    assert all((folder / "run.json").is_file() for folder in folders)


ENGINE = """#!{python}
import json, pathlib, sys
text = {{"check": {findings!r}, "evaluate": '{{"ap50": 0.5}}'}}[sys.argv[3]]
pathlib.Path(sys.argv[sys.argv.index("--output") + 1]).write_text(text)
"""
FINDINGS = {
    "label_counts": {}, "warnings": [], "sources": [], "gsd_m": 0.5, "train_area_m2": 9, "bands": [1], "mean": [0.5],
    "std": [1.0], "dtype": "uint8",
}  # fmt: skip


@pytest.mark.parametrize("name", ["checksources", "evaluate"])
def test_a_report_goes_into_a_folder_that_is_made_and_a_locked_one_has_its_sentence(
    provider, layers, context, package, tmp_path, monkeypatch, name
):
    program = tmp_path / "engine-python"
    program.write_text(ENGINE.format(python=sys.executable, findings=json.dumps(FINDINGS)))
    program.chmod(0o755)
    monkeypatch.setenv("GEODISTIL_PYTHON", str(program))
    image, boxes, roofs = (layer.id() for layer in layers)
    write_card(Path(package), {**CARD, "tasks": ["detection"]})
    scored = make_scored(layers[1], context)
    parameters = {
        "checksources": {"SEGMENTATION_RASTERS": [image], "SEGMENTATION_LABELS": roofs},
        "evaluate": {"PREDICTIONS": scored, "LABELS": boxes, "MODEL": package},
    }[name]
    report = tmp_path / "not" / "there" / "report.html"
    _, succeeded = algorithm(name).run({**parameters, "REPORT": str(report)}, context, QgsProcessingFeedback())
    assert succeeded and report.is_file()
    (tmp_path / "file").touch()
    feedback = QgsProcessingFeedback(False)
    locked = str(tmp_path / "file" / "report.html")
    _, succeeded = algorithm(name).run({**parameters, "REPORT": locked}, context, feedback)
    assert not succeeded and "file cannot be written" in feedback.htmlLog() and "Traceback" not in feedback.htmlLog()


def make_scored(boxes, context):
    """Detections in the project, as Predict gives them."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string&field=score:double", "found", "memory")
    context.project().addMapLayer(layer)
    return layer.id()


def test_a_folder_of_results_that_cannot_be_written_has_its_sentence(provider, layers, context, package, tmp_path):
    output = tmp_path / "results"
    (output / "log.txt").mkdir(parents=True)  # in the way of a file; not even root can write there
    parameters = {"MODEL": package, "RASTERS": [layers[0].id()], "OUTPUT": str(output)}
    feedback = QgsProcessingFeedback(False)
    _, succeeded = algorithm("predictrasters").run(parameters, context, feedback)
    assert not succeeded and "log.txt cannot be read or written: Is a directory" in feedback.htmlLog()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_what_the_system_says_of_files_is_a_sentence_in_every_algorithm(provider, code):
    """Whatever an algorithm does when it is told so: the worker's thread gets Processing's error."""
    from geodistil.toolbox.base import EngineAlgorithm

    class Full(EngineAlgorithm):
        NAME = "full"

        def work(self, parameters, context, feedback):
            raise OSError(code, os.strerror(code), "/disk/model.zip")

    with pytest.raises(QgsProcessingException, match=f"/disk/model.zip cannot be read or written: {os.strerror(code)}"):
        Full().processAlgorithm({}, QgsProcessingContext(), QgsProcessingFeedback())
    own = [type(each) for each in provider.algorithms() if "processAlgorithm" in vars(type(each))]
    assert own == []
