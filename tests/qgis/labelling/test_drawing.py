"""Labels drawn with the mouse and with keys, through the real map tools; outcomes by geometry and attributes."""

import sqlite3

import pytest
from geodistil.jobs.labelling.layers import Labelling, take_labels
from geodistil.jobs.labelling.link import LabelClass, suggested_sources
from qgis.core import QgsCoordinateTransform, QgsGeometry, QgsPointXY, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from .conftest import CLASSES, NORTH, WEST


def counts(hands):
    return [label.text() for label in hands.dock.classes._counts]


def shape(hands, place=0):
    return list(hands.layer.getFeatures())[place].geometry()


def test_a_box_by_two_clicks_and_one_by_a_drag(start, wait):
    hands = start()
    hands.click((10, 10), (20, 16))
    hands.key("2")
    hands.drag((30, 30), (35, 35), (40, 38))
    assert hands.labels() == [("car", (10, 10, 20, 16)), ("truck", (30, 30, 40, 38))]
    made = list(hands.layer.getFeatures())
    assert {each["origin"] for each in made} == {"hand"} and all(each["made_at"].isValid() for each in made)
    wait(lambda: counts(hands) == ["1", "1"])


def test_a_double_click_leaves_no_label_behind(start):
    hands = start()
    hands.click((10, 10), (10, 10))
    assert hands.labels() == []
    hands.click((20, 20))
    assert hands.labels() == [("car", (10, 10, 20, 20))]


def test_escape_and_the_right_button_give_a_shape_up(start):
    hands = start()
    hands.click((10, 10))
    hands.key("Escape")
    hands.click((20, 20))
    hands.click((25, 25), button="RightButton")
    hands.click((30, 30), (40, 40))
    assert hands.labels() == [("car", (30, 30, 40, 40))]


def test_a_box_turned_to_its_object(start):
    hands = start()
    hands.key("R")
    hands.click((10, 30), (30, 10), (35, 15))
    drawn = shape(hands)
    wanted = QgsGeometry.fromWkt(
        f"Polygon(({WEST + 10} {NORTH - 30}, {WEST + 30} {NORTH - 10}, {WEST + 35} {NORTH - 15}, "
        f"{WEST + 15} {NORTH - 35}, {WEST + 10} {NORTH - 30}))"
    )
    assert drawn.symDifference(wanted).area() < 0.03 * wanted.area()


@pytest.mark.parametrize("ends", ["RightButton", "Return"])
def test_an_area_corner_by_corner(start, ends):
    hands = start("segmentation")
    hands.click((10, 10), (30, 10), (50, 50))
    hands.key("Backspace")
    hands.click((30, 20))
    if ends == "Return":
        hands.key(ends)
    else:
        hands.click((5, 5), button=ends)
    assert hands.labels() == [("car", (10, 10, 30, 20))]
    assert shape(hands).area() == pytest.approx(100, rel=0.03)
    assert hands.dock.session.completeness.share == 0  # Enter ended the area and said nothing else


def test_an_area_freehand(start):
    hands = start("segmentation")
    hands.drag((10, 10), (20, 10), (30, 10), (30, 20), (30, 30), (20, 30), (10, 30))
    assert hands.labels() == [("car", (10, 10, 30, 30))]
    assert shape(hands).area() == pytest.approx(400, rel=0.03)


def test_new_areas_keep_off_old_ones_unless_asked(start):
    hands = start("segmentation")
    hands.key("B")
    hands.click((10, 10), (30, 30))
    hands.key("2")
    hands.click((20, 10), (40, 30))
    first, second = shape(hands, 0), shape(hands, 1)
    assert first.intersection(second).area() < 1e-6 and second.area() == pytest.approx(200, rel=0.02)
    hands.click((12, 12), (20, 20))
    assert "all of it has labels already" in hands.dock.problem.text() and len(hands.labels()) == 2
    hands.dock.drawing.keep_free.setChecked(False)
    hands.click((12, 12), (20, 20))
    assert len(hands.labels()) == 3 and hands.dock.problem.text() == ""


def test_boxes_may_overlap_from_the_start(start):
    hands = start()
    hands.click((10, 10), (30, 30), (12, 12), (20, 20))
    assert len(hands.labels()) == 2


def test_points_and_copies(start):
    hands = start()
    hands.dock.drawing.size.setValue(6)
    hands.key("O")
    hands.click((20, 20))
    assert shape(hands).area() == pytest.approx(36, rel=1e-3)  # ground metres; the CRS has 0.9996 of them
    hands.key("B")
    hands.click((30, 30), (40, 34))
    hands.key("C")
    hands.click((50, 50), (50, 60))
    wanted = [(17, 17, 23, 23), (30, 30, 40, 34), (45, 48, 55, 52), (45, 58, 55, 62)]
    assert [extent for _, extent in hands.labels()] == wanted
    first = min(hands.layer.allFeatureIds(), key=lambda each: hands.layer.getGeometry(each).area())
    hands.layer.selectByIds([first])
    hands.key("C")  # now the selected one is copied
    hands.click((10, 50))
    assert ("car", (7, 47, 13, 53)) in hands.labels()


