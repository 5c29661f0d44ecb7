"""Click to segment through the dock's own button, map tool and keys, with the real engine and a stand-in model."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QPointF, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from ..probe import STALL_SECONDS, Probe
from .conftest import NORTH, WEST

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = ((8, 8, 24, 20), (36, 8, 52, 20), (8, 36, 24, 56), (36, 36, 52, 52))
"""Metres east and south of the corner."""


@pytest.fixture
def settings(qgis_app):
    """No model is chosen before or after."""

    def clear():
        for name in ("clickEncoder", "clickDecoder", "enginePython"):
            QgsSettings().remove(f"geodistil/{name}")

    clear()
    yield
    clear()


@pytest.fixture(scope="module")
def files(qgis_app, tmp_path_factory):
    """The two files of a stand-in model, written by the engine's Python."""
    from geodistil.jobs.environment import engine_python
    from geodistil.jobs.errors import GeoDistilError

    try:
        python = engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("model")
    subprocess.run([python, str(ROOT / "tests" / "click_models.py"), str(folder)], check=True)
    (folder / "encoder.onnx").rename(folder / "tiny_sam.encoder.onnx")
    (folder / "decoder.onnx").rename(folder / "tiny_sam.decoder.onnx")
    return folder / "tiny_sam.encoder.onnx", folder / "tiny_sam.decoder.onnx"


@pytest.fixture
def north(project, make_raster, tmp_path):
    """Bright blocks on a dark field, one of them in halves."""
    image = np.full((3, 128, 128), 60, np.uint8)
    for left, top, right, bottom in BLOCKS:
        image[:, 2 * top : 2 * bottom, 2 * left : 2 * right] = 200
    image[:, 2 * 36 : 2 * 52, 2 * 44 : 2 * 52] = 196  # still alike
    layer = QgsRasterLayer(str(make_raster(tmp_path / "north.tif", image)), "north")
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def model(settings, files):
    """The model is chosen."""
    from geodistil.jobs.labelling.clicking import set_click_files

    set_click_files(*map(str, files))


def button(hands):
    return hands.dock.drawing.tools["click"]


def tool(hands):
    return hands.dock.toolkit.tools["click"]


def answered(hands, wait):
    """Waits for the answer; what is shown on the map, in metres east and south of the corner."""
    wait(lambda: not hands.dock.clicker.clicking.busy, 120)
    band = tool(hands)._band.asGeometry()
    if band.isEmpty():
        return None
    box = band.boundingBox()
    sides = (box.xMinimum() - WEST, NORTH - box.yMaximum(), box.xMaximum() - WEST, NORTH - box.yMinimum())
    return tuple(round(2 * side) / 2 for side in sides)


def test_without_a_model_the_tool_says_what_it_needs_and_the_window_chooses_it(start, settings, files, wait):
    hands = start("segmentation")
    assert not button(hands).isEnabled() and "Model…" in button(hands).toolTip()
    hands.key("K")
    assert "needs a model of your own" in hands.dock.problem.text() and hands.dock.toolkit.name() != "click"
    QTest.mouseClick(hands.dock.drawing.model_button, Qt.MouseButton.LeftButton)
    from geodistil.ui.labelling.clicker import ClickModelDialog

    dialog = hands.dock.findChild(ClickModelDialog)
    dialog.encoder.setFilePath(str(files[0]))
    dialog.accept()
    assert dialog.isVisible() and dialog.problem.text() == "Choose both files."
    dialog.decoder.setFilePath("/nowhere/decoder.onnx")
    dialog.accept()
    assert dialog.isVisible() and "/nowhere/decoder.onnx" in dialog.problem.text()
    dialog.decoder.setFilePath(str(files[1]))
    dialog.accept()
    assert button(hands).isEnabled() and "a model of your own draws" in button(hands).toolTip()
    QTest.mouseClick(button(hands), Qt.MouseButton.LeftButton)
    assert hands.dock.toolkit.name() == "click" and hands.dock.click.isVisible()
    hands.key("A")
    assert not hands.dock.click.isVisible()
    QgsSettings().setValue("geodistil/enginePython", "/nowhere/python")
    hands.click((10, 10), (20, 10), (20, 20))
    hands.key("Return")
    wait(lambda: not button(hands).isEnabled())
    assert "/nowhere/python" in button(hands).toolTip()


