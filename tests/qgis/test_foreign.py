"""ONNX files of other programs without the engine: the form, where descriptions go, what is not known yet."""

import json

import pytest
from geodistil.jobs.background import Notices
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.foreign import describe, description_of, package_of
from geodistil.jobs.package_registry import PACKAGES, looks_like_package
from geodistil.jobs.packages import is_foreign
from geodistil.jobs.snapshots import NEEDED, Snapshot
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingUtils,
    QgsSettings,
    QgsVectorLayer,
)


def answer(shape=(1, 3, 256, 256), output=(1, 2, 256, 256), likely=(), **known):
    """As the engine's `inspect` has it."""
    missing = [{"key": "model_type", "likely": list(likely)}, {"key": "resolution", "likely": []}]
    return {"known": known, "input": {"shape": list(shape)}, "outputs": {"out": list(output)}, "missing": missing}


@pytest.fixture
def form(qgis_app, tmp_path):
    """Opens the form for an answer; the engine is not asked."""
    from geodistil.ui.onnx_form import OnnxForm

    return lambda found, **more: OnnxForm(tmp_path / "roofs.onnx", found, **more)


def test_the_form_is_filled_with_what_is_known_and_gives_it_back(form):
    known = {
        "model_type": "Segmentor", "class_names": ["background", "roof"], "class_colors": ["#000000", "#ff8800"],
        "resolution": 20.0, "bands": [3, 2, 1], "dtype": "uint16", "tile_size": 256, "seg_thresh": 0.4,
        "standardization_mean": [0.1, 0.2, 0.3], "standardization_std": [1.0, 1.0, 2.0],
    }  # fmt: skip
    assert form(answer(**known)).values() == known


def test_the_form_asks_what_the_task_and_the_input_need_and_no_more(form):
    asked = form(answer(shape=(1, 3, "height", "width"), output=(1, 6, 100), likely=["Detector"]))
    asked.show()
    assert asked.task.currentData() == "Detector"
    assert asked.layout_of_output.isVisible() and asked.tile.isVisible() and not asked.mean.isVisible()
    asked.resolution.setValue(12.5)
    asked.scaling.setCurrentIndex(2)
    assert asked.values() == {
        "model_type": "Detector",
        "det_type": "YOLO_Ultralytics",
        "resolution": 12.5,
        "tile_size": 512,
        "bands": [1, 2, 3],
        "dtype": "uint8",
        "standardization_mean": [0.485, 0.456, 0.406],
        "standardization_std": [0.229, 0.224, 0.225],
    }
    asked.task.setCurrentIndex(0)
    assert not asked.layout_of_output.isVisible()
    asked.close()


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("bands", "1, 2", "takes 3 bands"),
        ("bands", "red", "numbers with commas"),
        ("deviation", "0", "deviations are above 0"),
        ("resolution", "0", "ground sampling distance"),
    ],
)
def test_the_form_says_what_is_wrong_and_writes_nothing(form, tmp_path, field, text, sentence):
    from qgis.PyQt.QtWidgets import QDialogButtonBox

    asked = form(answer())
    asked.resolution.setValue(10)
    asked.scaling.setCurrentIndex(asked.scaling.count() - 1)
    getattr(asked, field).setValue(0) if field == "resolution" else getattr(asked, field).setText(text)
    asked.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    assert sentence in asked.problem.text() and not list(tmp_path.iterdir())


def test_a_description_lies_beside_the_model_or_in_the_profile_where_that_cannot_be(qgis_app, tmp_path):
    model = tmp_path / "roofs.onnx"
    model.write_bytes(b"")
    assert description_of(model) is None
    assert describe(model, {"resolution": 5}) == tmp_path / "roofs.json" == description_of(model)
    locked = tmp_path / "locked" / "roofs.onnx"  # a folder that is not there cannot be written either
    kept = describe(locked, {"resolution": 7})
    assert json.loads(kept.read_text()) == {"resolution": 7}
    assert kept == description_of(locked) and "models" in kept.parts


