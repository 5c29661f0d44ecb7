"""Suggestions that nobody has judged outlive QGIS: closed, killed, with a damaged file, or none that can be written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from geodistil.jobs.labelling.kept import ENDING, place_to_write, places, read
from geodistil.jobs.labelling.layers import Labelling, take_labels
from qgis.core import QgsVectorLayer

from .conftest import CLASSES, NORTH, WEST
from .test_suggestions import FOUND, left, predicted, rectangle, suggest  # noqa: F401 # fixtures

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import json, os, sys
folder, profile, plugins, tests, found = sys.argv[1:]
from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
application = QgsApplication([], True, profile)
application.initQgis()
sys.path[:0] = [plugins, tests]
from pathlib import Path
from qgis.windows import MapWindow
from qgis_waiting import let_qgis_work_until
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from geodistil.ui.labelling.dock import LabelDock
project = QgsProject.instance()
raster = QgsRasterLayer(str(Path(folder) / "north.tif"), "north")
project.addMapLayer(raster)
classes = [LabelClass("car", "#e6194b"), LabelClass("truck", "#4363d8")]
labels = make_labels(raster, Path(folder) / "killed.gpkg", "detection", classes, project)
predictions = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string&field=score:double", "detector", "memory")
for name, score, (left, top, right, bottom) in json.loads(found):
    feature = QgsFeature(predictions.fields())
    box = QgsRectangle(500000 + left, 5000000 - bottom, 500000 + right, 5000000 - top)
    feature.setGeometry(QgsGeometry.fromRect(box))
    feature.setAttributes([name, score])
    predictions.dataProvider().addFeature(feature)
project.addMapLayer(predictions)
window = MapWindow()
window.canvas.setExtent(raster.extent())
dock = LabelDock(window, project)
dock.take(labels)
dock.suggest.score.setValue(0)
dock.suggest.layer_asked.emit(predictions.id())
let_qgis_work_until(lambda: dock.suggest.suggest.isEnabled() and dock.reviewer.suggestions is not None, 30)
suggestions = dock.reviewer.suggestions
layer, by_score = suggestions.layer, {suggestions.get(fid).score: fid for fid in suggestions.open_ids()}
dock.reviewer.judge([by_score[0.9]], True)
dock.session.editor.save()
layer.selectByIds([by_score[0.3]])
dock.reviewer.change_class("truck")
dock.reviewer.judge([by_score[0.3]], False)  # not saved, so it is not decided
layer.startEditing()
layer.changeGeometry(by_score[0.8], QgsGeometry.fromRect(QgsRectangle(500050, 4999940, 500060, 4999950)))
layer.commitChanges()
os.kill(os.getpid(), 9)
"""
MORE = [*FOUND, ("car", 0.8, (50, 10, 54, 12))]


@pytest.fixture
def killed(north, tmp_path):
    """A QGIS that was killed while suggestions were reviewed; the GeoPackage of its labels."""
    arguments = [tmp_path, tmp_path / "profile", ROOT / "build" / "plugins", tmp_path / "helpers", json.dumps(MORE)]
    helpers = tmp_path / "helpers"
    helpers.mkdir()
    (helpers / "map_window.py").write_text((ROOT / "tests" / "qgis" / "windows.py").read_text())
    (helpers / "qgis_waiting.py").write_text((ROOT / "tests" / "qgis" / "waiting.py").read_text())
    script = KILLED.replace("from qgis.windows", "from map_window")
    command = [sys.executable, "-c", script, *map(str, arguments)]
    ended = subprocess.run(command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True)
    assert ended.returncode == -9, ended.stderr.decode()
    return tmp_path / "killed.gpkg"


def opened(path, raster, project):
    """Its labels in a project, as a label layer."""
    labels = QgsVectorLayer(f"{path}|layername=labels", "labels", "ogr")
    project.addMapLayer(labels)
    take_labels(labels, raster, Labelling("detection", "class", CLASSES), project)
    return labels


def back(hands, wait):
    """Waits until what was kept is offered."""
    wait(lambda: hands.dock.suggest.suggest.isEnabled())
    return left(hands) if hands.dock.reviewer.suggestions is not None else []


def kept_file(hands):
    (path, _) = places(hands.layer)
    return path


def test_what_nobody_has_judged_outlives_a_qgis_that_is_killed(killed, north, project, start, wait):
    hands = start(layer=opened(killed, north, project))
    hands.dock.suggest.score.setValue(0)
    assert back(hands, wait) == [
        ("car", (50, 50, 60, 60)),  # moved by hand
        ("truck", (20, 20, 28, 24)),
        ("truck", (40, 40, 44, 42)),  # its class was changed; its rejection was not saved
    ]
    assert hands.labels() == [("car", (10, 10, 14, 12))]  # accepted and saved
    found = hands.dock.reviewer.suggestions
    assert {found.get(fid).score for fid in found.open_ids()} == {0.3, 0.7, 0.8}
    assert {found.get(fid).model for fid in found.open_ids()} == {"detector"}
    assert not list(killed.parent.glob("*.partial"))
    hands.dock.suggest.score.setValue(75)
    assert back(hands, wait) == [("car", (50, 50, 60, 60))]
    hands.dock.suggest.score.setValue(0)
    found.layer.selectAll()
    hands.key("Y")
    assert kept_file(hands).is_file()  # the labels are not saved yet
    hands.dock.session.editor.save()
    assert not kept_file(hands).exists()  # all are decided
    assert len(hands.labels()) == 4 and {each["model"] for each in hands.layer.getFeatures()} == {"detector"}