def test_clicks_are_areas_kept_by_enter_and_the_right_button_and_undone(start, model, wait):
    hands = start("segmentation")
    hands.key("K")
    hands.click((16, 14))
    assert hands.labels() == []  # not before it is accepted
    assert answered(hands, wait) == BLOCKS[0]
    hands.key("Return")
    assert hands.labels() == [("car", BLOCKS[0])] and not tool(hands).busy
    hands.key("2")
    hands.click((44, 14))
    assert answered(hands, wait) == BLOCKS[1]
    hands.click((60, 60), button="RightButton")
    assert hands.labels() == [("car", BLOCKS[0]), ("truck", BLOCKS[1])]
    made = list(hands.layer.getFeatures())
    assert {(each["origin"], each["model"]) for each in made} == {("accepted", "tiny_sam")}
    assert all(each["made_at"].isValid() for each in made)
    hands.key("Z", modifier="ControlModifier")
    assert hands.labels() == [("car", BLOCKS[0])]


def test_shift_takes_away_backspace_gives_back_and_escape_gives_up(start, model, wait):
    hands = start("segmentation")
    hands.key("K")
    hands.click((40, 44), modifier="ShiftModifier")
    assert "Click the object first" in hands.dock.click.problem.text()
    hands.key("Escape")
    hands.click((40, 44))
    assert answered(hands, wait) == BLOCKS[3]
    hands.click((50, 44), modifier="ShiftModifier")
    assert answered(hands, wait) == (36, 36, 44, 52)
    hands.key("Backspace")
    assert answered(hands, wait) == BLOCKS[3]
    hands.click((16, 45))
    assert answered(hands, wait) == (8, 36, 52, 56)  # both
    hands.key("Escape")
    assert answered(hands, wait) is None and hands.labels() == [] and not tool(hands).busy
    hands.click((16, 14))
    hands.key("Backspace")
    assert answered(hands, wait) is None and not tool(hands).busy and hands.labels() == []


def test_a_drag_is_a_box_and_enter_before_the_answer_keeps_it_when_it_is_there(start, model, wait):
    hands = start("segmentation")
    hands.key("K")
    hands.drag((6, 34), (15, 40), (20, 50))
    hands.key("Return")
    assert hands.labels() == []
    answered(hands, wait)
    assert hands.labels() == [("car", (8, 36, 20, 50))] and not tool(hands).busy


def test_for_objects_the_box_of_the_area_is_kept_and_new_areas_keep_off_old_ones(start, model, wait, make):
    hands = start("detection")
    hands.key("K")
    hands.click((16, 14))
    answered(hands, wait)
    hands.key("Return")
    (label,) = hands.layer.getFeatures()
    assert label.geometry().equals(QgsGeometry.fromRect(label.geometry().boundingBox()))
    assert hands.labels() == [("car", BLOCKS[0])]
    hands.dock.take(make("segmentation", "areas.gpkg"))
    hands.key("A")
    hands.click((6, 6), (16, 6), (16, 22), (6, 22))
    hands.key("Return")
    hands.key("K")
    hands.click((20, 14))
    answered(hands, wait)
    hands.key("Return")
    assert ("car", (16, 8, 24, 20)) in hands.labels()


def test_with_the_keys_alone(start, model, wait):
    hands = start("segmentation")
    hands.zoom(8, 8, 12)
    hands.key("K")
    hands.key("Left", modifier="ControlModifier")
    hands.key("Space")
    assert answered(hands, wait) is not None
    for _ in range(3):
        hands.key("Right", modifier="ControlModifier")
    hands.key("Space", modifier="ShiftModifier")
    wait(lambda: not hands.dock.clicker.clicking.busy, 60)
    hands.key("Backspace")
    assert answered(hands, wait) == pytest.approx(BLOCKS[0], abs=0.5)  # enlarged, so its edge blurs
    hands.key("Return")
    assert len(hands.labels()) == 1


