"""The labelling dock with the real engine: suggestions of an ONNX file and of a model, and a round of learning."""

import json

import pytest
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from qgis.core import QgsFeature, QgsGeometry, QgsRasterLayer, QgsRectangle, QgsSettings

from tests.networks import TINY

from ..qgis.labelling.conftest import window  # noqa: F401 # a fixture
from ..qgis.waiting import let_qgis_work_until

KNOWN = {
    "model_type": "Segmentor", "class_names": ["background", "red", "blue"], "resolution": 50.0, "tile_size": 64,
    "bands": [1, 2, 3], "dtype": "uint8", "class_colors": ["#000000", "#aa0000", "#0000aa"],
}  # fmt: skip
"""What the ONNX file says of itself."""


@pytest.fixture
def dock(project, town, window, tmp_path, cache):  # noqa: F811
    """Opens the dock on a new label layer of the town."""
    from geodistil.ui.labelling.dock import LabelDock

    QgsSettings().remove("geodistil")
    QgsSettings().setValue("geodistil/runsFolder", str(tmp_path / "runs"))
    raster = QgsRasterLayer(str(town), "town")
    project.addMapLayer(raster)
    window.canvas.setDestinationCrs(raster.crs())
    window.canvas.setExtent(raster.extent())
    window.show()
    docks = []

    def open_on(role):
        layer = make_labels(
            raster, tmp_path / "town.gpkg", role, [LabelClass("red", "#aa0000"), LabelClass("blue", "#0000aa")], project
        )
        docks.append(LabelDock(window, project))
        docks[0].take(layer)
        return docks[0]

    yield open_on
    docks[0].stop()
    QgsSettings().remove("geodistil")


def ask(dock, place):
    box = dock.suggest
    box.menu.aboutToShow.emit()
    next(each for each in box.menu.actions() if each.text() == place).trigger()
    let_qgis_work_until(lambda: box.suggest.isEnabled(), 240)
    assert box.problem.text() == ""
    return dock.reviewer.suggestions


def rectangle(left, top, right, bottom):
    """Of pixels of the town."""
    west, south = 500000 + left / 2, 5000000 - bottom / 2
    return QgsRectangle(west, south, west + (right - left) / 2, south + (bottom - top) / 2)


def test_areas_that_an_onnx_file_finds_in_the_view_become_labels(dock, make_onnx, boxes, window):  # noqa: F811
    model = make_onnx(KNOWN)
    made = dock("segmentation")
    made.suggest.model.set_path(str(model))
    made.suggest.score.setValue(30)
    view = rectangle(0, 0, 96, 96)
    window.canvas.setExtent(view)
    found = ask(made, "In this view")
    inside = [box for box in boxes if box[2] <= 90 and box[3] <= 90]
    shapes = [found.get(fid) for fid in found.open_ids()]
    for box in inside:
        truth = QgsGeometry.fromRect(rectangle(*box[:4]))
        (match,) = [one for one in shapes if one.shape.intersects(truth) and one.name == box[4]]
        assert match.shape.intersection(truth).area() > 0.8 * truth.area() and 0.3 <= match.score <= 1
    made.reviewer.do("all")
    labels = list(made.session.layer.getFeatures())
    assert len(labels) == len(shapes) and {each["origin"] for each in labels} == {"accepted"}


@pytest.fixture
def begun(training, tmp_path):
    """A model of boxes, hardly trained: what a round goes on from."""
    import processing

    names = ("NAME", "STEPS", "CHIP_SIZE", "BATCH_SIZE", "DEVICE")
    options = json.dumps({"recipe": {"network": TINY}, "training": {"validations": 1, "workers": 0}})
    folder = {"RUN_FOLDER": str(tmp_path / "begun"), "OPTIONS": options}
    source = {name: training[name] for name in training if name.startswith("DETECTION_")}
    processing.run("geodistil:trainsupervised", {**source, **{name: training[name] for name in names}, **folder})
    return tmp_path / "begun" / "model"


@pytest.mark.usefixtures("own_start")
def test_a_round_of_learning_and_what_its_model_suggests(dock, boxes, begun):
    made = dock("detection")
    layer = made.session.layer
    features = []
    for box in boxes:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromRect(rectangle(*box[:4])))
        feature["class"], feature["origin"] = box[4], "hand"
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    made.suggest.model.set_path(str(begun))
    made.learn.minutes.setValue(0.1)
    made.learn.button.click()
    let_qgis_work_until(lambda: made.learn.button.isEnabled(), 500)
    assert made.learn.problem.text() == "" and made.learn.rounds.rowCount() == 1
    assert "before" in made.learn.words.text()  # the model was scored on the ground that judges the next
    assert made.suggest.model.path() != str(begun)
    made.suggest.score.setValue(0)
    layer.startEditing()
    layer.deleteFeatures(layer.allFeatureIds())
    found = ask(made, "On the whole raster")
    assert {found.get(fid).name for fid in found.open_ids()} <= {"red", "blue"}
    made.suggest.score.setValue(100)
    assert found.open_ids() == []
