"""Training from the toolbox, with the real engine."""

import json
import sys
from pathlib import Path

import processing
import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback

from tests.networks import TINY


class CancelAtProgress(QgsProcessingFeedback):
    """Cancels when the first step is reported."""

    def __init__(self):
        super().__init__(False)
        self.progressChanged.connect(lambda percent: self.cancel())


def kinds(folder):
    return [json.loads(line)["kind"] for line in (Path(folder) / "events.jsonl").read_text().splitlines()]


def test_partial_multitask_gives_a_model_a_report_and_scores(trained):
    model = Path(trained["MODEL"])
    assert {"item.json", "model.safetensors", "model.onnx"} <= {path.name for path in model.iterdir()}
    assert Path(trained["REPORT"]).is_file() and Path(trained["RUN_FOLDER"]) == model.parent
    assert all(0 <= trained[name] <= 1 for name in ("MEAN_IOU", "AP50", "AP"))
    card = json.loads((model / "item.json").read_text())["properties"]["geodistil:card"]
    assert [each["name"] for each in card["detection_classes"]] == ["blue", "red"]


def test_training_brings_nothing_heavy_into_qgis(trained):
    assert [name for name in ("torch", "rasterio", "pydantic", "engine") if name in sys.modules] == []


def test_semi_supervised_gives_a_segmentation_model(training, town, tmp_path, provider):
    names = ("SEGMENTATION_RASTERS", "SEGMENTATION_LABELS", "SEGMENTATION_FIELD", "NAME", "CHIP_SIZE", "BATCH_SIZE")
    teachers = {"first_teacher": TINY, "second_teacher": {"architecture": "unet", "encoder": "tu-test_efficientnet"}}
    options = {"recipe": {"student": TINY, **teachers}, "training": {"validations": 1, "workers": 0}}
    results = processing.run(
        "geodistil:trainsemisupervised",
        {
            **{name: training[name] for name in names},
            "UNLABELLED_RASTERS": [str(town)],
            "STEPS": 4,
            "DEVICE": "cpu",
            "OPTIONS": json.dumps(options),
            "RUN_FOLDER": str(tmp_path / "run"),
        },
    )
    card = json.loads((Path(results["MODEL"]) / "item.json").read_text())["properties"]["geodistil:card"]
    assert card["tasks"] == ["segmentation"] and 0 <= results["MEAN_IOU"] <= 1


def test_a_cancelled_training_goes_on_from_its_checkpoint(training, tmp_path, provider):
    folder = tmp_path / "run"
    parameters = {**training, "STEPS": 24, "RUN_FOLDER": str(folder), "DISTILLATION": []}
    results = processing.run("geodistil:trainpartialmultitask", parameters, feedback=CancelAtProgress())
    assert "MODEL" not in results and kinds(folder)[-1] == "stopped"
    assert any((folder / "checkpoints").iterdir())
    other = {**parameters, "SEED": 1}
    with pytest.raises(QgsProcessingException, match="holds a run with other layers or settings"):
        processing.run("geodistil:trainpartialmultitask", other, feedback=QgsProcessingFeedback(False))
    results = processing.run("geodistil:trainpartialmultitask", {**parameters, "STEPS": 30, "NAME": "longer"})
    assert Path(results["MODEL"]).is_dir() and kinds(folder).count("started") == 2


def test_the_engine_s_sentence_reaches_the_person(training, project, make_boxes, tmp_path, provider):
    # The project owns the layer: QGIS keeps the frames of an exception alive, and a layer in them would outlive QGIS.
    elsewhere = project.addMapLayer(make_boxes([(9000, 9000, 9010, 9010, "red")], "elsewhere", field="class:string"))
    parameters = {**training, "SEGMENTATION_LABELS": elsewhere.id(), "RUN_FOLDER": str(tmp_path / "run")}
    with pytest.raises(QgsProcessingException, match=r"segmentation\.gpkg"):
        processing.run("geodistil:trainpartialmultitask", parameters, feedback=QgsProcessingFeedback(False))