def test_another_map_and_layer_crs(start, model, wait, project):
    hands = start("segmentation")
    labels = QgsVectorLayer("MultiPolygon?crs=EPSG:4326&field=class:string&field=model:string", "theirs", "memory")
    project.addMapLayer(labels)
    from geodistil.jobs.labelling.layers import Labelling, take_labels
    from geodistil.jobs.labelling.link import LabelClass

    take_labels(
        labels, hands.dock.session.raster, Labelling("segmentation", "class", [LabelClass("car", "#ff0000")]), project
    )
    hands.dock.take(labels)
    hands.key("K")
    hands.click((16, 14))
    wait(lambda: not hands.dock.clicker.clicking.busy, 60)
    hands.key("Return")
    (label,) = labels.getFeatures()
    assert label["model"] is None or not label["model"]  # somebody's own field
    shape = label.geometry()
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform

    shape.transform(QgsCoordinateTransform(labels.crs(), QgsCoordinateReferenceSystem("EPSG:32633"), project))
    left, top, right, bottom = BLOCKS[0]
    truth = QgsGeometry.fromRect(QgsRectangle(WEST + left, NORTH - bottom, WEST + right, NORTH - top))
    assert shape.symDifference(truth).area() < 0.01 * truth.area()


def test_what_is_wrong_has_its_sentence_and_the_next_click_is_answered(start, model, files, wait):
    from geodistil.jobs.labelling.clicking import set_click_files

    hands = start("segmentation")
    hands.key("K")
    set_click_files(str(files[0]), str(files[0]))
    hands.click((16, 14))
    assert answered(hands, wait) is None
    assert "no prompt decoder that is known here" in hands.dock.click.problem.text()
    hands.key("Escape")
    assert hands.dock.click.problem.text() == ""
    set_click_files(*map(str, files))
    hands.click((16, 14))
    assert answered(hands, wait) == BLOCKS[0]
    hands.click((16, 14), modifier="ShiftModifier")
    assert answered(hands, wait) is None and "finds nothing there" in hands.dock.click.problem.text()
    hands.key("Escape")
    hands.zoom(200, 200, 64)
    hands.click((230, 230))
    assert "not on the raster" in hands.dock.click.problem.text()
    hands.key("Escape")
    hands.zoom(0, 0, 64)
    hands.click((16, 14))
    QgsProject.instance().removeMapLayer(hands.dock.session.raster.id())
    wait(lambda: not hands.dock.clicker.clicking.busy, 60)
    hands.click((16, 14))
    assert "not in the project" in hands.dock.click.problem.text()


def test_cancel_while_the_model_looks_and_a_killed_engine(start, model, wait):
    import os
    import signal

    hands = start("segmentation")
    hands.key("K")
    hands.click((16, 14))
    wait(lambda: hands.dock.click.progress.isVisible(), 60)  # the engine starts
    assert hands.dock.click.progress.text.text() == "Looking at the view…"
    QTest.mouseClick(hands.dock.click.progress.button, Qt.MouseButton.LeftButton)
    assert not tool(hands).busy and not hands.dock.click.progress.isVisible()
    hands.click((44, 14))
    assert answered(hands, wait) == BLOCKS[1]
    os.kill(hands.dock.clicker.clicking.engine.pid, signal.SIGKILL)
    wait(lambda: not hands.dock.clicker.clicking.engine.pid, 30)
    hands.click((16, 14))
    assert answered(hands, wait) == (8, 8, 52, 20)


def test_the_window_goes_on_while_the_model_looks(start, model, wait):
    hands = start("segmentation")
    hands.key("K")
    probe = Probe()
    for place in ((16, 14), (44, 14), (16, 45), (44, 44)):
        hands.click(place)
        probe.turn()
    wait(lambda: not hands.dock.clicker.clicking.busy, 60)
    probe.turn()
    hands.key("Return")
    print(f"longest turn while four clicks are answered: {1000 * probe.busiest:.1f} ms of work")
    assert hands.labels() == [("car", (8, 8, 52, 56))]  # of all four, though the first was still looked at
    assert probe.busiest < STALL_SECONDS


def moved(hands, place):
    """The pointer goes to a place with no button down."""
    here, none = QPointF(hands.pixel(*place)), Qt.MouseButton.NoButton
    QApplication.sendEvent(
        hands.canvas.viewport(), QMouseEvent(QEvent.Type.MouseMove, here, none, none, Qt.KeyboardModifier.NoModifier)
    )


def test_the_pointer_may_wander_while_an_area_is_shown(start, model, wait):
    hands = start("segmentation")
    hands.key("K")
    hands.click((16, 14))
    assert answered(hands, wait) == BLOCKS[0]
    moved(hands, (30, 30))
    assert answered(hands, wait) == BLOCKS[0]
