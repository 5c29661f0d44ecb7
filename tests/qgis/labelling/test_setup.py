"""The windows around the dock, and what the training wizard is told of labels that were made here."""

import pytest
from geodistil.jobs.labelling.link import LabelClass, label_layers, read_link, suggested_sources
from geodistil.ui.labelling.classes import ClassDialog
from geodistil.ui.labelling.dock import LabelDock
from geodistil.ui.labelling.setup import SetupDialog
from geodistil.ui.wizard.wizard import TrainingWizard
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox

from ...desktop.eyes import tab_order
from .conftest import CLASSES


@pytest.fixture
def dialog(project, north):
    made = SetupDialog(project, north)
    made.taken_layers = []
    made.chosen.connect(made.taken_layers.append)
    made.show()
    yield made
    sip.delete(made)


def press(dialog):
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)


def test_a_new_layer_is_made_where_it_is_suggested(dialog, tmp_path):
    dialog.role.setCurrentIndex(1)
    assert dialog.file.filePath() == str(tmp_path / "north_labels_segmentation.gpkg")
    dialog.classes.table.item(0, 1).setText("roof")
    press(dialog)
    (layer,) = dialog.taken_layers
    assert (tmp_path / "north_labels_segmentation.gpkg").is_file() and not dialog.isVisible()
    assert read_link(layer).role == "segmentation" and read_link(layer).names() == ["roof"]


def test_a_path_that_a_person_gave_stays_and_what_is_wrong_is_said(dialog, tmp_path):
    dialog.file.setFilePath("somewhere")
    dialog.role.setCurrentIndex(1)
    press(dialog)
    assert dialog.isVisible() and dialog.problem.text() == "Give the file's whole path."
    dialog.file.setFilePath(str(tmp_path / "mine"))
    press(dialog)
    assert (tmp_path / "mine.gpkg").is_file()


def test_a_layer_of_the_project_brings_its_classes_and_colours(dialog, project, make_boxes):
    layer = make_boxes([(8, 8, 20, 20, "bus"), (8, 40, 20, 50, "car")], "cars")
    project.addMapLayer(layer)
    dialog.taken.setChecked(True)
    dialog.layer.setLayer(layer)
    assert dialog.field.currentField() == "kind"
    assert [each.name for _, each in dialog.classes.classes()] == ["bus", "car"]
    press(dialog)
    assert dialog.taken_layers == [layer] and read_link(layer).field == "kind"


def test_the_dock_opens_the_window_and_takes_what_it_makes(start, project):
    hands = start()
    QTest.mouseClick(hands.dock.new_button, Qt.MouseButton.LeftButton)
    (dialog,) = hands.dock.findChildren(SetupDialog)
    dialog.role.setCurrentIndex(1)
    press(dialog)
    assert hands.layer.name() == "north: labels" and hands.dock.session.link.role == "segmentation"
    assert len(label_layers(project)) == 2 == hands.dock.layers.count()
    assert len(project.mapLayers()) == 5  # the raster, and labels and labelled area twice
    assert hands.dock.drawing.tools["area"].isChecked() and hands.dock.drawing.keep_free.isChecked()


def test_a_dock_without_labels_takes_the_first_that_are_made(window, project, north, make):
    dock = LabelDock(window, project)
    assert dock.session is None and "New…" in dock.note.text() and not dock.drawing.isEnabled()
    layer = make()  # which the dock hears of while it is being made
    assert dock.session.layer is layer and sorted(each.name() for each in project.mapLayers().values()) == [
        "north",
        "north: labelled area",
        "north: labels",
    ]
    dock.stop()


def test_the_class_window_tells_what_each_was_called(qgis_app):
    given = []
    dialog = ClassDialog(CLASSES, given.extend, None)
    dialog.editor.table.item(0, 1).setText("van")
    QTest.mouseClick(dialog.editor.add_button, Qt.MouseButton.LeftButton)
    dialog.editor.table.item(2, 1).setText("van")
    press(dialog)
    assert given == [] and dialog.problem.text() == "Two classes are called van."
    dialog.editor.table.item(2, 1).setText("bus")
    press(dialog)
    assert [(before, each.name) for before, each in given] == [("car", "van"), ("truck", "truck"), ("", "bus")]
    sip.delete(dialog)


def test_the_wizard_offers_what_was_labelled(start, project, north):
    hands = start()
    assert suggested_sources(north.id(), project)[0].role == "unlabelled"  # nothing is drawn yet
    hands.click((10, 10), (20, 20))
    assert suggested_sources(north.id(), project)[0].area == "hull"
    hands.key("Return")
    wizard = TrainingWizard(project)
    wizard.sources.add_rasters([north])
    (source,) = wizard.session.draft.sources
    link = read_link(hands.layer)
    assert (source.role, source.labels, source.field) == ("detection", hands.layer.id(), "class")
    assert (source.area, source.area_layer) == ("layer", link.area)
    wizard.reject()
    sip.delete(wizard)


def test_tab_comes_to_the_classes_before_the_tools_also_when_they_are_others(start, wait):
    dock = start("detection").dock
    dock.show()
    for classes in (["car", "truck"], ["roof", "road", "water"]):
        dock.classes.show_classes(tuple(LabelClass(name, "#e6194b") for name in classes))
        wait(dock.classes.buttons()[-1].isVisible)
        order = tab_order(dock.widget())
        first = order.index(classes[0])
        assert order[first : first + len(classes)] == classes
        assert first < order.index("Box") < order.index("Select")
