"""Every algorithm, cancelled as soon as its child runs: no process stays, and no file that is half of something."""

import json
import os
import time
import uuid
from pathlib import Path

import processing
import pytest
from qgis.core import QgsApplication, QgsProcessingFeedback, QgsProject

from tests.networks import TINY

pytestmark = pytest.mark.usefixtures("own_start")

SOURCES = ("SEGMENTATION_RASTERS", "SEGMENTATION_LABELS", "SEGMENTATION_FIELD")
TRAINING = (*SOURCES, "CHIP_SIZE", "BATCH_SIZE", "DEVICE", "STEPS", "OPTIONS")
NETWORKS = {
    "trainsupervised": ("network",),
    "trainpartialmultitask": ("student", "detection_teacher", "segmentation_teacher"),
    "trainsemisupervised": ("student", "first_teacher"),
    "distilmodel": ("student",),
}
ALGORITHMS = {
    "checksources": (SOURCES, {"REPORT": "r.html", "FINDINGS": "f.json"}),
    "trainsupervised": (TRAINING, {"RUN_FOLDER": "run"}),
    "trainpartialmultitask": (
        (*TRAINING, "DETECTION_RASTERS", "DETECTION_LABELS", "DETECTION_FIELD"),
        {"RUN_FOLDER": "run"},
    ),
    "trainsemisupervised": ((*TRAINING, "UNLABELLED_RASTERS"), {"RUN_FOLDER": "run"}),
    "distilmodel": (
        ("UNLABELLED_RASTERS", "PACKAGE", "CHIP_SIZE", "BATCH_SIZE", "DEVICE", "STEPS", "OPTIONS"),
        {"RUN_FOLDER": "run"},
    ),
    "exportmodel": (("MODEL",), {"ZIP": "m.zip"}),
    "predict": (("MODEL", "RASTER", "DEVICE"), {"CLASSES": "c.tif", "CONFIDENCE_MAP": "p.tif", "DETECTIONS": "d.gpkg"}),
    "predictrasters": (("MODEL", "RASTERS", "DEVICE"), {"OUTPUT": "run"}),
    "evaluate": (("MODEL", "PREDICTIONS", "LABELS", "FIELD"), {"SCORES": "s.json", "ERROR_OBJECTS": "e.gpkg"}),
    "areastopolygons": (("CLASS_MAP",), {"POLYGONS": "p.gpkg"}),
    "areastolines": (("CLASS_MAP", "CLASS"), {"LINES": "l.gpkg"}),
    "boxesfromareas": (("AREAS", "FIELD"), {"BOXES": "b.gpkg"}),
    "exportchips": (SOURCES, {"FOLDER": "run"}),
    "importlabels": (("ANNOTATIONS", "RASTERS"), {"LABELS": "l.gpkg"}),
    "reviewpredictions": (("MODEL", "RASTERS", "DEVICE"), {"LABEL_NEXT": "n.gpkg", "PSEUDO_LABELS": "p.gpkg"}),
}
"""Name -> the parameters it is given, and its outputs."""
WITHOUT_ENGINE = {"fetchimagery"}
"""It starts no process; its cancel is tried in `tests/qgis/tiles/test_fetching.py`."""
KEPT = {
    "run.json", "labels", "teacher", "events.jsonl", "log.txt", "checkpoints", "report.html", "prediction.partial",
    "cache", "split.json",
}  # fmt: skip
"""What a cancelled job leaves in its folder, to go on from; no model, no map."""


class CancelWhenItRuns(QgsProcessingFeedback):
    """Cancels when the child is there."""

    def __init__(self, children):
        super().__init__(False)
        self._children, self.seen = children, []

    def isCanceled(self):
        self.seen = self.seen or self._children()
        return bool(self.seen)


def wait_until(condition, seconds=3):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def children(monkeypatch):
    """The processes that were started here, and what they started: all have a mark in their environment."""
    mark = f"GEODISTIL_TEST={uuid.uuid4()}"
    monkeypatch.setenv(*mark.split("="))

    def find():
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if marked(path)]

    def marked(path):
        try:
            return int(path.parent.name) != os.getpid() and mark.encode() in path.read_bytes()
        except OSError:  # it has ended meanwhile, or is another user's
            return False

    return find


@pytest.fixture
def given(training, trained, town, town_layers, boxes, make_boxes, tmp_path_factory):
    """Parameters of all algorithms."""
    coco = {
        "images": [{"id": 1, "file_name": town.name, "width": 512, "height": 512}],
        "categories": [{"id": 1, "name": "red"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}],
    }
    annotations = tmp_path_factory.mktemp("coco") / "labels.json"
    annotations.write_text(json.dumps(coco))
    _, labels = town_layers
    layer, found = labels.id(), make_boxes(boxes, "found", field="class:string&field=score:double")
    QgsProject.instance().addMapLayer(found)
    return {
        **training,
        "STEPS": 1000,
        "UNLABELLED_RASTERS": [str(town)],
        "RASTERS": [str(town)],
        "RASTER": str(town),
        "PACKAGE": trained["MODEL"],
        "MODEL": trained["MODEL"],
        "PREDICTIONS": found.id(),
        "ANNOTATIONS": str(annotations),
        "LABELS": layer,
        "AREAS": layer,
        "FIELD": "kind",
    }


@pytest.fixture
def class_map(make_raster, tmp_path_factory):
    import numpy as np

    values = np.zeros((1, 512, 512), "uint8")
    values[0, 20:400, 20:40] = 1
    return str(make_raster(tmp_path_factory.mktemp("map") / "map.tif", values))


def test_the_list_has_all_algorithms(provider):
    assert set(ALGORITHMS) | WITHOUT_ENGINE == {each.name() for each in provider.algorithms()}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_cancelled_algorithm_leaves_no_process_and_no_broken_file(
    given, class_map, provider, children, tmp_path, name
):
    names, outputs = ALGORITHMS[name]
    workers = {} if name == "trainsupervised" else {"training": {"workers": 0}}
    options = {"recipe": dict.fromkeys(NETWORKS.get(name, ()), TINY), **workers}
    more = {"CLASS_MAP": class_map, "CLASS": "1", "OPTIONS": json.dumps(options)}
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")
    known = {each.name() for each in algorithm.parameterDefinitions()}
    assert set(names) | set(outputs) <= known
    places = {output: str(tmp_path / file) for output, file in outputs.items()}
    feedback = CancelWhenItRuns(children)
    results = processing.run(algorithm, {**{key: {**given, **more}[key] for key in names}, **places}, feedback=feedback)
    assert feedback.seen
    wait_until(lambda: not children())
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"run"} and not set(results) - {"RUN_FOLDER", "OUTPUT", "LAYERS"}
    if left:
        assert {path.name for path in (tmp_path / "run").iterdir()} <= KEPT