def test_undo_and_redo_are_steps_of_the_layers_own_edit_buffer(start, wait):
    hands = start()
    hands.click((10, 10), (20, 20), (30, 30), (40, 40))
    hands.key("Z", modifier="ControlModifier")
    assert hands.labels() == [("car", (10, 10, 20, 20))]
    wait(lambda: counts(hands) == ["1", "0"])
    wait(lambda: hands.dock.drawing.commands["redo"].isEnabled())
    QTest.mouseClick(hands.dock.drawing.commands["redo"], Qt.MouseButton.LeftButton)
    assert len(hands.labels()) == 2 and hands.layer.undoStack().count() == 2
    wait(lambda: counts(hands) == ["2", "0"])


def test_selected_labels_change_their_class_and_are_deleted(start, wait):
    hands = start()
    hands.click((10, 10), (40, 40), (20, 20), (24, 24), (50, 50), (60, 60))
    hands.key("S")
    hands.click((22, 22))  # the smaller of two
    hands.key("2")
    assert ("truck", (20, 20, 24, 24)) in hands.labels()
    hands.click((55, 55), modifier="ShiftModifier")
    assert hands.layer.selectedFeatureCount() == 2
    QTest.mouseClick(hands.dock.classes.buttons()[1], Qt.MouseButton.LeftButton)
    assert [name for name, _ in hands.labels()] == ["car", "truck", "truck"]
    wait(lambda: counts(hands) == ["1", "2"])
    hands.key("Delete")
    assert hands.labels() == [("car", (10, 10, 40, 40))]
    hands.drag((5, 5), (30, 30), (45, 45))
    assert hands.layer.selectedFeatureCount() == 1
    hands.key("B")
    assert hands.layer.selectedFeatureCount() == 0


def test_keys_alone_draw_a_box(start):
    """Control and arrows lead a pointer, Space clicks."""
    hands = start()
    middle = hands.canvas.rect().center()
    hands.key("B")
    hands.key("Right", modifier="ControlModifier")  # it comes up in the middle
    hands.key("Space")
    hands.key(*["Right"] * 4, *["Down"] * 3, modifier="ControlModifier")
    hands.key("Space")
    place = hands.canvas.getCoordinateTransform().toMapCoordinates
    corner = place(middle.x() + 40, middle.y() + 30)
    wanted = QgsGeometry.fromRect(QgsRectangle(place(middle.x(), middle.y()), corner))
    assert shape(hands).symDifference(wanted).area() < 0.01 * wanted.area()


def test_keys_never_steal_typing(start):
    hands = start()
    line = hands.dock.drawing.size.lineEdit()
    line.setFocus()
    line.selectAll()
    hands.key("2", "Period", "5", "Return", widget=line)
    assert hands.dock.drawing.size.value() == 2.5
    assert hands.dock.classes.current == "car" and hands.dock.session.completeness.share == 0
    hands.dock.hide()
    hands.canvas.setFocus()
    hands.key("2")
    assert hands.dock.classes.current == "car"


def test_labels_are_drawn_in_the_layers_own_crs(start, project, make_boxes, north):
    layer = make_boxes([], crs="EPSG:3857")
    project.addMapLayer(layer)
    take_labels(layer, north, Labelling("detection", "kind", CLASSES), project)
    hands = start(layer=layer)
    hands.click((10, 10), (30, 30))
    (drawn,) = layer.getFeatures()
    back = drawn.geometry()
    back.transform(QgsCoordinateTransform(layer.crs(), north.crs(), project))
    assert back.centroid().asPoint().distance(QgsGeometry.fromWkt(f"Point({WEST + 20} {NORTH - 20})").asPoint()) < 0.3
    assert "EPSG:3857" in hands.dock.note.text() and drawn["kind"] == "car"


def test_points_and_numbered_classes_are_written_as_the_layer_has_them(start, project, north):
    layer = QgsVectorLayer("Point?crs=EPSG:32633&field=kind:integer", "trees", "memory")
    project.addMapLayer(layer)
    take_labels(
        layer, north, Labelling("detection", "kind", [LabelClass("7", "#ff0000"), LabelClass("12", "#00ff00")]), project
    )
    hands = start(layer=layer)
    hands.key("O", "2")
    hands.click((20, 20))
    (drawn,) = layer.getFeatures()
    assert drawn["kind"] == 12 and drawn.geometry().asPoint().distance(QgsPointXY(WEST + 20, NORTH - 20)) < 0.2
    hands.dock.drawing.size.setValue(3)
    hands.key("Return")
    (source,) = suggested_sources(north.id(), project)
    assert (source.labels, source.field, source.box_size, source.area) == (layer.id(), "kind", 3, "layer")


def test_a_file_that_another_program_has_locked_keeps_the_edits_and_has_its_sentence(start, tmp_path, read):
    hands = start()
    hands.click((10, 10), (20, 20))
    other = sqlite3.connect(tmp_path / "made.gpkg", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hands.key("Return")
    assert (
        "Another program is writing to the file of the layer north: labels" in hands.dock.problem.text()
        and len(hands.labels()) == 1
    )
    other.execute("ROLLBACK")
    other.close()
    hands.key("Return")
    assert len(read(tmp_path / "made.gpkg").labels) == 1 and not hands.dock.problem.text()