def test_a_dock_or_layer_that_is_closed_and_opened_again(start, predicted, suggest, wait, project):  # noqa: F811
    hands = start()
    hands.dock.suggest.score.setValue(0)
    suggest(hands, predicted())
    path, before = kept_file(hands), left(hands)
    assert len(read(path).suggestions) == 3 and path.name == f"made.labels{ENDING}"
    labels = hands.layer
    hands.close()
    again = start(layer=labels)  # the suggestions are still in the project
    again.dock.suggest.score.setValue(0)
    assert back(again, wait) == before
    assert len(read(path).suggestions) == 3
    again.key("S")
    again.click((12, 11), button="RightButton")
    again.dock.session.editor.save()
    assert len(read(path).suggestions) == 2
    source, raster = labels.source(), again.dock.session.raster
    project.removeMapLayer(labels.id())
    assert path.is_file() and not project.mapLayersByName("north: labels: suggestions")
    again.close()
    third = start(layer=opened(source.split("|")[0], raster, project))
    third.dock.suggest.score.setValue(0)
    assert back(third, wait) == before[1:]


def test_a_step_back_brings_it_back_and_saving_decides(start, predicted, suggest):  # noqa: F811
    hands = start()
    hands.dock.suggest.score.setValue(0)
    suggest(hands, predicted())
    hands.key("S")
    hands.click((12, 11), button="RightButton")
    hands.key("Z", modifier="ControlModifier")
    hands.dock.session.editor.save()
    assert len(read(kept_file(hands)).suggestions) == 3
    hands.click((12, 11), button="RightButton")
    assert len(read(kept_file(hands)).suggestions) == 3
    hands.dock.session.editor.save()
    assert sorted(one.name for one in read(kept_file(hands)).suggestions) == ["car", "truck"]
    hands.dock.suggest.score.setValue(50)  # those of a lower score are not judged by that
    hands.click((24, 22), button="RightButton")
    hands.dock.session.editor.save()
    assert [one.score for one in read(kept_file(hands)).suggestions] == [0.3]


def test_suggestions_that_are_removed_are_not_kept(start, predicted, suggest, project):  # noqa: F811
    hands = start()
    suggest(hands, predicted())
    path = kept_file(hands)
    hands.dock.suggest.asked.emit("clear")
    assert not path.exists()
    suggest(hands, predicted(name="again"))
    assert path.is_file()
    project.removeMapLayer(hands.dock.reviewer.suggestions.layer.id())
    assert not path.exists()


@pytest.mark.parametrize("damage", ["rubbish", "head", "empty"])
def test_a_damaged_file_is_a_sentence_and_costs_no_label(start, make, wait, tmp_path, damage, project):
    labels = make()
    labels.startEditing()
    content = {"rubbish": b"\xff\x00 no json\n", "head": b'{"suggestions": 99, "crs": 3}\n', "empty": b"\n\n"}[damage]
    path = tmp_path / f"made.labels{ENDING}"
    path.write_bytes(content)
    hands = start(layer=labels)
    assert back(hands, wait) == [] and str(path) in hands.dock.suggest.problem.text()
    assert "have the model suggest again" in hands.dock.suggest.problem.text()
    assert not path.exists() and path.with_name(path.name + ".damaged").read_bytes() == content
    hands.click((10, 10), (20, 20))
    assert len(hands.labels()) == 1


def test_damaged_lines_are_counted_and_the_others_offered(start, make, wait, tmp_path):
    wkt = rectangle(10, 10, 14, 12).asWkt()
    good = {"id": 1, "class": "car", "score": 0.9, "model": "m", "shape": wkt}
    bad = [
        {**good, "id": "2"}, {**good, "score": 2}, {**good, "score": True}, {**good, "shape": "Point (1 2)"},
        {**good, "shape": "Polygon ((nan 1, 2 2, 3 1, nan 1))"}, {**good, "class": 3}, {"id": 4}, [], 7,
    ]  # fmt: skip
    lines = [{"suggestions": 1, "crs": "EPSG:32633"}, good, *bad, {"gone": ["x", [], 77]}, {**good, "id": 3}]
    path = tmp_path / f"made.labels{ENDING}"
    path.write_text("\n".join(map(json.dumps, lines)) + '\n{"id": 5, "class": "ca')  # torn by a kill
    hands = start(layer=make())
    assert back(hands, wait) == [("car", (10, 10, 14, 12))] * 2
    assert hands.dock.suggest.problem.text().startswith("10 suggestions kept in")
    assert len(read(path).suggestions) == 2 and read(path).damaged == 0


def test_where_nothing_can_be_written_beside_the_labels_the_profile_is_the_place(qgis_app):
    from qgis.core import QgsApplication

    labels = QgsVectorLayer("/proc/nothing.gpkg|layername=labels", "labels", "ogr")
    path = place_to_write(labels)
    assert Path(QgsApplication.qgisSettingsDirPath()) in path.parents and path == places(labels)[-1]
    assert places(QgsVectorLayer("Polygon?crs=EPSG:32633", "m", "memory")) == []


def test_a_disk_that_takes_nothing_is_said_once_and_reviewing_goes_on(start, predicted, suggest, tmp_path):  # noqa: F811
    hands = start()
    (tmp_path / f"made.labels{ENDING}").mkdir()  # which no file can be
    suggest(hands, predicted())
    assert "are not kept on the disk any more" in hands.dock.suggest.problem.text()
    assert len(left(hands)) == 2


def test_north_is_where_it_was():
    assert (WEST, NORTH) == (500000, 5000000)  # as the killed QGIS has it
