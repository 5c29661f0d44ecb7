"""The labelled area, the walk, and what becomes of both when layers go or QGIS is killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from geodistil.jobs.labelling.link import LabelClass, read_link
from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from .conftest import NORTH, WEST

ROOT = Path(__file__).resolve().parents[3]


def view(hands):
    extent = hands.canvas.extent()
    return extent.xMinimum() - WEST, NORTH - extent.yMaximum(), extent.xMaximum() - WEST, NORTH - extent.yMinimum()


def test_enter_saves_the_labels_and_the_view_is_complete(start, read, tmp_path):
    hands = start()
    hands.zoom(10, 10, 20)
    hands.click((12, 12), (18, 16))
    assert read(tmp_path / "made.gpkg").labels == []
    hands.key("Return")
    left, top, right, bottom = view(hands)
    found = read(tmp_path / "made.gpkg")
    assert [each[:2] for each in found.labels] == [("car", "hand")]
    seen = QgsRectangle(WEST + left, NORTH - bottom, WEST + right, NORTH - top).intersect(
        hands.dock.session.raster.extent()
    )
    assert found.complete == pytest.approx(seen.area(), rel=1e-6)
    assert hands.dock.area.share.value() == round(1000 * seen.area() / 64**2)
    hands.click((12, 20), (18, 24))  # and one may go on
    assert len(hands.labels()) == 2


def test_a_view_is_complete_after_all_was_taken_back_and_one_may_go_on(start, read, tmp_path):
    hands = start()
    hands.click((12, 12), (18, 16))
    hands.key("Z", modifier="ControlModifier")
    hands.key("Return")
    assert not hands.dock.problem.text() and read(tmp_path / "made.gpkg").complete == pytest.approx(64**2)
    hands.click((12, 20), (18, 24))
    assert len(hands.labels()) == 1 and not hands.dock.problem.text()


def test_the_button_does_the_same(start, read, tmp_path):
    hands = start()
    hands.click((12, 12), (18, 16))
    QTest.mouseClick(hands.dock.area.button, Qt.MouseButton.LeftButton)
    assert read(tmp_path / "made.gpkg").complete == pytest.approx(64**2)
    assert hands.dock.area.share.text() == "100.0 % complete"


def test_walking_the_grid_shows_each_cell_once_and_enter_goes_on(start, read, tmp_path):
    hands = start()
    hands.dock.walk.side.setValue(64)  # 32 m
    hands.key("N")
    assert hands.dock.walk.words.text() == "Cell 1 of 4"
    assert hands.dock.area.button.text() == "This cell is complete (Enter)"
    seen = []
    for _ in range(4):
        left, top, right, bottom = view(hands)
        seen.append((round((left + right) / 2), round((top + bottom) / 2)))
        hands.key("Return")
    assert seen == [(16, 16), (48, 16), (48, 48), (16, 48)]
    assert hands.dock.walk.words.text() == "All cells are complete."
    assert read(tmp_path / "made.gpkg").complete == pytest.approx(64**2)


def test_complete_cells_are_passed_by_unless_asked_and_the_way_back_is_open(start):
    hands = start()
    hands.dock.walk.side.setValue(64)
    hands.zoom(30, 0, 34)
    hands.dock.session.complete(
        QgsGeometry.fromRect(QgsRectangle(WEST + 32, NORTH - 32, WEST + 64, NORTH)), hands.layer.crs()
    )
    hands.key("N", "N")
    assert hands.dock.walk.words.text() == "Cell 3 of 4"
    hands.dock.walk.skip.setChecked(False)
    hands.key("P")
    assert hands.dock.walk.words.text() == "Cell 2 of 4"


def test_a_person_who_went_elsewhere_completes_what_they_see(start):
    hands = start()
    hands.dock.walk.side.setValue(64)
    hands.key("N")
    hands.zoom(50, 50, 6)
    assert hands.dock.area.button.text() == "This view is complete (Enter)"
    hands.key("Return")
    assert 0 < hands.dock.session.completeness.share < 0.1


def test_where_to_label_next_is_walked_by_rank(start, project):
    ranked = QgsVectorLayer("Polygon?crs=EPSG:32633&field=rank:integer", "label here next", "memory")
    for rank, left in ((2, 0), (1, 40)):
        feature = QgsFeature(ranked.fields())
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(WEST + left, NORTH - 10, WEST + left + 10, NORTH)))
        feature["rank"] = rank
        ranked.dataProvider().addFeature(feature)
    ranked.updateExtents()
    hands = start()
    project.addMapLayer(ranked)
    walk = hands.dock.walk
    walk.source.setCurrentIndex(walk.source.findData(ranked.id()))
    assert not walk.side.isVisible()
    places = []
    for _ in range(2):
        hands.key("N")
        left, _, right, _ = view(hands)
        places.append(round((left + right) / 2))
    assert places == [45, 5]


KILLED = """
import os, sys
from qgis.core import QgsApplication, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle
application = QgsApplication([], True, sys.argv[2])
application.initQgis()
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from geodistil.jobs.labelling.session import LabelSession
folder = Path(sys.argv[1])
raster = QgsRasterLayer(str(folder / "north.tif"), "north")
QgsProject.instance().addMapLayer(raster)
layer = make_labels(raster, folder / "killed.gpkg", "detection", [LabelClass("car", "#ff0000")], QgsProject.instance())
session = LabelSession(layer, QgsProject.instance())
session.load_area()
box = QgsGeometry.fromRect(QgsRectangle(500001, 4999990, 500005, 4999995))
session.editor.add(box, "car")
session.complete(QgsGeometry.fromRect(QgsRectangle(500000, 4999980, 500020, 5000000)), raster.crs())
session.editor.add(box, "car")  # of the next cell, which is lost
os.kill(os.getpid(), 9)
"""


def test_a_complete_cell_outlives_a_qgis_that_is_killed(north, read, tmp_path):
    arguments = [
        sys.executable,
        "-c",
        KILLED,
        str(tmp_path),
        str(tmp_path / "profile"),
        str(ROOT / "build" / "plugins"),
    ]
    ended = subprocess.run(arguments, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True)
    assert ended.returncode == -9, ended.stderr
    found = read(tmp_path / "killed.gpkg")
    assert len(found.labels) == 1 and found.complete == pytest.approx(400)


def test_a_layer_that_is_removed_while_labelling_has_its_sentence(start, project):
    hands = start()
    hands.click((10, 10))
    project.removeMapLayer(hands.layer.id())
    assert "north: labels was removed from the project" in hands.dock.problem.text()
    hands.click((20, 20))
    hands.key("Return", "2", "N")  # which mean nothing now
    assert not hands.dock.drawing.isEnabled() and hands.dock.layers.count() == 0


def test_a_layer_that_is_renamed_goes_on_under_its_new_name(start, wait):
    hands = start()
    hands.layer.setName("cars of the north")
    wait(lambda: hands.dock.layers.currentText() == "cars of the north")
    hands.click((10, 10), (20, 20))
    assert len(hands.labels()) == 1


def test_a_file_that_was_moved_away_has_its_sentence(start, tmp_path):
    hands = start()
    (tmp_path / "made.gpkg").rename(tmp_path / "moved.gpkg")
    hands.click((10, 10), (20, 20))
    assert "cannot be opened any more" in hands.dock.problem.text() and hands.labels() == []


def test_a_layer_that_becomes_read_only_has_its_sentence(start, wait):
    hands = start()
    hands.layer.setReadOnly(True)
    wait(lambda: "is read-only" in hands.dock.problem.text())
    assert not hands.dock.drawing.isEnabled()
    hands.layer.setReadOnly(False)
    wait(lambda: not hands.dock.problem.text() and hands.dock.drawing.isEnabled())


def test_a_view_beside_the_raster_is_refused(start):
    hands = start()
    hands.zoom(500, 500, 20)
    hands.key("Return")
    assert "shows nothing of the raster" in hands.dock.problem.text()


def test_classes_are_renamed_with_their_labels_and_do_not_go_with_them(start, wait):
    hands = start()
    hands.click((10, 10), (20, 20))
    session = hands.dock.session
    wait(lambda: session.counts["car"] == 1)
    from geodistil.jobs.errors import GeoDistilError

    with pytest.raises(GeoDistilError, match="class car has labels"):
        session.set_classes([("truck", LabelClass("truck", "#4363d8"))])
    session.set_classes([("car", LabelClass("auto's", "#00ff00")), ("truck", LabelClass("truck", "#4363d8"))])
    assert hands.labels() == [("auto's", (10, 10, 20, 20))]
    assert read_link(hands.layer).names() == ["auto's", "truck"]
    assert [each.text().split()[1] for each in hands.dock.classes.buttons()] == ["auto's", "truck"]
    hands.key("Z", modifier="ControlModifier")
    wait(lambda: read_link(hands.layer).names() == ["auto's", "truck", "car"])  # the old name is back, and has its key


def test_a_labelled_area_that_is_edited_by_hand_or_removed_is_looked_at_again(start, project, wait, read, tmp_path):
    hands = start()
    hands.key("Return")
    assert hands.dock.area.share.text() == "100.0 % complete"
    area = hands.dock.session.completeness.area
    area.startEditing()
    area.deleteFeatures(area.allFeatureIds())
    area.commitChanges()
    wait(lambda: hands.dock.area.share.text() == "0.0 % complete")
    project.removeMapLayer(area.id())
    hands.click((10, 10), (20, 20))
    hands.key("Return")
    found = read(tmp_path / "made.gpkg")
    assert found.complete == pytest.approx(64**2) and len(found.labels) == 1 and not hands.dock.problem.text()