def test_a_bare_onnx_file_is_a_model_and_one_in_a_package_is_the_package_s(qgis_app, tmp_path):
    QgsSettings().remove(PACKAGES)
    model = tmp_path / "roofs.onnx"
    model.write_bytes(b"")
    assert is_foreign(model) and looks_like_package(str(model))
    with pytest.raises(GeoDistilError, match=r"roofs\.onnx has not been tried yet"):
        package_of(str(model))
    (tmp_path / "item.json").write_text("{}")
    assert not is_foreign(model) and package_of(str(model)) == tmp_path


@pytest.fixture
def source(project):
    """What a parameter of an algorithm gives for a layer."""

    def make(layer, selected_only=False):
        project.addMapLayer(layer)
        context = QgsProcessingContext()
        context.setProject(project)
        context.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometrySkipInvalid)
        value = QgsProcessingFeatureSourceDefinition(layer.id(), selected_only)
        return QgsProcessingUtils.variantToSource(value, context)

    return make


def test_only_the_selected_polygons_of_an_area_are_copied_where_that_is_wanted(source, make_boxes, tmp_path):
    layer = make_boxes([(0, 0, 8, 8, "a"), (20, 20, 28, 28, "b")], "fields")
    layer.selectByIds([2])
    Snapshot(source(layer, selected_only=True), tmp_path / "area.gpkg", which=NEEDED)()
    copy = QgsVectorLayer(str(tmp_path / "area.gpkg"), "copy", "ogr")
    assert copy.featureCount() == 1 and copy.crs().authid() == "EPSG:32633"
    assert copy.extent().xMinimum() == 500010


def test_an_area_without_polygons_or_crs_has_its_sentence(source, tmp_path):
    for crs, sentence in (("EPSG:32633", "The layer nothing has no features"), ("", "no coordinate reference system")):
        made = source(QgsVectorLayer(f"Polygon?crs={crs}", "nothing", "memory"))
        with pytest.raises(GeoDistilError, match=sentence):
            Snapshot(made, tmp_path / "area.gpkg", which=NEEDED)()


def test_an_area_with_a_polygon_that_crosses_itself_is_copied_whole_whatever_processing_does_with_such(
    source, make_boxes, tmp_path
):
    layer = make_boxes([(0, 0, 8, 8, "a")], "fields")
    bow_tie = QgsFeature(layer.fields())
    corners = "500000 4999990,500004 4999994,500004 4999990,500000 4999994,500000 4999990"
    bow_tie.setGeometry(QgsGeometry.fromWkt(f"Polygon(({corners}))"))
    layer.dataProvider().addFeatures([bow_tie])
    assert not bow_tie.geometry().isGeosValid()
    Snapshot(source(layer), tmp_path / "area.gpkg", which=NEEDED)()
    assert QgsVectorLayer(str(tmp_path / "area.gpkg"), "copy", "ogr").featureCount() == 2


def test_warnings_are_one_message_however_many_there_are(qgis_app):
    notices, told = Notices(), []
    notices.warned.connect(lambda *message: told.append(message))
    notices.warn("Predict", [])
    notices.warn("Predict", ["photo.tif is damaged."])
    notices.warn("Predict", ["One.", "Two."])
    assert told == [("Predict: photo.tif is damaged.", ""), ("Predict: 2 warnings. The first: One.", "One.\nTwo.")]


def test_a_file_of_the_model_s_name_that_is_not_ours_is_never_written_over(qgis_app, tmp_path):
    model, beside = tmp_path / "best.onnx", tmp_path / "best.json"
    model.write_bytes(b"")
    beside.write_text('{"epochs": 300}')
    kept = describe(model, {"resolution": 5})
    assert beside.read_text() == '{"epochs": 300}'
    assert kept == description_of(model) and json.loads(kept.read_text()) == {"resolution": 5}


def test_our_own_description_is_written_anew_until_somebody_changes_it(qgis_app, tmp_path):
    model, beside = tmp_path / "best.onnx", tmp_path / "best.json"
    model.write_bytes(b"")
    for resolution in (5, 6):
        assert describe(model, {"resolution": resolution}) == beside
    beside.write_text('{"resolution": 7}')
    assert describe(model, {"resolution": 8}) != beside and beside.read_text() == '{"resolution": 7}'
    assert json.loads(description_of(model).read_text()) == {"resolution": 8}
